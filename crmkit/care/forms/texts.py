"""Text in cells: every character comes back, and how much room it takes is known.

XML cannot hold control characters, and spreadsheets read ``_x000D_`` as an escape of their own.
Both stand in a cell as `ESCAPE` and four hexadecimal digits, which every program leaves alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import east_asian_width

ESCAPE, RETURN, GOES_ON = "\u241b", "\u240d", "\u21b3"
"""Pictures of: an escape, the carriage return, a row that goes on from the sheet before."""
EMPTY = ESCAPE
"""A text that is empty, where an empty cell would say that there is none."""

SIZE, LINE, PADDING = 10, 15.0, 6.0
"""Points: of the letters, of a line of them, and of what is around a cell's lines."""

_UNHELD = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff\u240d\u241b\u21b3]"
    "|x(?=[0-9A-Fa-f]{4}_)"
)
_HELD = re.compile("\u241b([0-9A-F]{4})|\u240d|_x(000[9AD])_")
_LETTERS = re.compile(r"[^\s\u2e80-\U0010ffff]+\s?|.", re.DOTALL)
"""What stays on one line: a word of letters with the blank after it, or one character."""
_WIDE_ASCII = frozenset("MW@%mw&")
_MARGIN = 6.0


def held(text: str) -> str:
    r"""Give a text as a cell can hold it.

    Example:
        >>> held("a\r\n\x0b_x000D_") == "a\u240d\n\u241b000B_\u241b0078000D_"
        True
    """
    return _UNHELD.sub(lambda found: f"{ESCAPE}{ord(found[0]):04X}", text).replace("\r", RETURN)


def unheld(text: str) -> str:
    """Give a text back as it was before it was `held`."""
    return _HELD.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else "\r"


def lines(text: str, width: float) -> list[str]:
    """Break a text into lines no wider than `width` points; put together they are the text."""
    made, line, used = [], "", 0.0
    for word in _words(text, width - _MARGIN):
        room = sum(map(_width, word.rstrip()))
        if line and used + room > width - _MARGIN:
            made.append(line)
            line, used = "", 0.0
        line += word
        used += sum(map(_width, word))
        if word.endswith("\n"):
            made.append(line)
            line, used = "", 0.0
    return [*made, line] if line or not made else made


def height(count: int) -> float:
    """Give the points that so many lines take in a cell."""
    return count * LINE + PADDING


def fitting(room: float) -> int:
    """Give how many lines fit in so many points."""
    return int((room - PADDING) // LINE)


def _words(text: str, width: float) -> Iterator[str]:
    """Give what is not divided; a word that no line has room for is divided anywhere."""
    for found in _LETTERS.finditer(text):
        if sum(map(_width, found[0].rstrip())) <= width:
            yield found[0]
        else:
            yield from found[0]


def _width(character: str) -> float:
    """Give the points that a character takes; rather too many than too few."""
    if east_asian_width(character) in "WFA" or character > "\uffff":
        return SIZE * 1.0
    if not character.isascii():
        return SIZE * 0.8
    if character == "\t":
        return SIZE * 4.0
    if character in _WIDE_ASCII:
        return SIZE * 0.95
    return SIZE * (0.75 if character.isupper() else 0.6)
