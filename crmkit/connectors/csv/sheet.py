"""A CSV file as it is: read strictly, so that half a file is never taken for a whole one.

The form is RFC 4180: UTF-8, a header, as many cells in each row. A byte order mark and the kind of
line ends are kept as a spreadsheet left them. Rows without any text are left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

import attrs

from crmkit.contracts.connector import SyncAborted

LONGEST = 10_000_000
"""Characters of the longest cell that is read or written."""
_MARK = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@attrs.frozen
class Sheet:
    """The rows of a file.

    Attributes:
        header: Names of the columns, as they stand.
        rows: Cells of each row.
        lines: The line of the file on which each row ends.
        mark: Whether the file begins with a byte order mark.
        ending: What ends a line.
        whole: Whether it ends the last line, too.
    """

    header: tuple[str, ...]
    rows: list[list[str]] = attrs.field(factory=list)
    lines: list[int] = attrs.field(factory=list)
    mark: bool = False
    ending: str = "\r\n"
    whole: bool = True


def parse(data: bytes, name: str, delimiter: str) -> Sheet:
    """Read a file.

    Args:
        data: All of it.
        name: What errors call it.
        delimiter: What stands between two cells.

    Raises:
        SyncAborted: it is no such file, or only a part of one; says on which line.
    """
    if data.startswith(_WIDE) or b"\0" in data:
        raise SyncAborted(f"{name} is no UTF-8 text: save it as 'CSV UTF-8'")
    try:
        text = data.removeprefix(_MARK).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SyncAborted(f"{name}, line {line}, is not UTF-8: save it as 'CSV UTF-8'") from None
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    sheet = Sheet(
        header=_header(reader, name, delimiter),
        mark=data.startswith(_MARK),
        ending="\n" if "\r\n" not in text and "\n" in text else "\r\n",
        whole=text.endswith(("\n", "\r")),
    )
    try:
        for row in reader:
            if not any(row):
                continue
            if len(row) != len(sheet.header):
                message = f"has {len(row)} cells where the header has {len(sheet.header)}"
                raise SyncAborted(f"{name}, line {reader.line_num}, {message}{_HALF}")
            sheet.rows.append(row)
            sheet.lines.append(reader.line_num)
    except csv.Error as error:
        raise _broken(name, reader.line_num, error) from None
    return sheet


_HALF = ": mend it, or save the file again if it was not written to its end"


def _header(reader: Iterable[list[str]], name: str, delimiter: str) -> tuple[str, ...]:
    try:
        header = tuple(next(iter(reader), ()))
    except csv.Error as error:
        raise _broken(name, 1, error) from None
    if not any(header):
        raise SyncAborted(f"{name} has no header: its first line must name the columns{_HALF}")
    for place, column in enumerate(header, 1):
        if not column:
            raise SyncAborted(f"{name}: column {place} has no name")
        if header.index(column) != place - 1:
            raise SyncAborted(f"{name} has two columns called {column!r}")
    if len(header) == 1 and (other := re.search(r"[;\t,]", header[0])):
        message = f"set delimiter = {other[0]!r}, or save the file with {delimiter!r}"
        raise SyncAborted(f"{name}: its cells are not divided by {delimiter!r}: {message}")
    return header


def _broken(name: str, line: int, error: csv.Error) -> SyncAborted:
    return SyncAborted(f"{name}, line {line}: {error}{_HALF}")


def render(sheet: Sheet, delimiter: str) -> bytes:
    """Give the bytes of a file; `parse` of them gives the same cells.

    Raises:
        UnicodeEncodeError: a cell holds half a letter.
    """
    # csv.writer leaves a lone carriage return bare unless it ends lines, which no reader forgives
    loud = re.compile(rf'["\r\n{re.escape(delimiter)}]|^\s|\s$')

    def line(cells: Sequence[str]) -> str:
        quoted = (
            '"' + cell.replace('"', '""') + '"' if loud.search(cell) else cell for cell in cells
        )
        return delimiter.join(quoted) + sheet.ending

    text = line(sheet.header) + "".join(map(line, sheet.rows))
    return (_MARK if sheet.mark else b"") + text.encode()
