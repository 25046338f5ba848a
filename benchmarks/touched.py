"""A thousand new touchpoints and their customers' new scores, in ever larger firms.

What happens to a few must not cost more because there are many others: the ratio of a firm to the
smallest one should stay near 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

import attrs

from benchmarks import shop
from benchmarks.measuring import Result, Setting, the_firm, timed
from crmkit import CRM

_NEW = 1_000
_TIMES = 5
_EACH = 3  # touchpoints a customer beforehand: only how many customers there are shall differ


def run(setting: Setting) -> list[Result]:
    """Measure firms of a tenth, of the given size, and of ten times as many customers."""
    sizes = [setting.customers // 10, setting.customers]
    if setting.full:
        sizes.append(setting.customers * 10)
    found: list[Result] = []
    for customers in sizes:
        firm = attrs.evolve(setting, customers=customers, touchpoints=customers * _EACH, seed=7)
        firm.database.unlink(missing_ok=True)  # each run must find it as it was captured
        took = _touch(firm)
        what = f"{_NEW:,} touchpoints and scores among {customers:,} customers"
        if found:
            found.append(
                Result(what=what, took=took, against=f"among {sizes[0]:,}", base=found[0].took)
            )
        else:
            found.append(Result(what=what, took=took))
    return found


def _touch(firm: Setting) -> float:
    with the_firm(firm) as crm:
        seeds = count(100)
        return median(_once(crm, firm, next(seeds)) for _ in range(_TIMES))


def _once(crm: CRM, firm: Setting, seed: int) -> float:
    start = shop.END - timedelta(days=1)
    news = list(_news(firm, seed, start))
    known = {record["customer"]["member"] for record in news}
    ids = [found.id for member in sorted(known) if (found := crm.customers.find(member=member))]

    def work() -> float:
        report = crm.capture(news, shop.SOURCE)
        if report.new != len(news):
            message = f"{report.new} of {len(news)} were new: {report.rejected[:3]}"
            raise RuntimeError(message)
        return sum(score.total for score in crm.value.scores(ids))

    return timed(work)[0]


def _news(firm: Setting, seed: int, start: Any) -> Iterator[dict[str, Any]]:
    """Give what happens on the last day, to customers who are known already."""
    return shop.touchpoints(firm.customers, _NEW, seed, start, shop.END)
