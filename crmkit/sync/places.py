"""How far a sync has come: on the CRM's side by its cursor, on ours by the commit order."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmkit.contracts.connector import Changes, Cursor
from crmkit.contracts.meta import read_fact, write_fact
from crmkit.contracts.store import Reader, Writer
from crmkit.model.serial import Record

TICK = timedelta(seconds=2)
"""A remote of whole seconds, which may give those after an instant alone, is asked from one before
it: two behind the newest change ask for nothing that was read."""


@attrs.frozen(kw_only=True)
class Window(Record):
    """How far one stream of the CRM's changes was read.

    Attributes:
        cursor: The newest change that was applied; None: nothing ever came.
        settled: Everything up to the cursor was read at an instant, by the CRM's own clock, when
            nothing more could be committed behind it: it need not be read again.
        reading: Where a reading stands that was not finished; None: none is under way.
        began: The CRM's clock when the reading that is under way, or was the last, began.
    """

    cursor: Cursor | None = None
    settled: bool = False
    reading: Cursor | None = None
    began: datetime | None = None

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
        return Cursor(at=min(self.cursor.at, self.began or self.cursor.at) - overlap)

    def after(self, page: Changes, overlap: timedelta) -> Window:
        """Give the window once a page was applied."""
        began = page.now if self.reading is None else self.began
        if page.more:
            return attrs.evolve(self, reading=page.cursor, began=began)
        newest = _later(self.cursor, page.cursor)
        settled = (
            newest is not None
            and newest.at is not None
            and began is not None
            and began >= newest.at + overlap + TICK
        )
        return Window(cursor=newest, settled=settled, began=began)

    def anew(self) -> Window:
        """Give the window as it was before the reading that is under way."""
        return attrs.evolve(self, reading=None)


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
