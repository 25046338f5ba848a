"""One customer's value state: what all his touchpoints come to, in one packed row.

A decayed sum is kept as (sum, reference time): adding ``x`` that happened at ``a`` is O(1), in
any order, and commutes. The reference time is the newest event's, so nothing ever overflows.
"""

from __future__ import annotations

import json
from array import array
from typing import Any

import attrs

from crmkit.clock import DAY
from crmkit.contracts.store import Row
from crmkit.value.layout import Layout

NEVER = -(1 << 62)
"""Earlier than every instant."""

Money = dict[int, dict[str, list[float]]]
"""Sums in other currencies than the model's, by the place of the indicator's `a` (the revenue's
own) and by currency: [n, sum, ref, decayed count, last]."""


@attrs.define
class State:
    """A state while it is worked on.

    Attributes:
        sums: Counts, decayed sums and reference times, where the layout put them.
        seen: Packed pairs (value key, instant) of the breadth indicators, appended as they come;
            the newest instant of a key counts.
        bought: Packed purchase instants, in microseconds, unordered and possibly repeated.
        money: Sums in other currencies than the model's.
        ahead: TOUCHPOINT rows (with their aged-from instant) that lie ahead of the last fold.
        first: Earliest touchpoint's instant.
        newest: Newest touchpoint's instant.
        contact: Newest real touch between two people, in either direction.
        own: Newest touchpoint that the customer made himself.
        recorded: When the newest knowledge about the customer was recorded.
    """

    sums: list[float]
    seen: bytes = b""
    bought: bytes = b""
    money: Money = attrs.field(factory=dict)
    ahead: list[tuple[Row, int]] = attrs.field(factory=list)
    first: int = -NEVER
    newest: int = NEVER
    contact: int = NEVER
    own: int = NEVER
    recorded: int = NEVER

    @classmethod
    def empty(cls, layout: Layout) -> State:
        """Give the state of somebody nothing is known of."""
        return cls(layout.zero[:])

    def copy(self) -> State:
        """Give a state that can be added to without changing this one."""
        return State(
            self.sums[:],
            self.seen,
            self.bought,
            {slot: {c: s[:] for c, s in sums.items()} for slot, sums in self.money.items()},
            self.ahead[:],
            self.first,
            self.newest,
            self.contact,
            self.own,
            self.recorded,
        )

    def bought_until(self, at: int) -> list[int]:
        """Give the distinct purchase instants up to `at`, oldest first."""
        return sorted({bought for bought in array("q", self.bought) if bought <= at})

    def purchase_days(self, at: int) -> list[int]:
        """Give the distinct days (UTC, counted from 1970) with a purchase up to `at`."""
        return sorted({bought // DAY for bought in array("q", self.bought) if bought <= at})


def pack(customer: str, state: State, layout: Layout) -> Row:
    """Turn a state into its STATE row."""
    rest: dict[str, Any] = {}
    if state.money:
        rest["money"] = state.money
    if state.ahead:
        rest["ahead"] = state.ahead
    return (
        customer,
        layout.id,
        layout.packed(*state.sums),
        state.seen or None,
        state.bought or None,
        json.dumps(rest, ensure_ascii=False) if rest else None,
        state.first,
        state.newest,
        state.contact if state.contact != NEVER else None,
        state.own if state.own != NEVER else None,
        state.recorded,
    )


def unpack(row: Row) -> State:
    """Turn a STATE row back into a state; its layout must be the one in force."""
    _, _, sums, seen, bought, rest, first, newest, contact, own, recorded = row
    money: Money = {}
    ahead: list[tuple[Row, int]] = []
    if rest:
        kept = json.loads(rest)
        money = {int(slot): sums for slot, sums in kept.get("money", {}).items()}
        ahead = [(tuple(row), aged) for row, aged in kept.get("ahead", ())]
    return State(  # by position: this runs for everybody scored, and names cost a third more
        # A list is read and written in a third of the time.
        array("d", sums).tolist(),
        seen or b"",
        bought or b"",
        money,
        ahead,
        first,
        newest,
        NEVER if contact is None else contact,
        NEVER if own is None else own,
        recorded,
    )


# -- for capture, which adds a touchpoint or two to each of many: no more is unpacked than needed --

Opened = list[Any]
"""A STATE row that is added to: a list in its order, with the sums in a bytearray, the money in
place of `rest`, and nothing None."""


def begin(customer: str, layout: Layout) -> Opened:
    """Open the row of somebody nothing is known of."""
    sums = bytearray(layout.packed_zero)
    return [customer, layout.id, sums, b"", b"", {}, -NEVER, NEVER, NEVER, NEVER, NEVER]


def open_row(row: Row) -> Opened | None:
    """Open a STATE row; None where touchpoints wait in it."""
    customer, layout, sums, seen, bought, rest, first, newest, contact, own, recorded = row
    money: Money = {}
    if rest:
        kept = json.loads(rest)
        if "ahead" in kept:
            return None
        money = {int(slot): sums for slot, sums in kept["money"].items()}
    return [
        customer,
        layout,
        bytearray(sums),
        seen or b"",
        bought or b"",
        money,
        first,
        newest,
        NEVER if contact is None else contact,
        NEVER if own is None else own,
        recorded,
    ]


def close_row(opened: Opened) -> Row:
    """Give the STATE row as it is kept."""
    customer, layout, sums, seen, bought, money, first, newest, contact, own, recorded = opened
    return (
        customer,
        layout,
        bytes(sums),
        seen or None,
        bought or None,
        json.dumps({"money": money}, ensure_ascii=False) if money else None,
        first,
        newest,
        contact if contact != NEVER else None,
        own if own != NEVER else None,
        recorded,
    )
