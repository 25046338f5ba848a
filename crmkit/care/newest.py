"""Somebody's touchpoints, newest first, read only as far back as somebody looks.

What an agenda item tells is nearly always among the last few; those who buy most have thousands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import overload

from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.value.history import FOREVER, Entry

_FEW, _MANY = 16, 2_000
_BY = ("customer", "at")
_SEQ = TOUCHPOINT.position["seq"]
_AT = TOUCHPOINT.position["at"]
_PLACE = [TOUCHPOINT.position[name] for name in (*_BY, *TOUCHPOINT.key)]


class Newest(Sequence[Entry]):
    """What holds of somebody's touchpoints and happened before an instant, newest first.

    To go through it reads a few, then more; its length, or the place of one, reads them all. What
    was read is kept. Use it while its reader is open.
    """

    def __init__(
        self, reader: Reader, bases: Iterable[str], until: int, voided: frozenset[int]
    ) -> None:
        """Read nothing yet.

        Args:
            reader: One consistent look.
            bases: Every id that his were written with.
            until: The instant, exclusive, in microseconds.
            voided: By seq, touchpoints that no longer hold.
        """
        found = merge(*(_rows(reader, base, until) for base in bases), key=_place, reverse=True)
        self._rest = (Entry(row, FOREVER) for row in found if row[_SEQ] not in voided)
        self._read: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        """Give one after the other."""
        place = 0
        while place < len(self._read) or self._more():
            yield self._read[place]
            place += 1

    def _more(self) -> bool:
        """Read one more; False where there is none."""
        found = next(self._rest, None)
        if found is not None:
            self._read.append(found)
        return found is not None

    def _all(self) -> list[Entry]:
        self._read.extend(self._rest)
        return self._read

    def __len__(self) -> int:
        """Count them."""
        return len(self._all())

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | list[Entry]:
        """Give those at a place."""
        return self._all()[place]


def _place(row: Row) -> tuple[int, int]:
    return row[_AT], row[_SEQ]


def _rows(reader: Reader, base: str, until: int) -> Iterator[Row]:
    """Give one id's rows, newest first; of one instant, the last recorded first."""
    for _, together in groupby(_pages(reader, base, until), key=lambda row: row[_AT]):
        yield from sorted(together, key=_place, reverse=True)


def _pages(reader: Reader, base: str, until: int) -> Iterator[Row]:
    after: Row | None = None
    size = _FEW
    while True:
        page = list(
            reader.scan(
                TOUCHPOINT,
                by=_BY,
                equal=(base,),
                high=until - 1,
                after=after,
                reverse=True,
                limit=size,
            )
        )
        yield from page
        if len(page) < size:
            return
        after = tuple(page[-1][place] for place in _PLACE)
        size = min(size * 8, _MANY)
