"""Adding touchpoints to states: the hot loop of capture.

Every (layout, kind) has a list of small closures, one for each indicator that the kind touches,
with places and factors bound: nothing is looked up a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from struct import Struct

from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.value.layout import REVENUE, Layout
from crmkit.value.ops import Program, compile_program
from crmkit.value.state import State, pack, unpack

_AT = TOUCHPOINT.position["at"]
_KIND = TOUCHPOINT.position["kind"]
_RECORDED = TOUCHPOINT.position["recorded"]
_AMOUNT = TOUCHPOINT.position["amount"]
_CURRENCY = TOUCHPOINT.position["currency"]
_DIRECTION = TOUCHPOINT.position["direction"]
_ATTRIBUTES = TOUCHPOINT.position["attributes"]
_INSTANT = Struct("=q").pack
_AUTOMATIC = '"automatic"'


def fold_batch(
    layout: Layout,
    old: Mapping[str, Row],
    arrivals: Iterable[tuple[str, Row, int]],
    now: int,
) -> list[Row]:
    """Add a batch of touchpoints to their customers' states.

    Args:
        layout: The model in force.
        old: STATE rows by root customer; those under another layout must not be among them.
        arrivals: Root customer, TOUCHPOINT row, and the instant it is aged from: its own, or
            its purchase's for a return that names one.
        now: The clock, in microseconds; what lies ahead of it waits in the state.

    Returns:
        The new STATE rows of everybody touched.
    """
    program = compile_program(layout)
    by_root: dict[str, list[tuple[Row, int]]] = {}
    for root, row, aged in arrivals:
        known = by_root.get(root)
        if known is None:
            by_root[root] = [(row, aged)]
        else:
            known.append((row, aged))
    return [
        _fold_one(program, layout, root, old.get(root), came, now) for root, came in by_root.items()
    ]


def _fold_one(  # noqa: PLR0913 - one customer of a batch
    program: Program,
    layout: Layout,
    root: str,
    kept: Row | None,
    came: list[tuple[Row, int]],
    now: int,
) -> Row:
    """Add one customer's arrivals, from packed row to packed row."""
    state = State.empty(layout) if kept is None else unpack(kept)
    if state.ahead:
        catch_up(program, layout, state, now)
    for row, aged in came:
        if row[_RECORDED] > state.recorded:
            state.recorded = row[_RECORDED]
        if row[_AT] > now:
            state.ahead.append((row, aged))
        else:
            fold(program, layout, state, row, aged)
    return pack(root, state, layout)


def catch_up(program: Program, layout: Layout, state: State, now: int) -> None:
    """Add what waited in the state and has happened by `now`."""
    due = [entry for entry in state.ahead if entry[0][_AT] <= now]
    if due:
        state.ahead = [entry for entry in state.ahead if entry[0][_AT] > now]
        for row, aged in due:
            fold(program, layout, state, row, aged)


def fold(program: Program, layout: Layout, state: State, row: Row, aged: int) -> None:
    """Add one touchpoint that has happened."""
    at = row[_AT]
    kind = row[_KIND]
    if at < state.first:
        state.first = at
    if at > state.newest:
        state.newest = at
    direction = row[_DIRECTION]
    if (direction == "in" or (direction is None and kind not in layout.kinds.outbound)) and (
        at > state.own
    ):
        state.own = at
    if (kind == "purchase" or kind in layout.kinds.negative) and row[_AMOUNT] is not None:
        _revenue(layout, state, row)
    if kind == "purchase":
        packed = _INSTANT(at)
        if state.bought[-8:] != packed:
            state.bought += packed
    elif kind in layout.kinds.two_way and at > state.contact and not _automatic(row):
        state.contact = at
    for op in program.get(kind, ()):
        op(state, row, at, aged)


def _revenue(layout: Layout, state: State, row: Row) -> None:
    """Add to the undecayed sum of purchases less returns, by currency."""
    amount = float(row[_AMOUNT])
    code = row[_CURRENCY]
    if code == layout.model.currency:
        state.sums[REVENUE] += amount
    else:
        foreign = state.money.setdefault(REVENUE, {}).setdefault(code, [0, 0.0, 0.0, 0.0, 0.0])
        foreign[0] += 1
        foreign[1] += amount


def _automatic(row: Row) -> bool:
    """Tell whether a machine did it: ``{"automatic": true}`` among the attributes."""
    attributes = row[_ATTRIBUTES]
    return (
        attributes is not None
        and _AUTOMATIC in attributes
        and bool(json.loads(attributes).get("automatic"))
    )
