"""Totals of everybody, as fast as Python goes: the whole model written out as one function.

The same formulas as `crmkit.value.readers`, which give the parts of those somebody looks at; here
they are put together as text, as in `crmkit.value.program`, and added up in passing. What is not
a decayed sum, a rate or a mean is read by the readers themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import exp2
from textwrap import indent
from typing import Any

from crmkit.model.value import UNOBSERVED
from crmkit.value.layout import Layout, Slots
from crmkit.value.readers import FULL, MAX_EXPONENT, Setting, compile_readers
from crmkit.value.state import State

_DECAYED = f"""\
if sums[{{any}}] > {{least!r}}:
    whole += {{weight!r}}
    exponent = (sums[{{ref}}] - at) * {{per_us!r}}
    raw = sums[{{a}}] * exp2(exponent if exponent < {MAX_EXPONENT!r} else {MAX_EXPONENT!r})
    if raw > 0:
        earned += {{weight!r}} * ({FULL!r} * (1.0 - exp2(-raw / {{scale!r}})))
{{nothing}}"""
_RECENCY = f"""\
if sums[{{any}}] > {{least!r}}:
    whole += {{weight!r}}
    raw = exp2((sums[{{ref}}] - at) * {{per_us!r}})
    earned += {{weight!r}} * ({FULL!r} * raw if raw < 1.0 else {FULL!r})
{{nothing}}"""
_RATE = f"""\
if sums[{{any}}] > {{least!r}}:
    whole += {{weight!r}}
    won, chances = sums[{{a}}], sums[{{b}}]
    earned += {{weight!r}} * ({FULL!r} if won >= chances else {FULL!r} * (won / chances))
{{nothing}}"""
_MEAN = f"""\
if sums[{{any}}] > {{least!r}}:
    whole += {{weight!r}}
    points = {FULL!r} * (sums[{{a}}] / sums[{{b}}]) / {{scale!r}}
    earned += {{weight!r}} * min(max(points, 0.0), {FULL!r})
{{nothing}}"""
_READ = """\
raw = read{place}(sums, at, state, setting)
if raw.__class__ is not str:
    whole += {weight!r}
    earned += {weight!r} * earn{place}(raw)
elif raw == UNOBSERVED:
    whole += {weight!r}
"""
_OTHER_MONEY = """\
if state.money:
{foreign}else:
{own}"""


def quick_totals(layout: Layout, setting: Setting) -> Callable[[State], float]:
    """Make the function that gives the total of a state about whom nothing was said."""
    return partial(_written(layout, tuple(setting.fed)), setting.at, setting)


@lru_cache(maxsize=64)
def _written(layout: Layout, fed: tuple[bool, ...]) -> Callable[[int, Setting, State], float]:
    """Write and compile the sum over the indicators that a source feeds."""
    names: dict[str, Any] = {"exp2": exp2, "UNOBSERVED": UNOBSERVED}
    parts = []
    for slots, (read, earn, _), is_fed in zip(
        layout.slots, compile_readers(layout), fed, strict=True
    ):
        if is_fed:
            names[f"read{slots.place}"], names[f"earn{slots.place}"] = read, earn
            parts.append(_points(slots))
    source = (
        "def total(at, setting, state):\n"
        "    sums = state.sums\n"
        "    earned = whole = 0.0\n"
        f"{indent(''.join(parts), '    ')}"
        "    return earned / whole if whole > 0 else 0.0\n"
    )
    exec(compile(source, "<crmkit totals>", "exec"), names)  # noqa: S102 - numbers and our names
    total: Callable[[int, Setting, State], float] = names["total"]
    return total


def _points(slots: Slots) -> str:
    """Write how one indicator's points and weight are added."""
    match slots.indicator.measure:
        case "sum" if slots.money:
            own, foreign = _fill(_DECAYED, slots), _fill(_READ, slots)
            return _OTHER_MONEY.format(foreign=indent(foreign, "    "), own=indent(own, "    "))
        case "count" | "sum":
            return _fill(_DECAYED, slots)
        case "recency":
            return _fill(_RECENCY, slots)
        case "rate" if not slots.indicator.within:
            return _fill(_RATE, slots)
        case "mean" if not slots.money:
            return _fill(_MEAN, slots)
        case _:
            return _fill(_READ, slots)


def _fill(text: str, slots: Slots) -> str:
    places = {name: getattr(slots, name) for name in ("place", "a", "b", "ref", "per_us")}
    places["any"], places["least"] = slots.any
    indicator = slots.indicator
    weight = indicator.weight
    # Where no opportunity is needed there always was one; and nothing yet earns nothing.
    if slots.any_chance is None:
        nothing = f"else:\n    whole += {weight!r}\n"
    else:
        place, least = slots.any_chance
        nothing = f"elif sums[{place}] > {least!r}:\n    whole += {weight!r}\n"
    return text.format(nothing=nothing, weight=weight, scale=indicator.scale, **places)
