"""Small files of one month joined: many little exports would leave a month in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crmkit.contracts.parquet import LogFile
from crmkit.parquet.arrow import BATCH, arrow
from crmkit.parquet.drafting import Draft
from crmkit.parquet.sorting import PART_ROWS, Sorter

MANY = 8
"""Small files that a month may have; with one more, all of them are joined."""
_SMALL = PART_ROWS // 2


def pack(draft: Draft, sorter: Sorter) -> None:
    """Join the small files of every month of a log that has too many of them."""
    months: dict[tuple[int, int], list[LogFile]] = {}
    for one in draft.files:
        if one.table == sorter.name and one.rows < _SMALL:
            months.setdefault(one.month, []).append(one)
    for _, small in sorted(months.items()):
        if len(small) > MANY:
            for one in small:
                for rows in content(draft, one):
                    sorter.take(rows)
            sorter.finish()
            for one in small:
                draft.drop(one)


def content(draft: Draft, one: LogFile, columns: list[str] | None = None) -> Iterator[Any]:
    """Read the rows of a file, or some of their columns, as tables of a batch each."""
    with draft.place(one).open("rb") as source, arrow("parquet").ParquetFile(source) as file:
        for batch in file.iter_batches(BATCH, columns=columns):
            yield arrow().Table.from_batches([batch])
