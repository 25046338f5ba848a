"""Bytes to lines of text: any encoding, and no line that would fill the memory.

A line that is no text, or too long, is marked and costs only itself.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, AnyStr

from crmkit.arguments import show
from crmkit.capture.opening import opened
from crmkit.errors import MappingError

LONGEST_LINE = 16_000_000
"""Bytes of one line that are read at all; a captured record may have far fewer."""
_SHOWN = 1_000
_UTF8_MARK = b"\xef\xbb\xbf"
_BROKEN = range(0xDC80, 0xDD00)
_MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
_ASCII = "a,1;\n"
_OFTEN = 10
"""One character in so many is a digit or a separator, whose second byte is NUL in a wide one."""


class Cut(str):
    """The beginning of a line that is too long to be read."""

    __slots__ = ()


def text_lines(path: Path, encoding: str | None = None) -> Iterator[str]:
    """Stream a file's lines with their ends; bytes that are no text stand as lone surrogates.

    Args:
        path: The file; gzip is noticed by its content.
        encoding: What the file is read in, or a line of it that is not UTF-8.

    Raises:
        MappingError: the file is empty, a workbook, damaged, or of another encoding than UTF-8 and
            `encoding`; or `encoding` is unknown.
    """
    wide = encoding is not None and _is_wide(encoding)
    with opened(path) as (file, start):
        if wide:
            yield from _as_a_whole(file, str(encoding))
            return
        guessed = _guessed(start)
        if guessed:
            message = (
                f"{path.name} is {guessed.upper()}, by the look of it: save it as UTF-8, or write "
                f'a mapping (--map) with the line encoding = "{guessed}"'
            )
            raise MappingError(message, field="encoding")
        decode = _Decoder(encoding)
        for line in start.split(b"\n")[:-1]:  # what the file looks like, before the first is taken
            decode(line)
        yield from _line_by_line(file, decode)


def flaw(line: str) -> str:
    """Say why a line cannot be read; empty where it can."""
    if type(line) is Cut:
        return f"is longer than {LONGEST_LINE:,} bytes"
    if line.isascii() or not any(ord(character) in _BROKEN for character in line):
        return ""
    return 'is not UTF-8, nor in the `encoding` of a mapping, such as "cp1252" or "gb18030"'


def readable(line: str) -> str:
    """Give the beginning of a line for a person, bytes that are no text written out."""
    text = line[:_SHOWN].rstrip("\r\n")
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


# -- encodings -----------------------------------------------------------------------------


def _is_wide(encoding: str) -> bool:
    """Tell whether an encoding writes ASCII otherwise, so that even line ends must be decoded.

    Raises:
        MappingError: it is unknown, or none of text.
    """
    try:
        name = codecs.lookup(encoding).name.replace("-", "_")
        if name not in _NO_CHARSETS:
            return _ASCII.encode(encoding) != _ASCII.encode()
    except (LookupError, ValueError):
        pass
    message = f"unknown encoding {show(encoding)}: give one of text, such as gb18030 or cp1252"
    raise MappingError(message, field="encoding")


def _guessed(start: bytes) -> str:
    """Name the wide encoding that a file is most likely in; empty: none."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    half = len(start) // 2
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even + odd < half / _OFTEN:
        return ""
    if min(even, odd) > half / _OFTEN:
        return "utf-32-le" if start[:1] != b"\0" else "utf-32-be"
    return "utf-16-le" if odd > even else "utf-16-be"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Mark what a wide encoding could not decode, so that its line is told to be no text."""
    return chr(_BROKEN[-1]), getattr(error, "end", 0)


codecs.register_error("crmkit.broken", _replaced)


# -- lines ---------------------------------------------------------------------------------


class _Decoder:
    r"""Decodes each line by itself: as UTF-8, or else as the encoding that was named.

    A pair of bytes that is one Chinese character there may be another in UTF-8 (``\xc2\xbd``); so
    where characters are pairs, the encoding that was named goes first, until more lines were
    UTF-8 and nothing else than were the encoding and nothing else.
    """

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding
        self._paired = encoding is not None and len("\u4e00".encode(encoding, "ignore")) > 1
        self._leaning = 0

    def __call__(self, line: bytes) -> str:
        usual = _decoded(line, "utf-8")
        if self._encoding is None or (usual is not None and (not self._paired or line.isascii())):
            return line.decode(errors="surrogateescape") if usual is None else usual
        named = _decoded(line, self._encoding)
        if usual is None or named is None:
            self._leaning += (named is not None) - (usual is not None)
            found = named if usual is None else usual
            return line.decode(errors="surrogateescape") if found is None else found
        return usual if self._leaning < 0 else named


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeError:
        return None


def _line_by_line(file: io.BufferedReader[Any], decode: Callable[[bytes], str]) -> Iterator[str]:
    first = True
    for raw in iter(partial(file.readline, LONGEST_LINE), b""):
        line = raw.removeprefix(_UTF8_MARK) if first else raw
        first = False
        if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
            _pass_over(partial(file.readline, LONGEST_LINE), b"\n")
            yield Cut(line[:_SHOWN].decode(errors="backslashreplace"))
        else:
            yield line.decode() if line.isascii() else decode(line)


def _as_a_whole(file: io.BufferedReader[Any], encoding: str) -> Iterator[str]:
    """Decode the file before it is cut into lines."""
    text = io.TextIOWrapper(file, encoding, errors="crmkit.broken", newline="\n")
    first = True
    try:
        for whole in iter(partial(text.readline, LONGEST_LINE), ""):
            line = whole.removeprefix("\ufeff") if first else whole
            first = False
            if len(whole) == LONGEST_LINE and not whole.endswith("\n"):
                _pass_over(partial(text.readline, LONGEST_LINE), "\n")
                yield Cut(line[:_SHOWN])
            else:
                yield line
    except UnicodeError as error:
        message = f"the file is not {encoding}, which the mapping says: {error}"
        raise MappingError(message, field="encoding") from None
    finally:
        text.detach()


def _pass_over(read: Callable[[], AnyStr], end: AnyStr) -> None:
    """Read on to the end of the line, keeping nothing."""
    while (part := read()) and not part.endswith(end):
        pass
