"""Rows of the ledger: read, counted and turned into what users see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import MESSAGE
from crmkit.model.outreach import (
    ACCEPTED,
    CLAIMED,
    FAILED,
    PLANNED,
    REFUSED,
    UNKNOWN,
    LedgerRow,
)

_RANKS = {
    PLANNED: 0,
    FAILED: 0,
    REFUSED: 0,
    CLAIMED: 0,
    UNKNOWN: 0,
    ACCEPTED: 1,
    "sent": 2,
    "delivered": 3,
    "bounced": 4,
    "opened": 5,
    "clicked": 6,
    "replied": 7,
    "complained": 8,
    "unsubscribed": 9,
}
"""How far each state is: a receipt moves a row on, never back. A bounce may follow a delivery,
for a mailbox may give a message back later; whoever opened it surely has it."""
TAKEN = frozenset({CLAIMED, UNKNOWN, ACCEPTED}) | {
    state for state, rank in _RANKS.items() if rank > 1 and state != "bounced"
}
"""States that use up a cap: the customer has it, or may have it. What came back reached nobody."""


class Entry(NamedTuple):
    """One row of MESSAGE, in its columns' order and units: it is what a store keeps."""

    customer: str
    purpose: str
    occasion: str
    channel: str
    number: int
    mailing: int
    state: str = PLANNED
    reason: str | None = None
    detail: str = ""
    provider: str | None = None
    code: str | None = None
    at: int = 0
    planned: int = 0
    sent: int | None = None
    next: int | None = None
    attempts: int = 0
    expires: int | None = None
    lease: str | None = None
    variables: str | None = None
    system: str | None = None
    address: str | None = None

    @property
    def id(self) -> str:
        """Its id, as users and channels know it."""
        return str(self.number)

    @property
    def identity(self) -> tuple[str, str] | None:
        """What it was last sent to; None: that is not known, or the channel needs no address."""
        if self.system is None or self.address is None:
            return None
        return (self.system, self.address)

    @property
    def key(self) -> Row:
        """What makes it unique."""
        return (self.customer, self.purpose, self.occasion, self.channel)

    def record(self) -> LedgerRow:
        """Give it as users see it."""
        return LedgerRow(
            id=self.id,
            customer_id=self.customer,
            purpose=self.purpose,
            occasion=self.occasion,
            channel=self.channel,
            state=self.state,
            reason=self.reason,
            detail=self.detail,
            provider_id=self.provider,
            provider_code=self.code,
            at=_at(self.at),
            planned_at=_at(self.planned),
            sent_at=_instant(self.sent),
            next=_instant(self.next),
            attempts=self.attempts,
            expires=_instant(self.expires),
        )


def rank(state: str) -> int:
    """Tell how far a state is: a receipt moves a row on, never back."""
    return _RANKS[state]


def entry(row: Row) -> Entry:
    """Read a row of MESSAGE."""
    return Entry._make(row)


def by_numbers(reader: Reader, numbers: Iterable[int]) -> list[Entry]:
    """Read those with these numbers that there are, in their order."""
    rows = reader.fetch(MESSAGE, [(one,) for one in set(numbers)], by=("number",))
    return sorted(map(entry, rows), key=lambda one: one.number)


def of_customers(reader: Reader, ids: Iterable[str]) -> list[Entry]:
    """Read all messages that were written for any of these ids, oldest first."""
    rows = reader.fetch(MESSAGE, [(one,) for one in set(ids)], by=("customer",))
    return sorted(map(entry, rows), key=lambda one: one.number)


def on_occasion(reader: Reader, ids: Iterable[str], purpose: str, occasion: str) -> list[Entry]:
    """Read what was written for any of these ids on one occasion, oldest first."""
    keys = [(one, purpose, occasion) for one in set(ids)]
    rows = reader.fetch(MESSAGE, keys, by=("customer", "purpose", "occasion"))
    return sorted(map(entry, rows), key=lambda one: one.number)


def due(reader: Reader, states: Sequence[str], now: int, limit: int | None) -> list[Entry]:
    """Read those in these states for which something is due, longest overdue first."""
    found: list[Entry] = []
    for state in states:
        rows = reader.scan(
            MESSAGE, by=("state", "next"), equal=(state,), low=0, high=now, limit=limit
        )
        found.extend(map(entry, rows))
    found.sort(key=lambda one: (one.next, one.number))
    return found if limit is None else found[:limit]


def in_state(reader: Reader, state: str) -> Iterator[Entry]:
    """Stream those in a state."""
    return map(entry, reader.scan(MESSAGE, by=("state", "next"), equal=(state,)))


def listing(
    reader: Reader,
    ids: Sequence[str] | None,
    *,
    after: int = 0,
    limit: int | None = None,
    **wanted: Any,
) -> Iterator[Entry]:
    """Stream rows in the order they were entered.

    Args:
        reader: Where to read.
        ids: Only of these customers; None: of all.
        after: Only behind this number.
        limit: At most so many.
        wanted: Columns that must have these values; None: any.
    """
    where = {name: value for name, value in wanted.items() if value is not None}
    if ids is None:
        rows = reader.scan(MESSAGE, by=("number",), low=after + 1, where=where or None, limit=limit)
        yield from map(entry, rows)
        return
    left = limit
    for one in of_customers(reader, ids):
        if one.number <= after or any(getattr(one, name) != v for name, v in where.items()):
            continue
        if left is not None:
            if not left:
                return
            left -= 1
        yield one


def _instant(value: int | None) -> Any:
    return None if value is None else _at(value)


_at = lru_cache(256)(instant)  # what is entered together has the same
