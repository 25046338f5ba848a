"""Lines of a file, and the rows of a CSV file among them, each with its number.

A line that is no text, or whose quotes do not close, costs only itself: what it had swallowed is
read again.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

import attrs

from crmkit.capture.decoding import Cut, flaw, readable

LONGEST_FIELD = 16_000_000
"""Characters of one field that are read at all; a captured text may have far fewer."""
_MOST_LINES = 2_000
_RETURN = "new-line character"
"""How the reader's complaint about a lone carriage return begins."""


@attrs.frozen
class Bad:
    """A line that could not be read.

    Attributes:
        line: Its number, from 1.
        text: What it says, as far as it is text.
        reason: What is wrong with it.
        field: The key at fault, where one is.
    """

    line: int
    text: str
    reason: str
    field: str = "record"


class Line(dict[str, object]):
    """A record with the number of the line it came from; else a dict like any other."""

    __slots__ = ("line",)
    line: int


class Cells:
    """The rows of a CSV file, each with the number of its first line."""

    def __init__(self, lines: Iterator[str], delimiter: str = ",", read: int = 0) -> None:
        """Start before the first row, behind as many lines as were read already."""
        self._lines = lines
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._read = read
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Bad]:
        """Give rows with their lines, and lines that are none; empty lines are passed over."""
        reader = self._reader()
        while True:
            self._taken.clear()
            start = self._read + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except (csv.Error, _Runaway) as error:
                yield self._bad(start, str(error))
                reader = self._reader()
                continue
            if row:
                broken = next(filter(None, map(flaw, self._taken)), "")
                yield Bad(start, readable("".join(self._taken)), broken) if broken else (start, row)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._read += 1
            self._taken.append(line)
            if type(line) is Cut:
                raise _Runaway(flaw(line))
            if len(self._taken) > _MOST_LINES:
                raise _Runaway(f"a quote is not closed within {_MOST_LINES} lines")
            yield line

    def _bad(self, start: int, reason: str) -> Bad:
        """Give the first line that was taken as bad, and the others back."""
        first, *others = self._taken or [""]
        self._again.extendleft(reversed(others))
        self._read = start
        if reason.startswith(_RETURN):
            reason = "a carriage return stands alone: end the lines with a line feed"
        return Bad(start, readable(first), f"is no row of a table: {reason}")


class _Runaway(Exception):  # noqa: N818 - it ends one row, not the reading
    """A row went on for too many lines."""
