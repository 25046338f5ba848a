"""A transaction that leaves the store a little at a time, so that a channel beside it can go on.

A batch of rows takes a store many milliseconds, and a mail server answers in a tenth of one: where
both have one thread, the connections are looked after between one part of the rows and the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import Table
from crmkit.outreach.steps import Breath

T = TypeVar("T")
_ROWS = 40
"""Rows at a time: about half a millisecond, and few enough calls of the store."""


class AttentiveReader(Reader):
    """Reads as another reader does, and lets somebody breathe in between."""

    def __init__(self, reader: Reader, breath: Breath) -> None:
        """Read by `reader`."""
        self._reader = reader
        self._breath = breath

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`."""
        for part in self._parts(dict.fromkeys(keys)):
            yield from self._reader.fetch(table, part, by=by)

    def scan(self, table: Table, **how: Any) -> Iterator[Row]:
        """Stream rows in order."""
        return self._breath.over(self._reader.scan(table, **how))

    def count(self, table: Table, where: Any = None) -> int:
        """Count rows."""
        return self._reader.count(table, where)

    def watermark(self) -> int:
        """Give the ``seq`` up to which nothing new can appear any more."""
        return self._reader.watermark()

    def _parts(self, given: Iterable[T]) -> Iterator[list[T]]:
        """Cut into parts, and breathe behind each; all in one where nobody waits."""
        rest = iter(given)
        while part := list(islice(rest, _ROWS if self._breath.is_awaited else None)):
            yield part
            self._breath()


class AttentiveWriter(AttentiveReader, Writer):
    """Writes as another writer does, and lets somebody breathe in between."""

    def __init__(self, writer: Writer, breath: Breath) -> None:
        """Write by `writer`."""
        super().__init__(writer, breath)
        self._writer = writer

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows as they are now, whatever is written before they are taken."""
        return iter(list(super().fetch(table, keys, by=by)))

    def sequence(self, count: int) -> int:
        """Reserve values of ``seq`` and give the first."""
        return self._writer.sequence(count)

    def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
        """Add rows whose key is new; give the positions of the others."""
        known: list[int] = []
        done = 0
        for part in self._parts(rows):
            known += (done + place for place in self._writer.append(table, part))
            done += len(part)
        return known

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, or replace those with the same key."""
        for part in self._parts(rows):
            self._writer.put(table, part)

    def change(self, table: Table, rows: Sequence[Row], columns: tuple[str, ...]) -> None:
        """Replace rows that are there, and differ in some columns alone."""
        for part in self._parts(rows):
            self._writer.change(table, part, columns)

    def delete(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> int:
        """Delete rows; tell how many."""
        parts = self._parts(dict.fromkeys(keys))
        return sum(self._writer.delete(table, part, by=by) for part in parts)
