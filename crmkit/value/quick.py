"""Totals of everybody, as fast as Python goes: reading and earning in one closure an indicator.

The same formulas as `crmkit.value.readers`, which give the parts of those somebody looks at. What
those closures give in two steps and three lists is added up here in passing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp2

from crmkit.model.value import UNOBSERVED
from crmkit.value.layout import Layout, Slots
from crmkit.value.readers import FULL, MAX_EXPONENT, Earn, Read, Setting, Sums, compile_readers
from crmkit.value.state import State

_NOTHING_YET = -1.0
_NOT_APPLICABLE = -2.0

_Quick = Callable[[Sums, int, State, Setting], float]
"""Gives the points earned, or one of the two negative numbers above."""


def quick_totals(layout: Layout, setting: Setting) -> Callable[[State], float]:
    """Make the function that gives the total of a state about whom nothing was said."""
    plan = [
        (_quick(slots, read, earn), weight)
        for slots, (read, earn, weight), is_fed in zip(
            layout.slots, compile_readers(layout), setting.fed, strict=True
        )
        if is_fed
    ]
    at = setting.at

    def quick_total(state: State) -> float:
        sums = state.sums
        earned = whole = 0.0
        for quick, weight in plan:
            points = quick(sums, at, state, setting)
            if points >= 0.0:
                whole += weight
                earned += weight * points
            elif points == _NOTHING_YET:
                whole += weight
        return earned / whole if whole > 0 else 0.0

    return quick_total


def _quick(slots: Slots, read: Read, earn: Earn) -> _Quick:
    match slots.indicator.measure:
        case "count":
            return _saturating(slots)
        case "sum" if slots.money:
            return _money(slots, read, earn)
        case "sum":
            return _saturating(slots)
        case "recency":
            return _recency(slots)
        case _:
            return _any(read, earn)


def _any(read: Read, earn: Earn) -> _Quick:
    def quick(sums: Sums, at: int, state: State, setting: Setting) -> float:
        raw = read(sums, at, state, setting)
        if isinstance(raw, str):
            return _NOTHING_YET if raw is UNOBSERVED else _NOT_APPLICABLE
        return earn(raw)

    return quick


def _missing(slots: Slots, sums: Sums) -> float:
    """Tell whether there was a chance; where no opportunity is needed there always was."""
    return _NOTHING_YET if slots.chance < 0 or sums[slots.chance] > 0 else _NOT_APPLICABLE


def _saturating(slots: Slots) -> _Quick:
    n, a, ref, per_us = slots.n, slots.a, slots.ref, slots.per_us
    scale = slots.indicator.scale

    def quick(sums: Sums, at: int, _state: State, _setting: Setting) -> float:
        if sums[n] > 0:
            exponent = (sums[ref] - at) * per_us
            raw = sums[a] * exp2(exponent if exponent < MAX_EXPONENT else MAX_EXPONENT)
            return FULL * (1.0 - exp2(-raw / scale)) if raw > 0 else 0.0
        return _missing(slots, sums)

    return quick


def _money(slots: Slots, read: Read, earn: Earn) -> _Quick:
    own, foreign = _saturating(slots), _any(read, earn)

    def quick(sums: Sums, at: int, state: State, setting: Setting) -> float:
        return (foreign if state.money else own)(sums, at, state, setting)

    return quick


def _recency(slots: Slots) -> _Quick:
    n, ref, per_us = slots.n, slots.ref, slots.per_us

    def quick(sums: Sums, at: int, _state: State, _setting: Setting) -> float:
        if sums[n] > 0:
            return min(FULL * exp2((sums[ref] - at) * per_us), FULL)
        return _missing(slots, sums)

    return quick
