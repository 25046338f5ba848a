"""From a state to points, and the sharing-out of weights over what applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import attrs

from crmkit.model.value import DECLINED, NOT_APPLICABLE, OBSERVED, UNOBSERVED
from crmkit.value.layout import REVENUE, Layout
from crmkit.value.readers import Setting, compile_readers
from crmkit.value.state import State


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
    sums, at = state.sums, setting.at
    for (read, earn, _), is_fed in zip(compile_readers(layout), setting.fed, strict=True):
        raw = read(sums, at, state, setting) if is_fed else NOT_APPLICABLE
        if isinstance(raw, str):
            raws.append(0.0)
            states.append(raw)
            points.append(0.0)
        else:
            raws.append(raw)
            states.append(OBSERVED)
            points.append(earn(raw))
    if said.declined or said.points:
        for place, slots in enumerate(layout.slots):
            name = slots.indicator.name
            if name in said.declined:  # goes before all others
                states[place], points[place] = DECLINED, 0.0
            elif name in said.points:
                states[place], points[place] = OBSERVED, said.points[name]
    return Measured(raws, states, points)


def share_out(layout: Layout, states: Sequence[str]) -> Sequence[float]:
    """Share the weights of what does not apply out over the rest: ``w / sum(w applicable)``."""
    return _shared(layout, tuple([what is OBSERVED or what is UNOBSERVED for what in states]))


@lru_cache(maxsize=1 << 12)
def _shared(layout: Layout, applies: tuple[bool, ...]) -> tuple[float, ...]:
    weights = [
        slots.indicator.weight if counts else 0.0
        for slots, counts in zip(layout.slots, applies, strict=True)
    ]
    whole = sum(weights)
    return tuple(weight / whole if whole > 0 else 0.0 for weight in weights)


def turning(layout: Layout, before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """Give the kinds of the indicators that came to apply, or ceased to, by no decision."""
    kinds = [
        kinds
        for kinds, *states in zip(layout.sources, before, after, strict=True)
        if states.count(NOT_APPLICABLE) == 1 and DECLINED not in states
    ]
    return frozenset().union(*kinds)


def total(weights: Sequence[float], points: Sequence[float]) -> float:
    """Add up the contributions: 0.0 to 100.0."""
    whole = 0.0
    for weight, earned in zip(weights, points, strict=True):
        whole += weight * earned
    return whole


def revenue(layout: Layout, state: State) -> float:
    """Give purchases less returns in the model's currency; what has no rate is left out."""
    whole = state.sums[REVENUE]
    for code, (_, amount, *_) in state.money.get(REVENUE, {}).items():
        whole += amount * (layout.model.rate(code) or 0.0)
    return whole
