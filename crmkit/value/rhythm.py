"""A customer's own rhythm, and what of a fall it does not explain.

Time passing is not news: an indicator's fading counts only once the time since its last touchpoint
exceeds 1.5 times the customer's own median gap between purchase days.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise
from math import inf
from statistics import median
from typing import TypeAlias

from crmkit.clock import DAY
from crmkit.value.layout import Layout, Slots
from crmkit.value.seen import TAG_MASK, newest_seen
from crmkit.value.state import NEVER, State

PATIENCE = 1.5
"""Median gaps that may pass before silence counts."""
LEAST_GAPS = 3

Faded: TypeAlias = "array[float]"
"""Of each indicator that time alone moved, one after the other: how long its newest touchpoint
lies back, in microseconds, and what it lost (below 0) or won, in points of the total."""


def own_gap(state: State, at: int) -> float | None:
    """Give the median gap between purchase days up to `at`, in days; None below three gaps."""
    days = state.purchase_days(at)
    if len(days) <= LEAST_GAPS:
        return None
    return float(median(after - before for before, after in pairwise(days)))


def last_touch(layout: Layout, slots: Slots, state: State) -> int:
    """Give the instant of the newest touchpoint that an indicator counts, or `NEVER`."""
    if slots.indicator.within:
        return NEVER
    if slots.tag >= 0:
        seen = newest_seen(state.seen).items()
        return max((at for key, at in seen if key & TAG_MASK == slots.tag), default=NEVER)
    place, least = slots.any
    newest = NEVER
    if state.sums[place] > least:
        newest = int(state.sums[slots.last if slots.last >= 0 else slots.ref])
    for code, (*_, last) in state.money.get(slots.a, {}).items():
        if layout.model.rate(code) is not None:
            newest = max(newest, int(last))
    return newest


def faded(layout: Layout, state: State, lost: Sequence[float], at: int) -> Faded:
    """Put how long each indicator is silent at `at` beside what time alone took from it."""
    return array(
        "d",
        [
            number
            for slots, points in zip(layout.slots, lost, strict=True)
            if points
            for number in (at - last_touch(layout, slots, state), points)
        ],
    )


def unexpected(delta: float, fading: Faded, gap: float | None) -> float:
    """Give a change without the fading that the customer's rhythm explains.

    Args:
        delta: The whole change, in points.
        fading: What of it time alone brought.
        gap: Median gap in days; None: no rhythm is known, and all of it counts.
    """
    return delta if gap is None else delta - _explained(fading, PATIENCE * gap * DAY)


def all_unexpected(delta: float, fading: Faded) -> list[float]:
    """Give all that `unexpected` may come to, whatever the gap; without one first."""
    return [delta - _explained(fading, patience) for patience in sorted({-inf, *fading[::2]})]


def _explained(fading: Faded, patience: float) -> float:
    """Give the part of the fading that so many microseconds of silence explain."""
    pairs = zip(fading[::2], fading[1::2], strict=True)
    return sum(points for silent, points in pairs if silent <= patience)
