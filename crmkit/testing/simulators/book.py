"""What a simulated CRM remembers: records by object, each with when it was last changed.

Beside what comes over the wire, a test plays the people who work in the CRM: they add, edit,
delete and merge records through the same book.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any

import attrs


@attrs.define
class Entry:
    """One record.

    Attributes:
        id: Its id.
        values: Its fields.
        created: When it was made.
        changed: When it was last changed.
        deleted: When it was deleted or archived; None: it is there.
        merged_into: The id it was merged into.
        hidden: Reads do not show it before this instant: its transaction commits late.
    """

    id: str
    values: dict[str, Any]
    created: datetime
    changed: datetime
    deleted: datetime | None = None
    merged_into: str | None = None
    hidden: datetime | None = None


class Book:
    """Records of every object of one simulated CRM; safe to use from several threads.

    Attributes:
        step: How far the clock goes on at each write; zero makes all writes one instant.
        writes: How often anything was written; what was worked out before may be kept until then.
    """

    def __init__(
        self,
        *,
        start: datetime | None = None,
        step: timedelta = timedelta(milliseconds=1),
        grain: timedelta = timedelta(milliseconds=1),
        first: int = 1,
    ) -> None:
        """Begin empty.

        Args:
            start: The CRM's own clock, which then moves by `step` and `advance` alone; None: it
                is the machine's.
            step: See the class.
            grain: Instants are cut to multiples of this.
            first: Number of the first id.
        """
        self.step = step
        self.lock = RLock()
        self.writes = 0
        self._grain = grain
        self._now = start
        self._ahead = timedelta(0)
        self._stopped: datetime | None = None
        self._ids = count(first)
        self._objects: dict[str, dict[str, Entry]] = {}
        self._order: dict[str, list[tuple[datetime, str]]] = {}
        self._revisions: dict[str, int] = {}
        self._found: dict[tuple[str, str], dict[Any, dict[str, None]]] = {}

    # -- the clock ---------------------------------------------------------------------

    def now(self) -> datetime:
        """Give the CRM's own clock."""
        now = datetime.now(UTC) if self._now is None else self._now
        return now + self._ahead

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._ahead += by

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all that is written meanwhile bear one instant."""
        with self.lock:
            self._stopped = self._tick()
            try:
                yield
            finally:
                self._stopped = None

    def _tick(self) -> datetime:
        if self._stopped is not None:
            return self._stopped
        if self._now is not None:
            self._now += self.step
        now = self.now()
        return now - (now - datetime(2000, 1, 1, tzinfo=UTC)) % self._grain

    # -- writing, by a call or by a person -------------------------------------------------

    def new_id(self) -> str:
        """Give the next number, as a text."""
        return str(next(self._ids))

    def create(
        self,
        entity: str,
        values: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - the word of the record
        late: timedelta | None = None,
    ) -> Entry:
        """Add a record; one that is `late` shows only after so long, with the instant of now.

        Raises:
            ValueError: the id is another record's.
        """
        with self.lock:
            taken = self.of(entity)
            free = (name for name in iter(self.new_id, None) if name not in taken)
            name = next(free) if id is None else id
            if name in taken:
                raise ValueError(f"{entity} has a record {name!r} already")
            at = self._tick()
            entry = Entry(name, dict(values), at, at)
            entry.hidden = None if late is None else self.now() + late
            taken[entry.id] = entry
            self._note(entity, entry.id, {}, entry.values)
            return entry

    def edit(self, entity: str, id: str, **values: Any) -> Entry:  # noqa: A002
        """Change fields of a record."""
        return self.update(entity, id, values)

    def update(self, entity: str, id: str, values: Mapping[str, Any]) -> Entry:  # noqa: A002
        """Change fields of a record, whatever they are called."""
        with self.lock:
            entry = self.of(entity)[id]
            before = dict(entry.values)
            entry.values.update(values)
            entry.changed = self._tick()
            self._note(entity, id, before, entry.values)
            return entry

    def delete(self, entity: str, id: str) -> Entry:  # noqa: A002
        """Delete or archive a record; it stays in the book, as deleted."""
        with self.lock:
            entry = self.of(entity)[id]
            if entry.deleted is None:
                entry.deleted = entry.changed = self._tick()
                self._note(entity, id, entry.values, {})
            return entry

    def merge(self, entity: str, keep: str, drop: str) -> Entry:
        """Make two records one: `drop` is deleted, and what `keep` lacks is filled from it."""
        with self.lock:
            kept, dropped = self.of(entity)[keep], self.of(entity)[drop]
            filled = {
                name: value
                for name, value in dropped.values.items()
                if kept.values.get(name) in (None, "")
            }
            self.delete(entity, drop)
            dropped.merged_into = keep
            return self.update(entity, keep, filled)

    def forget(self, entity: str, id: str) -> None:  # noqa: A002
        """Delete a record so that nothing tells of it any more."""
        with self.lock:
            entry = self.of(entity).pop(id)
            self._note(entity, id, entry.values, {})

    def _note(
        self, entity: str, id_: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        """Forget what was worked out before a write, and keep the places of `find`."""
        self.writes += 1
        order, entry = self._order.get(entity), self.of(entity).get(id_)
        if order is not None and entry is not None:
            _insert(order, (entry.changed, id_))
        self._revisions[entity] = self.revision(entity) + 1
        for (of, field), places in self._found.items():
            if of == entity:
                places.get(_folded(before.get(field)), {}).pop(id_, None)
                places.setdefault(_folded(after.get(field)), {})[id_] = None

    # -- reading -----------------------------------------------------------------------

    def revision(self, entity: str) -> int:
        """Give a number that every write to an object raises: what was read before it is old."""
        return self._revisions.get(entity, 0)

    def of(self, entity: str) -> dict[str, Entry]:
        """Give an object's records by id, deleted ones among them."""
        return self._objects.setdefault(entity, {})

    def get(self, entity: str, id: str) -> Entry | None:  # noqa: A002
        """Give a record that is there, else None."""
        entry = self.of(entity).get(id)
        return entry if entry is not None and self._shows(entry) else None

    def find(self, entity: str, field: str, value: Any) -> list[Entry]:
        """Give the records that are there with a value in a field, texts in any case.

        It takes no longer where there are many records.
        """
        with self.lock:
            places = self._found.get((entity, field))
            if places is None:
                places = self._found[entity, field] = {}
                for entry in self.of(entity).values():
                    places.setdefault(_folded(entry.values.get(field)), {})[entry.id] = None
            found = (self.get(entity, id_) for id_ in places.get(_folded(value), ()))
            return [entry for entry in found if entry is not None]

    def live(self, entity: str) -> list[Entry]:
        """Give the records that are there, in the order of their ids' making."""
        with self.lock:
            return [entry for entry in self.of(entity).values() if self._shows(entry)]

    def _shows(self, entry: Entry) -> bool:
        """Tell whether a record is there, and what wrote it has committed."""
        return entry.deleted is None and (entry.hidden is None or entry.hidden <= self.now())

    def changed(
        self, entity: str, since: datetime | None = None, *, deleted: bool | None = False
    ) -> Iterator[Entry]:
        """Stream the records changed at or after an instant, oldest change first, then by id.

        Args:
            entity: Which object.
            since: From here on; None: all of them.
            deleted: True: those that were deleted; False: those that are there; None: both.
        """
        with self.lock:
            records, now = self.of(entity), self.now()
            order = self._order.get(entity, [])
            if not len(records) <= len(order) <= 2 * len(records):  # too many places of before
                order = sorted((entry.changed, entry.id) for entry in records.values())
                self._order[entity] = order
            for at, id_ in order[_place(order, since) :]:
                entry = records.get(id_)
                if entry is None or entry.changed != at:
                    continue
                if entry.hidden is not None and entry.hidden > now:
                    continue
                if deleted is None or deleted == (entry.deleted is not None):
                    yield entry


def _folded(value: Any) -> Any:
    """Give what two equal values have in common; a list is equal to its own text."""
    if isinstance(value, str):
        return value.casefold()
    return repr(value) if isinstance(value, (list, dict)) else value


def _insert(order: list[tuple[datetime, str]], place: tuple[datetime, str]) -> None:
    """Keep a place in order, nearly always the last; what stood elsewhere before is passed over."""
    at = bisect_left(order, place)
    if at == len(order) or order[at] != place:
        order.insert(at, place)


def _place(order: list[tuple[datetime, str]], since: datetime | None) -> int:
    return 0 if since is None else bisect_left(order, (since, ""))
