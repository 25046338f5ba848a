"""How each measure is read from a state, and what it earns: the formulas of the score.

==========  ======================================================  =========================
measure     raw at time t                                           points, 0..100
==========  ======================================================  =========================
count       sum of 2^(-(t-at)/h)                                    100 (1 - 2^(-raw/s))
sum         sum of x 2^(-(t-at)/h), money in the base currency      the same, on max(raw, 0)
breadth     sum over distinct values of the newest's 2^(-(t-at)/h)  the same
recency     the newest one's 2^(-(t-at)/h)                          100 raw
mean        decayed sum of x over decayed count                     100 raw / s, cut to 0..100
rate        decayed successes over decayed chances, at most 1       100 raw
==========  ======================================================  =========================
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import exp2
from typing import NamedTuple

import attrs

from crmkit.model.value import NOT_APPLICABLE, UNOBSERVED
from crmkit.value.layout import FAR_PAST, Layout, Slots
from crmkit.value.seen import TAG_MASK, newest_seen
from crmkit.value.state import State

FULL = 100.0
MAX_EXPONENT = 500.0
Sums = Sequence[float]


class Window(NamedTuple):
    """A competitor's promotion, both ends inclusive, in microseconds."""

    start: int
    end: int


@attrs.frozen
class Setting:
    """What a score rests on besides the customer's own state, at one instant.

    Attributes:
        at: The instant t, in microseconds.
        fed: For each indicator, whether any source in the workspace feeds it.
        windows: Promotion windows that ended by then.
    """

    at: int
    fed: tuple[bool, ...]
    windows: tuple[Window, ...] = ()


# -- raw values: a number where there is something to see, else why there is none ---------------

Read = Callable[[Sums, int, State, Setting], float | str]
"""Reads one indicator: from the state's sums at an instant, or from the rest of the state."""
Earn = Callable[[float], float]


@lru_cache(maxsize=64)
def compile_readers(layout: Layout) -> tuple[tuple[Read, Earn, float], ...]:
    """Bind every indicator's places and factors once: how it is read, what it earns, its weight."""
    return tuple(
        (_reader(layout, slots), _earner(slots), slots.indicator.weight) for slots in layout.slots
    )


def _reader(layout: Layout, slots: Slots) -> Read:
    match slots.indicator.measure:
        case "sum" if slots.money:
            return _money(layout, slots)
        case "count" | "sum":
            return _decayed(slots)
        case "breadth":
            return _breadth(layout, slots)
        case "recency":
            return _recency(slots)
        case "mean" if slots.money:
            return _mean_of_money(layout, slots)
        case "mean":
            return _mean(slots)
        case _ if slots.indicator.within:
            return _within(slots)
        case _:
            return _rate(slots)


def _always(slots: Slots) -> str:
    """Give what nothing seen always means where no opportunity is needed; else ``""``."""
    return UNOBSERVED if slots.any_chance is None else ""


def _nothing(slots: Slots, state: State) -> str:
    """Tell whether nothing was seen where there was a chance, or there never was one."""
    chance = slots.any_chance
    is_known = chance is None or state.sums[chance[0]] > chance[1]
    return UNOBSERVED if is_known else NOT_APPLICABLE


def _decayed(slots: Slots) -> Read:
    a, ref, per_us = slots.a, slots.ref, slots.per_us
    nothing = _always(slots)

    def read(sums: Sums, at: int, state: State, _setting: Setting) -> float | str:
        if sums[ref] > FAR_PAST:
            exponent = (sums[ref] - at) * per_us
            return sums[a] * exp2(exponent if exponent < MAX_EXPONENT else MAX_EXPONENT)
        return nothing or _nothing(slots, state)

    return read


def _money(layout: Layout, slots: Slots) -> Read:
    own = _decayed(slots)

    def read(sums: Sums, at: int, state: State, setting: Setting) -> float | str:
        raw = own(sums, at, state, setting)
        for code, (_, amount, ref, *_) in (
            state.money.get(slots.a, {}).items() if state.money else ()
        ):
            rate = layout.model.rate(code)
            if rate is not None:
                fade = exp2(min((ref - at) * slots.per_us, MAX_EXPONENT))
                raw = (0.0 if isinstance(raw, str) else raw) + rate * amount * fade
        return raw

    return read


def _breadth(layout: Layout, slots: Slots) -> Read:
    tag, per_us = slots.tag, slots.per_us
    alone = max(other.tag for other in layout.slots) == 0
    nothing = _always(slots)

    def read(_sums: Sums, at: int, state: State, _setting: Setting) -> float | str:
        newest = newest_seen(state.seen)
        mine = (
            newest.values()
            if alone
            else [seen for key, seen in newest.items() if key & TAG_MASK == tag]
        )
        if not mine:
            return nothing or _nothing(slots, state)
        return sum([exp2((seen - at) * per_us) for seen in mine])

    return read


def _recency(slots: Slots) -> Read:
    ref, per_us = slots.ref, slots.per_us
    nothing = _always(slots)

    def read(sums: Sums, at: int, state: State, _setting: Setting) -> float | str:
        if sums[ref] > FAR_PAST:
            return exp2((sums[ref] - at) * per_us)
        return nothing or _nothing(slots, state)

    return read


def _mean(slots: Slots) -> Read:
    a, b, ref = slots.a, slots.b, slots.ref
    nothing = _always(slots)

    def read(sums: Sums, _at: int, state: State, _setting: Setting) -> float | str:
        return sums[a] / sums[b] if sums[ref] > FAR_PAST else nothing or _nothing(slots, state)

    return read


def _mean_of_money(layout: Layout, slots: Slots) -> Read:
    """Read a mean over several currencies: every sum is taken at the newest one's instant."""
    a, b, ref, per_us = slots.a, slots.b, slots.ref, slots.per_us
    nothing = _always(slots)

    def read(sums: Sums, _at: int, state: State, _setting: Setting) -> float | str:
        found = [(sums[a], sums[b], sums[ref])] if sums[ref] > FAR_PAST else []
        for code, (_, amount, newest, count, _) in state.money.get(a, {}).items():
            rate = layout.model.rate(code)
            if rate is not None:
                found.append((rate * amount, count, newest))
        if not found:
            return nothing or _nothing(slots, state)
        last = max(newest for _, _, newest in found)
        faded = [(x, count, exp2((newest - last) * per_us)) for x, count, newest in found]
        return sum(x * fade for x, _, fade in faded) / sum(c * fade for _, c, fade in faded)

    return read


def _rate(slots: Slots) -> Read:
    n, a, b = slots.n, slots.a, slots.b

    def read(sums: Sums, _at: int, state: State, _setting: Setting) -> float | str:
        if sums[n] > 0:
            return _quotient(sums[a], sums[b])
        return _nothing(slots, state)

    return read


def _quotient(successes: float, chances: float) -> float:
    """Divide so that a rate with successes and no chance is 1, and never more than 1."""
    return 1.0 if successes >= chances else successes / chances


def _within(slots: Slots) -> Read:
    """Rate the promotion windows that ended since the first purchase; one with a purchase wins.

    Both are dated at the window's end, and both sums are taken at the newest end.
    """
    per_us = slots.per_us

    def read(_sums: Sums, _at: int, state: State, setting: Setting) -> float | str:
        if not setting.windows or not state.bought:
            return NOT_APPLICABLE
        windows = _faded_windows(setting.windows, per_us)
        bought = sorted(array("q", state.bought))
        first, last = bought[0], bought[-1]
        won = whole = 0.0
        success = False
        for start, end, fade in windows:
            if first <= end:
                whole += fade
                if start <= last and (start <= first or bought[bisect_left(bought, start)] <= end):
                    won += fade
                    success = True
        if not whole:
            return NOT_APPLICABLE
        return _quotient(won, whole) if success else UNOBSERVED

    return read


@lru_cache(maxsize=64)
def _faded_windows(windows: tuple[Window, ...], per_us: float) -> list[tuple[int, int, float]]:
    """Give each window with its weight at the newest end: the newest is always a chance."""
    newest = max(window.end for window in windows)
    return [(start, end, exp2((end - newest) * per_us)) for start, end in windows]


# -- points ----------------------------------------------------------------------------


def _earner(slots: Slots) -> Earn:
    scale = slots.indicator.scale
    match slots.indicator.measure:
        case "count" | "sum" | "breadth":
            return lambda raw: FULL * (1.0 - exp2(-raw / scale)) if raw > 0 else 0.0
        case "mean":
            return lambda raw: min(max(FULL * raw / scale, 0.0), FULL)
        case _:
            return lambda raw: min(FULL * raw, FULL)
