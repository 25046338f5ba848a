"""Whether the folder and the store go back to the same log, and who was erased between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from crmkit.contracts.parquet import Manifest, refuse
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import DECISION, TOUCHPOINT, Table
from crmkit.errors import InvalidValueError

_RECORDED = {TOUCHPOINT: "recorded", DECISION: "at"}


class Line(Protocol):
    """Places in a log, told from those that a restore from a backup has left behind."""

    def cursor(self, seq: int) -> str:
        """Write a place in this log."""

    def place(self, cursor: str) -> int:
        """Read a place; an InvalidValueError where it is none in this log."""


def newest(reader: Reader, until: int) -> dict[str, tuple[int, int]]:
    """Give the seq of each log's newest row, and when it was recorded; without empty logs."""
    rows = {
        table.name: next(
            reader.scan(
                table,
                by=("seq",),
                high=until,
                reverse=True,
                limit=1,
                columns=("seq", recorded),
            ),
            None,
        )
        for table, recorded in _RECORDED.items()
    }
    return {name: (row[0], row[1]) for name, row in rows.items() if row is not None}


def erased_since(reader: Reader, watermark: int) -> bool:
    """Tell whether anybody was erased behind a place in the commit order.

    An erasure above the watermark of today counts as well: what it deleted is gone already.
    """
    decisions = reader.scan(
        DECISION, by=("kind", "seq"), equal=("erase",), low=watermark + 1, limit=1
    )
    return any(decisions)


def check_same(reader: Reader, before: Manifest, line: Line, *, erased: bool) -> None:
    """Refuse a folder whose newest rows are not those that the store has at their places.

    Args:
        reader: The store.
        before: What the folder holds.
        line: The restores that led to the store's log.
        erased: Whether rows may be missing, since somebody was erased.

    Raises:
        ExportError: another database's log is there; or this one was restored from a backup.
    """
    same = (
        _leads_here(before.cursor, line)
        and before.watermark <= reader.watermark()
        and all(_is_there(reader, table, before.newest, erased=erased) for table in _RECORDED)
    )
    if not same:
        refuse(
            before.folder,
            "the log there is another database's, or this one was restored from a backup since: "
            "delete the folder, or name an empty one",
        )


def _leads_here(cursor: str, line: Line) -> bool:
    try:
        line.place(cursor)
    except InvalidValueError:
        return False
    return True


def _is_there(
    reader: Reader, table: Table, told: Mapping[str, tuple[int, int]], *, erased: bool
) -> bool:
    if table.name not in told:
        return True
    seq, recorded = told[table.name]
    place = table.position[_RECORDED[table]]
    rows = [row[place] for row in reader.fetch(table, [(seq,)], by=("seq",))]
    return rows == [recorded] if rows else erased
