"""What a SQL text does to savepoints, and which of them are there then."""

from __future__ import annotations

import re
from collections.abc import Callable

_GAP = r"(?>(?:\s|--[^\n]*|\#[^\n]*|/\*.*?\*/)*)"
"""Whitespace and comments, taken whole: nothing is looked for inside a comment."""
_NAME = r"""("(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$]+)"""
_NAMED = rf"{_GAP}(?:SAVEPOINT\b{_GAP})?{_NAME}"
_STATEMENT = re.compile(
    rf"{_GAP}(?:SAVEPOINT\b{_GAP}{_NAME}|RELEASE\b{_NAMED}"
    rf"|((?:ROLLBACK|ABORT)\b)(?:{_GAP}(?:WORK|TRANSACTION)\b)?(?:{_GAP}TO\b{_NAMED})?)"
    rf"{_GAP}(;?)",
    re.IGNORECASE | re.DOTALL,
)


class Savepoints:
    """The savepoints of a transaction, each with a mark of what there was when it was set."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        """Know none yet; `fold` gives the name that one written in SQL stands for."""
        self._fold = fold
        self._points: list[tuple[str, int]] = []

    def clear(self) -> None:
        """Forget all: the transaction is another."""
        self._points.clear()

    def follow(self, text: str, mark: int) -> int:
        """Take in a text that was executed when there were `mark` things; give how many are left.

        A savepoint that is not known was set before there was anything, so that to go back to it
        leaves nothing, as a rollback of everything does.
        """
        place = 0
        while found := _STATEMENT.match(text, place):
            is_set, released, undone, name, more = found.groups()
            if is_set:
                self._points.append((self._fold(is_set), mark))
            elif released:
                self._leave(released)
            elif undone:
                mark = self._back(name) if name else self._back("")
            if not more:
                break
            place = found.end()
        return mark

    def _leave(self, name: str) -> tuple[str, int] | None:
        """Take the last savepoint of this name away, and those after it; all, if there is none."""
        name = self._fold(name)
        while self._points:
            if (point := self._points.pop())[0] == name:
                return point
        return None

    def _back(self, name: str) -> int:
        point = self._leave(name)
        if point is None:
            return 0
        self._points.append(point)  # which stands after one went back to it
        return point[1]
