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


@attrs.define
class State:
    """A state while it is worked on.

    Attributes:
        sums: Counts, decayed sums and reference times, where the layout put them.
        seen: Packed pairs (value key, instant) of the breadth indicators, appended as they come;
            the newest instant of a key counts.
        bought: Packed purchase instants, in microseconds, unordered and possibly repeated.
        money: Sums in other currencies than the model's, by the place of the indicator's n and by
            currency: [n, sum, ref, decayed count, last].
        ahead: TOUCHPOINT rows (with their aged-from instant) that lie ahead of the last fold.
        first: Earliest touchpoint's instant.
        newest: Newest touchpoint's instant.
        contact: Newest real touch between two people, in either direction.
        own: Newest touchpoint that the customer made himself.
        recorded: When the newest knowledge about the customer was recorded.
        packed: The sums as the row keeps them, in place of `sums`: while capture adds to a few.
    """

    sums: list[float]
    seen: bytes = b""
    bought: bytes = b""
    money: dict[int, dict[str, list[float]]] = attrs.field(factory=dict)
    ahead: list[tuple[Row, int]] = attrs.field(factory=list)
    first: int = -NEVER
    newest: int = NEVER
    contact: int = NEVER
    own: int = NEVER
    recorded: int = NEVER
    packed: bytearray | None = None

    @classmethod
    def empty(cls, layout: Layout, *, packed: bool = False) -> State:
        """Give the state of somebody nothing is known of."""
        if packed:
            return cls([], packed=bytearray(layout.packed(*layout.zero)))
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
        layout.packed(*state.sums) if state.packed is None else bytes(state.packed),
        state.seen or None,
        state.bought or None,
        json.dumps(rest, ensure_ascii=False) if rest else None,
        state.first,
        state.newest,
        state.contact if state.contact != NEVER else None,
        state.own if state.own != NEVER else None,
        state.recorded,
    )


def unpack(row: Row, *, packed: bool = False) -> State:
    """Turn a STATE row back into a state; its layout must be the one in force.

    Args:
        row: The row.
        packed: Leave the sums packed, in `State.packed`.
    """
    _, _, sums, seen, bought, rest, first, newest, contact, own, recorded = row
    money: dict[int, dict[str, list[float]]] = {}
    ahead: list[tuple[Row, int]] = []
    if rest:
        kept = json.loads(rest)
        money = {int(slot): sums for slot, sums in kept.get("money", {}).items()}
        ahead = [(tuple(row), aged) for row, aged in kept.get("ahead", ())]
    return State(  # by position: this runs for everybody scored, and names cost a third more
        # A list is read and written in a third of the time.
        [] if packed else array("d", sums).tolist(),
        seen or b"",
        bought or b"",
        money,
        ahead,
        first,
        newest,
        NEVER if contact is None else contact,
        NEVER if own is None else own,
        recorded,
        bytearray(sums) if packed else None,
    )
