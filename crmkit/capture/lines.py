"""Files line by line: gzipped or not, in any encoding, and never more than a record at once.

A line that is no text, or whose quotes do not close, costs only itself: what it had swallowed is
read again.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import attrs

from crmkit.errors import MappingError

LONGEST_FIELD = 16_000_000
"""Characters of one field that are read at all; a captured text may have far fewer."""
_MOST_LINES = 2_000
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BROKEN = range(0xDC80, 0xDD00)


@attrs.frozen
class Bad:
    """A line that could not be read.

    Attributes:
        line: Its number, from 1.
        text: What it says, as far as it is text.
        reason: What is wrong with it.
    """

    line: int
    text: str
    reason: str


class Line(dict[str, object]):
    """A record with the number of the line it came from; else a dict like any other."""

    __slots__ = ("line",)
    line: int


def text_lines(path: Path, encoding: str | None = None) -> Iterator[str]:
    """Stream a file's lines with their ends; bytes that are no text stand as lone surrogates.

    Args:
        path: The file; gzip is noticed by its content.
        encoding: What a line is read in that is not UTF-8.

    Raises:
        MappingError: the file is empty, a workbook, UTF-16, or compressed and damaged, or
            `encoding` is unknown.
    """
    if encoding is not None:
        _check_encoding(encoding)
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        _check_start(start, path)
        if start.startswith(_GZIP):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield from _decoded(_sound(unpacked, path), encoding)
        else:
            yield from _decoded(raw, encoding)


def _check_start(start: bytes, path: Path) -> None:
    """Refuse what is no text by its first bytes."""
    if not start:
        raise MappingError(f"{path.name} is empty", field="file")
    if start.startswith(_WORKBOOKS):
        message = f"{path.name} is an Excel workbook or an archive: save it as CSV (UTF-8)"
        raise MappingError(message, field="file")
    if start.startswith(_UTF16_MARKS):
        raise MappingError(f"{path.name} is UTF-16: save it as UTF-8", field="encoding")


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise MappingError(f"unknown encoding {encoding!r}", field="encoding") from None


def _sound(file: gzip.GzipFile, path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"{path.name} is damaged ({error}): what stood before that was read"
        raise MappingError(message, field="file") from None


def _decoded(file: IO[bytes] | Iterator[bytes], encoding: str | None) -> Iterator[str]:
    first = True
    for raw in file:
        line = raw.removeprefix(_UTF8_MARK) if first else raw
        first = False
        try:
            yield line.decode()
        except UnicodeDecodeError:
            yield _otherwise(line, encoding)


def _otherwise(line: bytes, encoding: str | None) -> str:
    if encoding is not None:
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            pass
    return line.decode(errors="surrogateescape")


def is_text(text: str) -> bool:
    """Tell whether a line was text as it was read."""
    return text.isascii() or not any(ord(character) in _BROKEN for character in text)


NOT_TEXT = "is not UTF-8, nor the mapping's `encoding` where one is given"


class Cells:
    """The rows of a CSV file, each with the number of its first line."""

    def __init__(self, lines: Iterator[str], delimiter: str = ",") -> None:
        """Start before the first row."""
        self._lines = lines
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._read = 0
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
                whole = all(map(is_text, self._taken))
                yield (start, row) if whole else Bad(start, _readable(self._taken), NOT_TEXT)

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._read += 1
            self._taken.append(line)
            if len(self._taken) > _MOST_LINES:
                raise _Runaway(f"a quote is not closed within {_MOST_LINES} lines")
            yield line

    def _bad(self, start: int, reason: str) -> Bad:
        """Give the first line that was taken as bad, and the others back."""
        first, *others = self._taken or [""]
        self._again.extendleft(reversed(others))
        self._read = start
        return Bad(start, _readable([first]), f"is no row of a table: {reason}")


class _Runaway(Exception):  # noqa: N818 - it ends one row, not the reading
    """A row went on for too many lines."""


def _readable(lines: list[str]) -> str:
    text = "".join(lines)[:1_000].rstrip("\r\n")
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
