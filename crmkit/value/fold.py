"""Adding touchpoints to states: the hot loop of capture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmkit.contracts.store import Row
from crmkit.contracts.tables import STATE, TOUCHPOINT
from crmkit.value.layout import Layout
from crmkit.value.program import Program, compile_program
from crmkit.value.state import State, begin, close_row, open_row, pack, unpack

_AT = TOUCHPOINT.position["at"]
_KIND = TOUCHPOINT.position["kind"]
_RECORDED = TOUCHPOINT.position["recorded"]
_KNOWN = STATE.position["recorded"]


Arrival = tuple[Row, int]
"""TOUCHPOINT row, and the instant it is aged from: its own, or its purchase's for a return."""


def gather(arrivals: Iterable[tuple[str, Row, int]], found: dict[str, list[Arrival]]) -> None:
    """Gather a batch's arrivals, each with its root customer, beside what was `found` of him."""
    for root, row, aged in arrivals:
        known = found.get(root)
        if known is None:
            found[root] = [(row, aged)]
        else:
            known.append((row, aged))


def fold_batch(
    layout: Layout, old: Mapping[str, Row], came: Mapping[str, list[Arrival]], now: int
) -> list[Row]:
    """Add touchpoints to their customers' states.

    Args:
        layout: The model in force.
        old: STATE rows by root customer; those under another layout must not be among `came`.
        came: What arrived, by root customer.
        now: The clock, in microseconds; what lies ahead of it waits in the state.

    Returns:
        The new STATE rows of everybody in `came`.
    """
    program = compile_program(layout, packed=True)
    return [
        _fold_one(program, layout, root, old.get(root), arrived, now)
        for root, arrived in came.items()
    ]


def _fold_one(  # noqa: PLR0913 - one customer of a batch
    program: Program,
    layout: Layout,
    root: str,
    kept: Row | None,
    came: list[Arrival],
    now: int,
) -> Row:
    """Add one customer's arrivals, from row to row."""
    opened = begin(root, layout) if kept is None else open_row(kept)
    if opened is None:
        return _fold_waiting(layout, root, kept, came, now)
    for row, aged in came:
        if row[_AT] > now:
            return _fold_waiting(layout, root, kept, came, now)
        program[row[_KIND]](opened, row, aged)
        if row[_RECORDED] > opened[_KNOWN]:
            opened[_KNOWN] = row[_RECORDED]
    return close_row(opened)


def _fold_waiting(
    layout: Layout, root: str, kept: Row | None, came: list[Arrival], now: int
) -> Row:
    """Do the same where something lies ahead, or has lain: it waits in the state."""
    program = compile_program(layout)
    state = State.empty(layout) if kept is None else unpack(kept)
    catch_up(program, state, now)
    for row, aged in came:
        state.recorded = max(state.recorded, row[_RECORDED])
        if row[_AT] > now:
            state.ahead.append((row, aged))
        else:
            fold(program, state, row, aged)
    return pack(root, state, layout)


def catch_up(program: Program, state: State, now: int) -> None:
    """Add what waited in the state and has happened by `now`."""
    due = [entry for entry in state.ahead if entry[0][_AT] <= now]
    if due:
        state.ahead = [entry for entry in state.ahead if entry[0][_AT] > now]
        for row, aged in due:
            fold(program, state, row, aged)


def fold(program: Program, state: State, row: Row, aged: int) -> None:
    """Add one touchpoint that has happened."""
    program[row[_KIND]](state, row, aged)
