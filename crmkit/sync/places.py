"""How far a sync has come: on the CRM's side by its cursor, on ours by the commit order."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmkit.contracts.connector import Changes, Cursor, SyncAborted
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Writer
from crmkit.model.serial import Record

TICK = timedelta(seconds=2)
"""A remote of whole seconds, which may give those after an instant alone, is asked from one before
it: two behind the newest change ask for nothing that was read."""


def goes_on(page: Changes, cursor: Cursor | None, whose: str) -> bool:
    """Tell whether another page is to be read; a connector that stands still is not asked again.

    Args:
        page: What came.
        cursor: What was asked for.
        whose: Name of the connector and its object.

    Raises:
        SyncAborted: the page brought records and stands still: they would come again for ever.
    """
    stands = page.cursor == cursor
    if page.more and stands and page.records:
        message = (
            f"{whose}: a page of {len(page.records):,} records ended where it began, though more "
            "are said to come: the connector must give a cursor that lies behind its last record"
        )
        raise SyncAborted(message)
    return page.more and not stands


@attrs.frozen(kw_only=True)
class Window(Record):
    """How far one stream of the CRM's changes was read.

    Attributes:
        cursor: The newest change that was applied; None: nothing ever came.
        settled: Everything up to the cursor was read when nothing more could be committed behind
            it: it need not be read again.
        reading: Where a reading stands that was not finished; None: none is under way.
        began: The CRM's clock when the reading that is under way, or was the last, began.
        seen: Likewise when the first reading that found the cursor was over.
        lasted: Seconds that the last reading took, by that clock.

    That clock is the one of its answers. Whoever answers need not be who stamps the records, and
    may be hours off: its instants are held against one another, never against theirs.
    """

    cursor: Cursor | None = None
    settled: bool = False
    reading: Cursor | None = None
    began: datetime | None = None
    seen: datetime | None = None
    lasted: float = 0.0

    def start(self, overlap: timedelta) -> Cursor | None:
        """Give where reading begins, or goes on.

        Behind a settled cursor nothing was there a tick later either, so that its own instant,
        which thousands of records may bear, is not read once more. Else the first pages may have
        been read long before the last: what was committed late is looked for from then on.
        """
        if self.reading is not None:
            return self.reading
        if self.cursor is None or self.cursor.at is None:
            return self.cursor
        if self.settled:
            return Cursor(at=self.cursor.at + TICK)
        return Cursor(at=self.cursor.at - timedelta(seconds=self.lasted) - overlap)

    def after(self, page: Changes, overlap: timedelta) -> Window:
        """Give the window once a page was applied."""
        began = page.now if self.reading is None else self.began
        if page.more:
            return attrs.evolve(self, reading=page.cursor, began=began)
        nothing = self.settled and self.reading is None and not page.records
        newest = self.cursor if nothing else _later(self.cursor, page.cursor)
        at = None if newest is None else newest.at
        known = at is not None and self.cursor is not None and at == self.cursor.at
        seen = (self.seen if known else None) or page.now
        return Window(
            cursor=newest,
            settled=at is not None and _between(seen, began) >= overlap + TICK,
            began=began,
            seen=seen,
            lasted=_between(began, page.now).total_seconds(),
        )

    def anew(self) -> Window:
        """Give the window as it was before the reading that is under way."""
        return attrs.evolve(self, reading=None)


def _between(start: datetime | None, end: datetime | None) -> timedelta:
    """Give how long it was from one instant of a clock to another; nothing where none is told."""
    return timedelta() if start is None or end is None else max(end - start, timedelta())


def _later(one: Cursor | None, other: Cursor | None) -> Cursor | None:
    """Give the later of two cursors; tokens are good for one reading only, unless they are all."""
    if other is None or (other.at is None and not other.token and not other.id):
        return one
    if one is None or one.at is None:
        return other if other.at is None else Cursor(at=other.at, id=other.id)
    if other.at is None or other.at < one.at:
        return one
    return Cursor(at=other.at, id=other.id)


@attrs.frozen(kw_only=True)
class Place(Record):
    """How far the sync of one object has come.

    Attributes:
        changed: What was changed there.
        deleted: What was deleted there.
        mark: Place in our commit order up to which everything was looked at.
        swept: When every id was last enumerated, in microseconds; 0: never.
        rules: Tells whether the mapping is still the one that this was reached by.
    """

    changed: Window = Window()
    deleted: Window = Window()
    mark: int = 0
    swept: int = 0
    rules: str = ""


def read_place(reader: Reader, connector: str, object: str) -> Place:  # noqa: A002
    """Read how far the sync of one object has come."""
    written = read_fact(reader, _name(connector, object))
    return Place() if written is None else Place.from_dict(json.loads(written))


def write_place(writer: Writer, connector: str, object: str, place: Place) -> None:  # noqa: A002
    """Write it down."""
    plain: dict[str, Any] = place.to_dict()
    write_fact(writer, _name(connector, object), json.dumps(plain, sort_keys=True))


def _name(connector: str, object: str) -> str:  # noqa: A002
    return f"sync.{connector}.at.{object}"
