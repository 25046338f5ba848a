"""Tables: the header of a CSV file, and the rows below it by the names of their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from crmkit.arguments import show
from crmkit.capture.lines import Bad, Cells
from crmkit.capture.mapping import Getter, near
from crmkit.errors import MappingError

_SEPARATOR = re.compile("\ufeff?sep=(.)\r?\n")
Row = tuple[int, Any]
"""A line's number, and its cells or its object."""


def table(
    lines: Iterator[str], delimiter: str | None, file: str
) -> tuple[Iterator[Row | Bad], list[str]]:
    """Read the header; give the rows that have as many cells as it, and the header.

    Args:
        lines: The lines of the file; Excel may have put ``sep=;`` before the header.
        delimiter: What separates the columns; None: what the file says or its name means.
        file: The file's name.

    Raises:
        MappingError: there is no header, or none that can be read.
    """
    usual = "\t" if file.removesuffix(".gz").endswith(".tsv") else ","
    first = next(lines, "")
    said = _SEPARATOR.fullmatch(first)
    if said is None:
        cells = Cells(chain([first], lines), delimiter or usual)
    else:
        cells = Cells(lines, said[1], 1)
    rows = iter(cells)
    top = next(rows, None)
    if top is None:
        message = f"{file} is empty: its first line must name the columns"
        raise MappingError(message, field="header")
    if isinstance(top, Bad):
        raise MappingError(f"{file}: the header {top.reason}", field="header")
    header = [name.strip() for name in top[1]]
    while header and not header[-1]:  # nobody can ask for them
        header.pop()
    return _even(rows, len(header)), header


def _even(rows: Iterator[Row | Bad], width: int) -> Iterator[Row | Bad]:
    """Give the rows of the header's width; one that is longer by empty cells lacks nothing.

    One of empty cells alone, as spreadsheets leave them below a table, is passed over.
    """
    for row in rows:
        if isinstance(row, Bad):
            yield row
            continue
        line, cells = row
        if not cells[0] and not any(map(str.strip, cells)):
            continue
        if len(cells) == width:
            yield row
        elif any(map(str.strip, cells[width:])) or len(cells) < width:
            reason = f"has {len(cells)} columns, the header has {width}"
            yield Bad(line, ",".join(cells)[:1_000], reason)
        else:
            yield line, cells[:width]


def by_name(header: list[str], file: str) -> Callable[[str], Getter]:
    """Give what makes a getter of a column's name; a name that is not used may stand twice.

    A blank may stand for what looks like one in a spreadsheet: a line break, a no-break space.
    """
    plain = [" ".join(name.split()) for name in header]

    def column(name: str) -> Getter:
        names, wanted = (header, name) if name in header else (plain, " ".join(name.split()))
        if wanted not in names:
            message = f"{file}: there is no column {show(name)}{near(name, {*header})}"
            raise MappingError(message, field=name)
        if names.count(wanted) > 1:
            message = f"{file}: the column {show(name)} stands twice: rename one of them"
            raise MappingError(message, field=name)
        place = names.index(wanted)
        return lambda row: row[place].strip() or None

    return column
