"""What somebody waits for at the screen: a day's agenda, one score, and why it moved."""

from __future__ import annotations

import shutil
from datetime import timedelta
from itertools import islice

from benchmarks import shop
from benchmarks.measuring import Result, Setting, connect, median_of, the_firm
from benchmarks.scores import totals

_CONTACTS = 100
_ASKED = 50
_SINCE = shop.END - timedelta(days=90)


def run(setting: Setting) -> list[Result]:
    """Ask for the agenda after an advance, and about some customers one by one."""
    day = shop.END.date()
    with the_firm(setting):
        advanced = setting.folder / "advanced.db"
        shutil.copyfile(setting.database, advanced)
    with connect(advanced) as crm:
        crm.lifecycle.advance()
        base = median_of(1, lambda: totals(crm))
        agenda = median_of(5, lambda: crm.care.agenda(day, limit=_CONTACTS))
        some = [score.customer_id for score in islice(crm.value.scores(), _ASKED)]
        score = median_of(3, lambda: [crm.value.score(one).total for one in some]) / _ASKED
        explain = median_of(3, lambda: [crm.value.explain(one, _SINCE) for one in some]) / _ASKED
    advanced.unlink()
    everybody = f"scores of {setting.customers:,} customers"
    return [
        Result(
            what=f"agenda: {_CONTACTS} of {setting.customers:,} customers",
            took=agenda,
            against=everybody,
            base=base,
        ),
        Result(what="score of one customer", took=score, against=everybody, base=base),
        Result(
            what="explain a quarter of one customer",
            took=explain,
            against="score of one customer",
            base=score,
        ),
    ]
