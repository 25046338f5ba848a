"""From a state to points: the formulas of the score, and the sharing-out of weights.

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

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import exp2
from typing import NamedTuple

import attrs

from crmkit.model.value import DECLINED, NOT_APPLICABLE, OBSERVED, UNOBSERVED
from crmkit.value.fold import newest_seen
from crmkit.value.layout import REVENUE, Layout, Slots
from crmkit.value.state import State

_FULL = 100.0
TAG_MASK = (1 << 6) - 1
_MAX_EXPONENT = 1000.0


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


@attrs.frozen
class Said:
    """What was decided about one customer: by indicator's name.

    Attributes:
        declined: Indicators he does not want to be measured by.
        points: Points that a person set.
    """

    declined: frozenset[str] = frozenset()
    points: Mapping[str, float] = attrs.field(factory=dict)


NOTHING_SAID = Said()


class Measured(NamedTuple):
    """One customer measured: a list an indicator, before weights are shared out."""

    raws: list[float]
    states: list[str]
    points: list[float]


def measure(layout: Layout, state: State, setting: Setting, said: Said = NOTHING_SAID) -> Measured:
    """Measure one customer at one instant."""
    raws: list[float] = []
    states: list[str] = []
    points: list[float] = []
    fed = setting.fed
    special = bool(said.declined or said.points)
    for slots in layout.slots:
        indicator = slots.indicator
        raw, observed, chance = _READERS[indicator.measure](layout, slots, state, setting)
        if not fed[slots.place]:
            what = NOT_APPLICABLE
        elif observed:
            what = OBSERVED
        else:
            what = UNOBSERVED if chance else NOT_APPLICABLE
        earned = _POINTS[indicator.measure](raw, indicator.scale) if observed else 0.0
        if special:
            if indicator.name in said.declined:
                what, earned = DECLINED, 0.0
            elif indicator.name in said.points:
                what, earned = OBSERVED, said.points[indicator.name]
        if what is NOT_APPLICABLE:
            raw = earned = 0.0
        raws.append(raw)
        states.append(what)
        points.append(earned)
    return Measured(raws, states, points)


def share_out(layout: Layout, states: Sequence[str]) -> list[float]:
    """Share the weights of what does not apply out over the rest: ``w / sum(w applicable)``."""
    weights = [
        slots.indicator.weight if what is OBSERVED or what is UNOBSERVED else 0.0
        for slots, what in zip(layout.slots, states, strict=True)
    ]
    whole = sum(weights)
    return [weight / whole for weight in weights] if whole > 0 else [0.0] * len(weights)


def total(weights: Sequence[float], points: Sequence[float]) -> float:
    """Add up the contributions: 0.0 to 100.0."""
    whole = 0.0
    for weight, earned in zip(weights, points, strict=True):
        whole += weight * earned
    return whole


def revenue(layout: Layout, state: State) -> float:
    """Give purchases less returns in the model's currency; what has no rate is left out."""
    whole = state.sums[REVENUE]
    for code, (_, amount, _) in state.money.get(REVENUE, {}).items():
        whole += amount * (layout.model.rate(code) or 0.0)
    return whole


# -- raw values: (raw, observed, had the chance) -------------------------------------------

_Read = tuple[float, bool, bool]


def _faded(sums: Sequence[float], a: int, ref: int, at: int, per_us: float) -> float:
    exponent = (sums[ref] - at) * per_us
    return sums[a] * exp2(exponent if exponent < _MAX_EXPONENT else _MAX_EXPONENT)


def _chance(slots: Slots, state: State) -> bool:
    return slots.chance < 0 or state.sums[slots.chance] > 0


def _count(_layout: Layout, slots: Slots, state: State, setting: Setting) -> _Read:
    sums = state.sums
    if sums[slots.n] > 0:
        return _faded(sums, slots.a, slots.ref, setting.at, slots.per_us), True, True
    return 0.0, False, _chance(slots, state)


def _sum(layout: Layout, slots: Slots, state: State, setting: Setting) -> _Read:
    raw, observed, chance = _count(layout, slots, state, setting)
    if slots.money and state.money:
        for code, (_, amount, ref) in state.money.get(slots.n, {}).items():
            rate = layout.model.rate(code)
            if rate is not None:
                fade = min((ref - setting.at) * slots.per_us, _MAX_EXPONENT)
                raw += rate * amount * exp2(fade)
                observed = True
    return raw, observed, chance or observed


def _breadth(_layout: Layout, slots: Slots, state: State, setting: Setting) -> _Read:
    if not state.sums[slots.n] > 0:
        return 0.0, False, _chance(slots, state)
    per_us, at, tag = slots.per_us, setting.at, slots.tag
    raw = 0.0
    for key, newest in newest_seen(state.seen).items():
        if key & TAG_MASK == tag:
            raw += exp2((newest - at) * per_us)
    return raw, True, True


def _recency(_layout: Layout, slots: Slots, state: State, setting: Setting) -> _Read:
    if state.sums[slots.n] > 0:
        return exp2((state.sums[slots.ref] - setting.at) * slots.per_us), True, True
    return 0.0, False, _chance(slots, state)


def _mean(_layout: Layout, slots: Slots, state: State, _setting: Setting) -> _Read:
    if state.sums[slots.n] > 0:
        return state.sums[slots.a] / state.sums[slots.b], True, True
    return 0.0, False, _chance(slots, state)


def _quotient(successes: float, chances: float) -> float:
    """Divide so that a rate with successes and no chance is 1, and never more than 1."""
    return 1.0 if successes >= chances else successes / chances


def _rate(_layout: Layout, slots: Slots, state: State, setting: Setting) -> _Read:
    if slots.indicator.within:
        return _within(slots, state, setting)
    sums = state.sums
    if sums[slots.n] > 0:
        return _quotient(sums[slots.a], sums[slots.b]), True, True
    return 0.0, False, sums[slots.chance] > 0


def _within(slots: Slots, state: State, setting: Setting) -> _Read:
    """Rate the promotion windows that ended since the first purchase; one with a purchase wins.

    Both are dated at the window's end, and both sums are taken at the newest end.
    """
    if not setting.windows or not state.bought:
        return 0.0, False, False
    bought = sorted(state.bought)
    chances = [window for window in setting.windows if bought[0] <= window.end]
    if not chances:
        return 0.0, False, False
    newest = max(window.end for window in chances)
    won = lost = 0.0
    success = False
    for start, end in chances:
        fade = exp2((end - newest) * slots.per_us)
        place = bisect_left(bought, start)
        if place < len(bought) and bought[place] <= end:
            won += fade
            success = True
        else:
            lost += fade
    return (_quotient(won, won + lost) if success else 0.0), success, True


_READERS = {
    "count": _count,
    "sum": _sum,
    "breadth": _breadth,
    "recency": _recency,
    "mean": _mean,
    "rate": _rate,
}


# -- points ----------------------------------------------------------------------------


def saturating(raw: float, scale: float) -> float:
    """Give 100 (1 - 2^(-raw/scale)): raw = scale earns 50; nothing below 0."""
    return _FULL * (1.0 - exp2(-raw / scale)) if raw > 0 else 0.0


def _proportional(raw: float, scale: float) -> float:
    points = _FULL * raw / scale
    return 0.0 if points < 0 else min(points, _FULL)


def _share(raw: float, _scale: float) -> float:
    return min(_FULL * raw, _FULL)


_POINTS = {
    "count": saturating,
    "sum": saturating,
    "breadth": saturating,
    "recency": _share,
    "mean": _proportional,
    "rate": _share,
}
