"""What one touchpoint adds to one indicator: a small closure for each kind, bound once."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from math import exp2, isfinite
from struct import Struct
from typing import Any

from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.value.layout import FAR_PAST, Layout, Slots
from crmkit.value.state import State

_CURRENCY = TOUCHPOINT.position["currency"]
_ATTRIBUTES = TOUCHPOINT.position["attributes"]
_NUMBERS = frozenset({"amount", "margin", "quantity", "rating"})
_TEXTS = frozenset("id source kind currency item category channel direction text origin of".split())
_COMPACT_FROM = 16
_PAIR = Struct("=2q").pack
_TAG_BITS = 6

Op = Callable[[State, Row, int, int], None]
"""Adds one touchpoint (row, own instant, aged-from instant) to a state."""
Program = Mapping[str, tuple[Op, ...]]


@lru_cache(maxsize=64)
def compile_program(layout: Layout) -> Program:
    """Bind every indicator's places and factors once: kind -> what to do."""
    program: dict[str, list[Op]] = {}
    for slots in layout.slots:
        indicator = slots.indicator
        if indicator.within:
            continue  # evaluated at reading, from the purchase instants
        for kind in dict.fromkeys(indicator.kinds):
            program.setdefault(kind, []).append(_op(layout, slots, kind))
        for kind in dict.fromkeys(indicator.opportunity):
            program.setdefault(kind, []).append(_chance(slots))
    return {kind: tuple(ops) for kind, ops in program.items()}


def _op(layout: Layout, slots: Slots, kind: str) -> Op:
    currency, returns = layout.model.currency, kind in layout.kinds.negative
    match slots.indicator.measure:
        case "count":
            return _count(slots)
        case "recency":
            return _recency(slots)
        case "rate":
            return _success(slots)
        case "breadth":
            return _breadth(slots, kind)
        case "mean":
            return _mean(slots, kind, currency)
        case _ if slots.money:
            return _money(slots, kind, currency, returns=returns)
        case _:
            return _sum(slots, kind, returns=returns)


def _add(  # noqa: PLR0913 - a sum's place, and what is added
    sums: array[float], a: int, ref: int, aged: int, x: float, per_us: float
) -> None:
    """Add `x` as of `aged` to the decayed sum at `a` with its reference time at `ref`."""
    ahead = aged - sums[ref]
    if ahead > 0:
        sums[a] = sums[a] * exp2(-ahead * per_us) + x
        sums[ref] = aged
    else:
        sums[a] += x * exp2(ahead * per_us)


def _count(slots: Slots) -> Op:
    n, a, ref, per_us = slots.n, slots.a, slots.ref, slots.per_us

    def op(state: State, _row: Row, at: int, _aged: int) -> None:
        sums = state.sums
        sums[n] += 1
        ahead = at - sums[ref]
        if ahead > 0:  # the usual case, written out: this runs for every touchpoint
            sums[a] = sums[a] * exp2(-ahead * per_us) + 1.0
            sums[ref] = at
        else:
            sums[a] += exp2(ahead * per_us)

    return op


def _recency(slots: Slots) -> Op:
    n, ref = slots.n, slots.ref

    def op(state: State, _row: Row, at: int, _aged: int) -> None:
        state.sums[n] += 1
        if at > state.sums[ref]:
            state.sums[ref] = at

    return op


def _sum(slots: Slots, kind: str, *, returns: bool) -> Op:
    n, a, ref, last, per_us = slots.n, slots.a, slots.ref, slots.last, slots.per_us
    number = _number(slots, kind)

    def op(state: State, row: Row, at: int, aged: int) -> None:
        x = number(row)
        if x is not None:
            sums = state.sums
            sums[n] += 1
            if at > sums[last]:
                sums[last] = at
            _add(sums, a, ref, aged if returns else at, x, per_us)

    return op


def _money(slots: Slots, kind: str, currency: str, *, returns: bool) -> Op:
    n, a, ref, last, per_us = slots.n, slots.a, slots.ref, slots.last, slots.per_us
    number = _number(slots, kind)

    def op(state: State, row: Row, at: int, aged: int) -> None:
        x = number(row)
        if x is None:
            return
        since = aged if returns else at
        code = row[_CURRENCY]
        if code == currency or code is None:
            state.sums[n] += 1
            if at > state.sums[last]:
                state.sums[last] = at
            _add(state.sums, a, ref, since, x, per_us)
        else:
            _add_foreign(state, slots, code, (since, at), x)

    return op


def _add_foreign(state: State, slots: Slots, code: str, when: tuple[int, int], x: float) -> None:
    """Add money to its own currency's sums, so that a new rate needs no rebuild.

    `when`: the instants it is aged from and happened at.
    """
    sums = state.money.setdefault(slots.n, {}).setdefault(code, [0, 0.0, FAR_PAST, 0.0, FAR_PAST])
    sums[0] += 1
    ahead = when[0] - sums[2]
    fade = exp2(-abs(ahead) * slots.per_us)
    if ahead > 0:
        sums[1] = sums[1] * fade + x
        sums[2] = when[0]
        sums[3] = sums[3] * fade + 1.0
    else:
        sums[1] += x * fade
        sums[3] += fade
    sums[4] = max(sums[4], when[1])


def _mean(slots: Slots, kind: str, currency: str) -> Op:
    n, a, b, ref, per_us = slots.n, slots.a, slots.b, slots.ref, slots.per_us
    number = _number(slots, kind)

    def op(state: State, row: Row, at: int, _aged: int) -> None:
        x = number(row)
        if x is None:
            return
        if slots.money and row[_CURRENCY] not in (None, currency):
            _add_foreign(state, slots, row[_CURRENCY], (at, at), x)
            return
        sums = state.sums
        sums[n] += 1
        ahead = at - sums[ref]
        if ahead > 0:
            fade = exp2(-ahead * per_us)
            sums[a] = sums[a] * fade + x
            sums[b] = sums[b] * fade + 1.0
            sums[ref] = at
        else:
            fade = exp2(ahead * per_us)
            sums[a] += x * fade
            sums[b] += fade

    return op


def _success(slots: Slots) -> Op:
    return _side(slots, slots.n, slots.a, slots.b)


def _chance(slots: Slots) -> Op:
    if slots.indicator.measure == "rate":
        return _side(slots, slots.chance, slots.b, slots.a)
    chance = slots.chance

    def op(state: State, _row: Row, _at: int, _aged: int) -> None:
        state.sums[chance] += 1

    return op


def _side(slots: Slots, n: int, mine: int, other: int) -> Op:
    """Add to one side of a rate; both sides keep one reference time."""
    ref, per_us = slots.ref, slots.per_us

    def op(state: State, _row: Row, at: int, _aged: int) -> None:
        sums = state.sums
        sums[n] += 1
        ahead = at - sums[ref]
        if ahead > 0:
            fade = exp2(-ahead * per_us)
            sums[mine] = sums[mine] * fade + 1.0
            sums[other] *= fade
            sums[ref] = at
        else:
            sums[mine] += exp2(ahead * per_us)

    return op


def _breadth(slots: Slots, kind: str) -> Op:
    n, tag = slots.n, slots.tag
    field = str(slots.indicator.field)
    default = slots.indicator.defaults.get(kind)
    position = TOUCHPOINT.position.get(field, -1) if field in _TEXTS | _NUMBERS else -1

    def op(state: State, row: Row, at: int, _aged: int) -> None:
        value: Any = row[position] if position >= 0 else None
        if value is not None and field in _NUMBERS:
            value = float(value)
        if value is None:
            value = _attribute(row, field)
        if value is None:
            value = default
        if value == "" or isinstance(value, (bool, type(None), list, dict)):
            return
        state.sums[n] += 1
        seen = state.seen + _PAIR(value_key(value, tag), at)
        pairs = len(seen) >> 4
        compact = pairs >= _COMPACT_FROM and pairs & (pairs - 1) == 0
        state.seen = _compact(seen) if compact else seen

    return op


def newest_seen(seen: bytes) -> dict[int, int]:
    """Give the newest instant of each value key."""
    newest: dict[int, int] = {}
    numbers = array("q", seen)
    for key, at in zip(numbers[::2], numbers[1::2], strict=True):
        if at > newest.get(key, at - 1):
            newest[key] = at
    return newest


def _compact(seen: bytes) -> bytes:
    """Keep only the newest instant of each value: what grows is what differs."""
    pairs = newest_seen(seen).items()
    return array("q", [number for pair in pairs for number in pair]).tobytes()


@lru_cache(maxsize=1 << 15)
def value_key(value: str | float, tag: int) -> int:
    """Give 58 bits of a value's hash with the breadth indicator's number below them.

    Numbers that are equal give one key (``1``, ``1.0``); texts are compared exactly.
    """
    if not isinstance(value, str):
        value = "\0" + repr(int(value) if value == value // 1 else value)
    digest = int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big", signed=True)
    return (digest >> _TAG_BITS << _TAG_BITS) | tag


def _number(slots: Slots, kind: str) -> Callable[[Row], float | None]:
    """Make the function that reads a row's number for a sum or mean, or None."""
    field = str(slots.indicator.field)
    position = TOUCHPOINT.position[field] if field in _NUMBERS else -1
    raw_default = slots.indicator.defaults.get(kind)
    default = None if raw_default is None else float(raw_default)

    def number(row: Row) -> float | None:
        value: Any = row[position] if position >= 0 else None
        if value is None:
            value = _attribute(row, field)
            if value is None:
                return default
            if isinstance(value, (str, bool, list, dict)):
                return None
        try:
            x = float(value)
        except OverflowError:  # a whole number beyond every double
            return None
        return x if isfinite(x) else None

    return number


def _attribute(row: Row, field: str) -> Any:
    attributes = row[_ATTRIBUTES]
    if attributes is None or (field.isidentifier() and field.isascii() and field not in attributes):
        return None  # JSON writes such a name as it is: no need to parse
    return json.loads(attributes).get(field)
