"""The same firm ten times and a hundred times as large: what grows with it, and what must not.

Whatever concerns everybody may take ten times as long for ten times as many customers; whatever
concerns one customer, or the hundred of a day's agenda, should take as long as before. Capture runs
in one process and what is asked in another, so that the memory of each is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import attrs

from benchmarks import shop
from benchmarks.measuring import Result, Setting, capture_firm, connect, median_of, peak, timed
from benchmarks.scores import totals
from crmkit import CRM

EACH = 20
"""Touchpoints a customer."""
_CONTACTS = 100
_ASKED = 100
_SINCE = shop.END - timedelta(days=30)
_EVERYBODY = ("capture", "capture (processor)", "scores", "advance", "movers of a month")
_ONE = ("agenda of 100", "score of one", "explain of one", "capture of one")
_MEMORY = ("peak memory of capture", "peak memory of asking")


def run(setting: Setting) -> list[Result]:
    """Measure firms of a tenth, of the given size, and of ten times as many customers."""
    sizes = [setting.customers // 10, setting.customers]
    if setting.full:
        sizes.append(setting.customers * 10)
    found: list[Result] = []
    smallest: dict[str, float] = {}
    for customers in sizes:
        # A firm of its own: what is asked writes tiers, and captures a little.
        firm = attrs.evolve(
            setting, customers=customers, touchpoints=customers * EACH, seed=setting.seed + 20
        )
        took = _measured("capture", firm) | _measured("ask", firm)
        smallest = smallest or took
        found += [
            Result(
                what=f"{what}, {customers:,} customers x {EACH}",
                took=took[what],
                against="" if took is smallest else f"{sizes[0]:,} customers",
                base=None if took is smallest else smallest[what],
                unit="B" if what in _MEMORY else "s",
            )
            for what in (*_EVERYBODY, *_ONE, *_MEMORY)
            if what in took
        ]
    return found


def _measured(stage: str, firm: Setting) -> dict[str, float]:
    arguments = map(str, (firm.folder, firm.customers, firm.touchpoints, firm.seed))
    command = [sys.executable, "-m", "benchmarks.growth", stage, *arguments]
    return dict(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def _capture(firm: Setting) -> dict[str, float]:
    """Capture the firm, unless its database is there already: then nothing is known of it."""
    if firm.database.exists():
        return {}
    made_up, _ = timed(
        lambda: sum(1 for _ in shop.touchpoints(firm.customers, firm.touchpoints, firm.seed))
    )
    started = process_time()
    took = capture_firm(firm)
    busy = process_time() - started
    return {
        "capture": took - made_up,
        "capture (processor)": busy - made_up,
        "peak memory of capture": peak(),
    }


def _ask(firm: Setting) -> dict[str, float]:
    """Advance the firm once, then ask about everybody and about some, one by one."""
    took: dict[str, float] = {}
    with connect(firm.database) as crm:
        took["scores"] = timed(lambda: len(totals(crm)))[0]
        took["advance"] = timed(crm.lifecycle.advance)[0]
        took["movers of a month"] = timed(lambda: len(crm.value.movers(_SINCE)))[0]
        day = shop.END.date()
        took["agenda of 100"] = median_of(3, lambda: crm.care.agenda(day, limit=_CONTACTS))
        some = [score.customer_id for score in islice(crm.value.scores(), _ASKED)]
        took["score of one"] = _each(some, lambda one: crm.value.score(one).total)
        took["explain of one"] = _each(some, lambda one: crm.value.explain(one, _SINCE))
        took["capture of one"] = _capture_each(crm, firm)
    took["peak memory of asking"] = peak()
    return took


def _each(some: list[str], work: Callable[[str], Any]) -> float:
    """Give the median seconds of asking about one of them."""
    return median(timed(lambda one=one: work(one))[0] for one in some)  # type: ignore[misc]


def _capture_each(crm: CRM, firm: Setting) -> float:
    """Capture some touchpoints of the last day one by one; give the median seconds."""
    start = shop.END - timedelta(days=1)
    seed = next(seed for seed in count(1000) if _is_new(crm, seed))
    news = list(shop.touchpoints(firm.customers, _ASKED, seed, start, shop.END))
    return median(timed(lambda one=one: crm.capture([one], shop.SOURCE))[0] for one in news)  # type: ignore[misc]


def _is_new(crm: CRM, seed: int) -> bool:
    """Tell whether the firm has not heard of this seed's first touchpoint: a database is kept."""
    first = next(shop.touchpoints(10, 1, seed))
    found = crm.customers.find(**first["customer"])
    held = crm.touchpoints.of(found.id) if found is not None else ()
    return all(touchpoint.id != first["id"] for touchpoint in held)


if __name__ == "__main__":
    stage, folder, *numbers = sys.argv[1:]
    customers, touchpoints, seed = map(int, numbers)
    firm = Setting(folder=Path(folder), customers=customers, touchpoints=touchpoints, seed=seed)
    print(json.dumps({"capture": _capture, "ask": _ask}[stage](firm)))
