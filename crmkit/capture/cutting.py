"""A stream of records cut into batches, each read before its transaction; the next one ahead.

Reading takes Python as long as writing takes a database on another core, so a batch may be begun
while the one before it is written. Only where that runs none of the host's code: a generator is
asked between two transactions and never within one, since it may ask the same database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import attrs

from crmkit.capture.fields import Fields
from crmkit.capture.outcome import Staged
from crmkit.capture.parse import PLAIN, Parser
from crmkit.capture.whose import Whose
from crmkit.model.touchpoint import Rejection

_ROOM = 16_000_000
"""Characters of unusually large records that one batch may hold."""
_PIECE = 100
"""Records read between two looks at the database."""


@attrs.define
class Read:
    """A batch that was read: what could be, and what could not, by place.

    Attributes:
        staged: What could be.
        rejected: What could not.
        room: Characters that are left for unusually large records.
    """

    staged: Staged = attrs.field(factory=Staged)
    rejected: list[tuple[int, Rejection]] = attrs.field(factory=list)
    room: int = attrs.field(factory=lambda: _ROOM)


class Cutter:
    """Cuts a stream into batches.

    A batch ends after `size` records, or earlier where they are huge. Both depend on the records
    alone, so that a second run cuts the same batches.
    """

    def __init__(self, records: Iterable[Any], parser: Parser, whose: Whose, size: int) -> None:
        """Read nothing yet.

        Args:
            records: The stream.
            parser: Reads a record; its clock must be set before a batch is read.
            whose: Looks up whose they are.
            size: Records of a batch.
        """
        self._listed: Sequence[Any] | None = None
        if isinstance(records, list | tuple) and type(records) in (list, tuple):
            self._listed = records
        self._stream = iter(records)
        self._parse = parser.parse
        self._meet = whose.meet
        self._size = size
        self._taken = 0
        self._next = Read()

    def batch(self) -> Read:
        """Give the next batch, empty at the end of the stream.

        Raises:
            Exception: what the stream raised.
        """
        self._fill(self._size)
        read, self._next = self._next, Read()
        return read

    def ahead(self) -> Iterator[None]:
        """Read the next batch piece by piece, as far as no code of the host's would be run.

        And find out whose its records are, if they were met before.
        """
        while self._listed is not None:
            records = self._next.staged.records
            piece = self._listed[self._taken : self._taken + _PIECE]
            plain = all(type(record) in PLAIN for record in piece)
            if not piece or not plain or not self._fill(len(records) + len(piece)):
                break
            yield
        yield from self._meet(self._next.staged)

    def _fill(self, most: int) -> bool:
        """Read until the batch has so many records; tell whether there may be room for more."""
        read, parse, most = self._next, self._parse, min(most, self._size)
        staged = read.staged
        records, places, parsed = staged.records, staged.places, staged.parsed
        if read.room < 0:
            return False
        began = len(records)
        try:
            for record in islice(self._stream, most - began):
                found = record if isinstance(record, Rejection) else parse(record)
                if isinstance(found, Rejection):
                    read.rejected.append((len(records), found))
                    read.room -= _weight(found.record)
                else:
                    places.append(len(records))
                    parsed.append(found)
                    if type(found) is Fields:  # a plain record is small
                        read.room -= sum(len(value) for value in found if type(value) is str)
                records.append(record)
                if read.room < 0:
                    return False
        finally:
            self._taken += len(records) - began
        return len(records) < self._size


def _weight(record: Any) -> int:
    """Give about how many characters a rejected record holds on to."""
    if isinstance(record, dict):
        return sum(map(_length, dict.values(record)))
    return _length(record)


def _length(value: object) -> int:
    """Give a text's length, whatever a class of the host's own would say."""
    if isinstance(value, str):
        return str.__len__(value)
    return bytes.__len__(value) if isinstance(value, bytes) else 0
