"""A customer's own rhythm, and what of a fall it does not explain.

Time passing is not news: an indicator's fading counts only once the time since its last touchpoint
exceeds 1.5 times the customer's own median gap between purchase days.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby, pairwise
from statistics import median

from crmkit.clock import DAY
from crmkit.value.layout import Layout, Slots
from crmkit.value.seen import TAG_MASK, newest_seen
from crmkit.value.state import NEVER, State

PATIENCE = 1.5
"""Median gaps that may pass before silence counts."""
LEAST_GAPS = 3


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


def silences(layout: Layout, state: State, at: int) -> dict[str, int]:
    """Give how long each indicator's newest touchpoint lies back at `at`, in microseconds."""
    return {slots.indicator.name: at - last_touch(layout, slots, state) for slots in layout.slots}


def unexplained(fading: Mapping[str, float], silent: Mapping[str, int], gap: float | None) -> float:
    """Give the part of the fading that the customer's rhythm does not explain.

    Args:
        fading: What each indicator lost (or won) by time alone, in points of the total.
        silent: How long each indicator's newest touchpoint lies back, in microseconds.
        gap: Median gap in days; None: no rhythm is known, and all of it counts.
    """
    if gap is None:
        return sum(fading.values())
    patience = PATIENCE * gap * DAY
    return sum(lost for name, lost in fading.items() if silent[name] > patience)


def unexpected(
    delta: float, fading: Mapping[str, float], silent: Mapping[str, int], gap: float | None
) -> float:
    """Give a change without the fading that the customer's rhythm explains; see `unexplained`."""
    return delta - sum(fading.values()) + unexplained(fading, silent, gap)


def least_unexplained(fading: Mapping[str, float], silent: Mapping[str, int]) -> float:
    """Give the least that `unexplained` can be, whatever the gap; but for rounding."""
    least = left = sum(fading.values())
    for _, explained in groupby(sorted(fading, key=silent.__getitem__), silent.__getitem__):
        left -= sum(fading[name] for name in explained)
        least = min(least, left)
    return least
