"""What reads everybody twice, or writes about everybody: beside reading everybody's score once."""

from __future__ import annotations

import shutil
from datetime import timedelta

from benchmarks import shop
from benchmarks.measuring import Result, Setting, connect, median_of, the_firm, timed
from benchmarks.scores import totals

_SINCE = shop.END - timedelta(days=30)


def run(setting: Setting) -> list[Result]:
    """Look for the movers of a month, rank everybody, and advance the lifecycle twice."""
    everybody = f"of {setting.customers:,} customers"
    with the_firm(setting) as crm:
        base = median_of(3, lambda: totals(crm))
        took = {
            f"movers of a month {everybody}": timed(lambda: len(crm.value.movers(_SINCE)))[0],
            f"pyramid {everybody}": timed(crm.value.pyramid)[0],
        }
    advanced = setting.folder / "advanced.db"  # the firm's own database stays as it is
    shutil.copyfile(setting.database, advanced)
    with connect(advanced) as crm:
        took[f"first advance {everybody}"] = timed(crm.lifecycle.advance)[0]
        took[f"advance, nothing having happened, {everybody}"] = timed(crm.lifecycle.advance)[0]
    advanced.unlink()
    return [
        Result(what=what, took=seconds, against="their scores", base=base)
        for what, seconds in took.items()
    ]
