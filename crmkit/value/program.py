"""What one touchpoint adds to a state: a function for each kind, written out for the model.

Folding runs for every touchpoint that is captured or replayed. Each kind's function is put
together from a few lines an indicator, with places and factors as literals, and compiled once: no
loop over indicators and no call for each took half the time, and floats throughout, instants too,
an eighth of the rest. Nothing that a user wrote stands in the text: places and factors are numbers,
everything else is bound by name.

Who folds a history adds to a `State`. Capture adds a touchpoint or two to each of many: there a
kind works on the row itself, unpacks the sums that it needs, and no others, and packs them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from math import exp2
from struct import Struct
from textwrap import indent
from typing import Any

from crmkit.contracts.store import Row
from crmkit.contracts.tables import STATE, TOUCHPOINT
from crmkit.model.touchpoint import NUMBERS, TEXTS
from crmkit.value.layout import REVENUE, SHARING, Layout, Slots
from crmkit.value.ops import add_foreign, add_revenue, automatic, number, value_of
from crmkit.value.seen import see

Add = Callable[[Any, Row, int], None]
"""Adds one touchpoint's row, with the instant it is aged from, to a `State` or an opened row."""

_AT, _AMOUNT, _CURRENCY, _DIRECTION = (
    TOUCHPOINT.position[name] for name in ("at", "amount", "currency", "direction")
)

_HEAD = f"""\
at = row[{_AT}]
moment = float(at)
if at < state.first:
    state.first = at
if at > state.newest:
    state.newest = at
"""
_OWN = f"""\
if at > state.own and (row[{_DIRECTION}] == "in"{{or_silent}}):
    state.own = at
"""
_BOUGHT = """\
instant = pack(at)
if state.bought[-8:] != instant:
    state.bought += instant
"""
_CONTACT = """\
if at > state.contact and not automatic(row):
    state.contact = at
"""
_REVENUE = f"""\
if row[{_AMOUNT}] is not None:
    if row[{_CURRENCY}] == currency:
        sums[{REVENUE}] += float(row[{_AMOUNT}])
    else:
        add_revenue(state.money, row)
"""
_CHANCE = """\
sums[{chance}] += 1.0
"""
_NEWEST = """\
ahead = moment - sums[{ref}]
if ahead > 0.0:
    sums[{ref}] = moment
"""
_COUNT = """\
    sums[{a}] = sums[{a}] * exp2(-ahead * {per_us!r}) + 1.0
"""
_LATE_COUNT = """\
    sums[{a}] += exp2(ahead * {per_us!r})
"""
_SUCCESS = """\
sums[{n}] += 1.0
"""
_SIDE = """\
ahead = moment - sums[{ref}]
if ahead > 0.0:
    fade = exp2(-ahead * {per_us!r})
    sums[{a}] = sums[{a}] * fade + 1.0
    sums[{b}] *= fade
    sums[{ref}] = moment
else:
    sums[{a}] += exp2(ahead * {per_us!r})
"""
_SUM = """\
if moment > sums[{last}]:
    sums[{last}] = moment
since = {since}
ahead = since - sums[{ref}]
if ahead > 0.0:
    sums[{a}] = sums[{a}] * exp2(-ahead * {per_us!r}) + x
    sums[{ref}] = since
else:
    sums[{a}] += x * exp2(ahead * {per_us!r})
"""
_MEAN = """\
ahead = moment - sums[{ref}]
if ahead > 0.0:
    fade = exp2(-ahead * {per_us!r})
    sums[{a}] = sums[{a}] * fade + x
    sums[{b}] = sums[{b}] * fade + 1.0
    sums[{ref}] = moment
else:
    fade = exp2(ahead * {per_us!r})
    sums[{a}] += x * fade
    sums[{b}] += fade
"""
_BREADTH = """\
seen = see(state.seen, {said}, {tag}, at)
if seen is not None:
    state.seen = seen
"""


_SUMS = re.compile(r"sums\[([0-9]+)\]")
_FIELD = re.compile(r"\bstate\.([a-z]+)")
_PLACES = STATE.position | {"money": STATE.position["rest"]}
_NEAR = 8
"""Most sums between two that are moved together with them: another call would take as long."""


class Program(dict[str, Add]):
    """Kind -> what a touchpoint of it adds; made when a kind is first met."""

    def __init__(self, layout: Layout, *, packed: bool) -> None:
        """Bind the layout; no kind is known yet."""
        super().__init__()
        self._layout = layout
        self._packed = packed

    def __missing__(self, kind: str) -> Add:
        """Write and compile the function of a kind."""
        self[kind] = add = _compile(self._layout, kind, packed=self._packed)
        return add


@lru_cache(maxsize=64)
def compile_program(layout: Layout, *, packed: bool = False) -> Program:
    """Give the functions of a layout.

    Args:
        layout: The compiled model.
        packed: Whether they add to opened rows instead of states.
    """
    return Program(layout, packed=packed)


def _compile(layout: Layout, kind: str, *, packed: bool) -> Add:
    names: dict[str, Any] = {
        "exp2": exp2,
        "see": see,
        "pack": Struct("=q").pack,
        "automatic": automatic,
        "add_revenue": add_revenue,
        "add_foreign": add_foreign,
        "currency": layout.model.currency,
    }
    kinds = layout.kinds
    parts = [
        _HEAD,
        _OWN.format(or_silent="" if kind in kinds.outbound else f" or row[{_DIRECTION}] is None"),
    ]
    if kind == "purchase" or kind in kinds.negative:
        parts.append(_REVENUE)
    if kind == "purchase":
        parts.append(_BOUGHT)
    elif kind in kinds.two_way:
        parts.append(_CONTACT)
    alike: dict[int, list[Slots]] = {}
    for slots in layout.slots:
        indicator = slots.indicator
        if indicator.within:
            continue  # evaluated at reading, from the purchase instants
        if kind in indicator.kinds:
            if indicator.measure in SHARING:
                alike.setdefault(slots.ref, []).append(slots)
            else:
                parts.append(_counted(layout, slots, kind, names))
        if kind in indicator.opportunity:
            is_rate = indicator.measure == "rate"
            parts.append(_side(slots, "b", "a") if is_rate else _fill(_CHANCE, slots))
    parts += map(_newest, alike.values())
    text = "".join(parts)
    text = _in_place(text, names) if packed else "sums = state.sums\n" + text
    source = "def add(state, row, aged):\n" + indent(text, "    ")
    exec(compile(source, f"<crmkit fold of {kind!r}>", "exec"), names)  # noqa: S102 - see above
    add: Add = names["add"]
    return add


def _in_place(text: str, names: dict[str, Any]) -> str:
    """Let what is done to sums be done to variables, unpacked before and packed again after it."""
    runs: list[tuple[int, int]] = []
    for place in sorted({int(found) for found in _SUMS.findall(text)}):
        is_near = bool(runs) and place - runs[-1][1] <= _NEAR
        runs.append((runs.pop()[0] if is_near else place, place + 1))
    text = _FIELD.sub(lambda found: f"state[{_PLACES[found[1]]}]", text)
    before, after = [f"sums = state[{_PLACES['sums']}]\n"], []
    for first, end in runs:
        run = Struct(f"={end - first}d")
        names[f"take{first}"], names[f"keep{first}"] = run.unpack_from, run.pack_into
        variables = "".join(f"s{place}, " for place in range(first, end))
        before.append(f"{variables}= take{first}(sums, {8 * first})\n")
        after.append(f"keep{first}(sums, {8 * first}, {variables})\n")
    return "".join((*before, _SUMS.sub(r"s\1", text), *after))


def _fill(text: str, slots: Slots, **more: str) -> str:
    places = {
        name: getattr(slots, name) for name in ("n", "chance", "a", "b", "ref", "last", "tag")
    }
    return text.format(per_us=slots.per_us, **{**places, **more})


def _newest(alike: list[Slots]) -> str:
    """Write what a touchpoint adds to indicators that share a reference time."""
    counts = [slots for slots in alike if slots.a >= 0]
    text = _fill(_NEWEST, alike[0]) + "".join(_fill(_COUNT, slots) for slots in counts)
    late = "".join(_fill(_LATE_COUNT, slots) for slots in counts)
    return f"{text}else:\n{late}" if late else text


def _side(slots: Slots, mine: str, other: str) -> str:
    """Add to one side of a rate; both sides keep one reference time."""
    return _fill(_SIDE, slots, a=getattr(slots, mine), b=getattr(slots, other))


def _counted(layout: Layout, slots: Slots, kind: str, names: dict[str, Any]) -> str:
    """Write what a touchpoint that the indicator counts adds to it."""
    match slots.indicator.measure:
        case "rate":
            return _fill(_SUCCESS, slots) + _side(slots, "a", "b")
        case "breadth":
            return _fill(_BREADTH, slots, said=_said(slots, kind, names))
        case "mean":
            return _measured(slots, kind, "at", _fill(_MEAN, slots), names)
        case _:
            if kind in layout.kinds.negative:
                since, added = "aged", _fill(_SUM, slots, since="float(aged)")
            else:
                since, added = "at", _fill(_SUM, slots, since="moment")
            return _measured(slots, kind, since, added, names)


def _said(slots: Slots, kind: str, names: dict[str, Any]) -> str:
    """Write what gives the value that breadth tells apart."""
    value, field = f"value{slots.place}", str(slots.indicator.field)
    names[value] = value_of(slots, kind)
    if field not in TEXTS:
        return f"{value}(row)"
    return f"row[{TOUCHPOINT.position[field]}] or {value}(row)"


def _measured(slots: Slots, kind: str, since: str, add: str, names: dict[str, Any]) -> str:
    """Write what is done where the touchpoint has a number; money elsewhere goes by itself."""
    other = f"other{slots.place}"
    names[other] = number(slots, kind)
    field = str(slots.indicator.field)
    if field in NUMBERS:
        cell = f"row[{TOUCHPOINT.position[field]}]"
        text = f"x = {other}(row) if {cell} is None else float({cell})\n"
    else:
        text = f"x = {other}(row)\n"
    if not slots.money:
        return f"{text}if x is not None:\n{indent(add, '    ')}"
    names[f"slots{slots.place}"] = slots
    code = f"row[{_CURRENCY}]"
    return (
        f"{text}if x is None:\n    pass\n"
        f"elif {code} == currency or {code} is None:\n{indent(add, '    ')}"
        f"else:\n    add_foreign(state.money, slots{slots.place}, {code}, {since}, at, x)\n"
    )
