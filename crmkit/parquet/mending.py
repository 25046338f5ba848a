"""Files of earlier exports that no longer tell what the store tells: they are replaced.

An erasure deletes the rows of whoever is erased, wherever they stand, and takes him out of rows of
others that mention him. Nothing else ever changes a row of a log. Which rows are left is known by
one bit each, so that a log of a thousand million rows takes 125 MB to look through; places that
nobody ever stood at, of which a restore leaves out many, take nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from crmkit.contracts.documents import MARK
from crmkit.contracts.parquet import LogFile
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import DECISION, TOUCHPOINT, Table
from crmkit.parquet.arrow import arrow, batches, schema
from crmkit.parquet.drafting import Draft
from crmkit.parquet.packing import content
from crmkit.parquet.sorting import CENTURY, Sorter, months_of

_PAGE = 20
"""Places of a page, as a power of two: 128 KB of bits."""
_IN_PAGE = (1 << _PAGE) - 1
_TOLD = {TOUCHPOINT: ("friend",), DECISION: ("reason", "body")}
"""Columns in which an erasure changes rows of others."""


class Living:
    """Which rows the logs have: a bit a place in the log, by pages; a page of gaps alone is none.

    Attributes:
        pages: Which page of the log stands where.
        bits: Of all these pages, one behind the other.
    """

    def __init__(self, reader: Reader, tables: Iterable[Table], until: int) -> None:
        """Look at every row up to a place."""
        pa, pages, bits = arrow(), dict[int, int](), bytearray()
        for table in tables:
            for (seq,) in reader.scan(table, by=("seq",), high=until, columns=("seq",)):
                page = pages.setdefault(seq >> _PAGE, len(pages))
                if page << _PAGE == len(bits) << 3:
                    bits.extend(bytes(1 << (_PAGE - 3)))
                place = page << _PAGE | seq & _IN_PAGE
                bits[place >> 3] |= 1 << (place & 7)
        self.pages = pa.array(pages, pa.int64())
        self.bits = pa.Array.from_buffers(pa.bool_(), len(bits) << 3, [None, pa.py_buffer(bits)])

    def has(self, seqs: Any) -> Any:
        """Tell of a column of places which of them have a row."""
        pa, pc = arrow(), arrow("compute")
        page = pc.index_in(pc.shift_right(seqs, _PAGE), value_set=self.pages).cast(pa.int64())
        place = pc.bit_wise_or(pc.shift_left(page, _PAGE), pc.bit_wise_and(seqs, _IN_PAGE))
        return pc.fill_null(self.bits.take(place), False)  # noqa: FBT003 - what is nowhere is gone


def forget(draft: Draft, reader: Reader, sorter: Sorter, alive: Living) -> None:
    """Replace the files of a log that hold somebody erased.

    Args:
        draft: The export.
        reader: The store.
        sorter: Writes the log's files.
        alive: Which rows are left.
    """
    for one in [one for one in draft.kept if one.table == sorter.name]:
        if _outdated(draft, one, reader, sorter.table, alive):
            for rows in content(draft, one):
                for part in _as_now(rows, reader, sorter.table, alive):
                    sorter.take(part)
            draft.drop(one)
    sorter.finish()


def remake(draft: Draft, reader: Reader, sorter: Sorter, months: set[tuple[int, int]]) -> None:
    """Read whole months of a log anew, of which a file is missing or damaged."""
    old = [one for one in draft.kept if one.table == sorter.name and one.month in months]
    if not old:
        return
    first, last = min(one.first for one in old), max(one.last for one in old)
    table, pc = sorter.table, arrow("compute")
    wanted = arrow().array([year * CENTURY + month for year, month in months], "int64")
    for rows in batches(reader.scan(table, by=("seq",), low=first, high=last), schema(table)):
        sorter.take(rows.filter(pc.is_in(months_of(rows["at"]), value_set=wanted)))
    sorter.finish()
    for one in old:
        draft.drop(one)


def _outdated(draft: Draft, one: LogFile, reader: Reader, table: Table, alive: Living) -> bool:
    """Tell whether the store has not all rows of a file as they stand there."""
    pc, told = arrow("compute"), _TOLD[table]
    for rows in content(draft, one, ["seq", *told]):
        if not pc.all(alive.has(rows["seq"])).as_py():
            return True
        suspected = rows.filter(_suspected(rows, table))
        there = {one["seq"]: one for one in suspected.to_pylist()}
        for row in _again(reader, table, there):
            if any(row[table.position[name]] != there[row[0]][name] for name in told):
                return True
    return False


def _as_now(rows: Any, reader: Reader, table: Table, alive: Living) -> Iterator[Any]:
    """Give the rows of a file as the store has them today."""
    pc = arrow("compute")
    suspected = _suspected(rows, table)
    yield rows.filter(pc.and_not(alive.has(rows["seq"]), suspected))
    again = _again(reader, table, rows.filter(suspected)["seq"].to_pylist())
    yield from batches(again, schema(table))


def _suspected(rows: Any, table: Table) -> Any:
    """Tell which rows might mention somebody else."""
    pc = arrow("compute")
    if table is TOUCHPOINT:
        return pc.is_valid(rows["friend"])
    return pc.match_substring(rows["body"], MARK)


def _again(reader: Reader, table: Table, seqs: Iterable[int]) -> Iterator[Row]:
    return reader.fetch(table, [(seq,) for seq in seqs], by=("seq",))
