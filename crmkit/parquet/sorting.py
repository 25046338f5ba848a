"""Rows of a log in whatever order, laid out by month; memory stays flat however many there are.

Rows wait, month by month, until there are enough of one for a file. Where they would take too much
memory before, since an import brought many months at once, the fullest month is written as it is:
`crmkit.parquet.packing` joins the small files afterwards.
"""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.contracts.tables import Table
from crmkit.parquet.arrow import arrow
from crmkit.parquet.drafting import Draft

PART_ROWS = 1 << 19
"""Rows of one file at most: about 20 MB of purchases."""
PART_BYTES = 128 << 20
"""Bytes of memory that the rows of one file take at most, but for its last batch."""
_WAITING_ROWS = PART_ROWS
_WAITING_BYTES = PART_BYTES
CENTURY = 100
"""A month is year * 100 + month where one number stands for it."""


@attrs.define
class Waiting:
    """Rows of one month."""

    tables: list[Any] = attrs.field(factory=list)
    rows: int = 0
    bytes: int = 0


@attrs.define
class Sorter:
    """Takes rows of one log and writes them to files of a month each.

    Inside a file they are sorted by customer, then by seq: whoever asks for one customer, or sums
    by customer, meets his rows together.

    Attributes:
        draft: Where the files are written.
        table: The log.
        name: What it is called in the folder.
    """

    draft: Draft
    table: Table
    name: str
    _months: dict[tuple[int, int], Waiting] = attrs.field(factory=dict)
    _rows: int = 0
    _bytes: int = 0

    def take(self, rows: Any) -> None:
        """Take an Arrow table with the columns of the log."""
        for month, part in by_month(rows):
            waiting = self._months.setdefault(month, Waiting())
            waiting.tables.append(part)
            waiting.rows += part.num_rows
            waiting.bytes += part.nbytes
            self._rows += part.num_rows
            self._bytes += part.nbytes
            if waiting.rows >= PART_ROWS or waiting.bytes >= PART_BYTES:
                self._write(month)
        while self._rows > _WAITING_ROWS or self._bytes > _WAITING_BYTES:
            self._write(max(self._months, key=lambda month: self._months[month].bytes))

    def finish(self) -> None:
        """Write what still waits."""
        for month in sorted(self._months):
            self._write(month)

    def _write(self, month: tuple[int, int]) -> None:
        waiting = self._months.pop(month)
        self._rows -= waiting.rows
        self._bytes -= waiting.bytes
        rows = arrow().concat_tables(waiting.tables)
        order = [("customer", "ascending"), ("seq", "ascending")]
        rows = rows.take(arrow("compute").sort_indices(rows, sort_keys=order))
        with self.draft.writing(self.name, self.draft.part(self.name, month), rows.schema) as file:
            file.write(rows)


def months_of(at: Any) -> Any:
    """Give year * 100 + month (UTC) of a column of instants."""
    pc = arrow("compute")
    plain = at.cast(arrow().int64()).cast(arrow().timestamp("us"))  # no zone: none to look up
    return pc.add(pc.multiply(pc.year(plain), CENTURY), pc.month(plain))


def by_month(rows: Any) -> list[tuple[tuple[int, int], Any]]:
    """Divide rows by the month that they happened in; rows of one month are not copied."""
    pc = arrow("compute")
    months = months_of(rows["at"])
    found = pc.unique(months).to_pylist()
    if not found:
        return []
    if len(found) == 1:
        return [(divmod(found[0], CENTURY), rows)]
    return [
        (divmod(month, CENTURY), rows.take(pc.indices_nonzero(pc.equal(months, month))))
        for month in sorted(found)
    ]
