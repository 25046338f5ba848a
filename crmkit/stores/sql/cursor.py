"""The rows of one query, read as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Protocol

from crmkit.contracts.store import Row

STREAM = 2_000
"""Rows fetched at a time: memory stays flat however long the scan."""
_FIRST, _GROWTH = 12, 3
"""Rows fetched at first, and how many times as many after that: many look at a few and stop."""


Guard = Callable[[], AbstractContextManager[None]]
"""Gives a block that leaves the transaction as it was where the database fails in it."""


class Asking(Protocol):
    """The transaction that a query belongs to."""

    def check(self) -> None:
        """Raise StoreError where the transaction is over."""

    def asking(self) -> AbstractContextManager[None]:
        """Ask the database something in a block."""


class Cursor:
    """The rows of one query, read as they are asked for."""

    def __init__(
        self, transaction: Asking, cursor: Any, left: list[Any], guard: Guard = nullcontext
    ) -> None:
        """Read the driver's own `cursor`, which gives plain tuples, while `transaction` lasts.

        One that nobody reads to its end is put into `left`, to be closed at a quiet moment. What
        asks the database for more, or tells it that there is enough, is done inside `guard`.
        """
        self._transaction = transaction
        self._cursor = cursor
        self._left = left
        self._guard = guard
        self._is_closed = False
        self._settled: list[Row] | None = None
        self._size = _FIRST

    def __del__(self) -> None:
        """Leave it to the transaction: the collector comes by in the midst of other statements."""
        if not self._is_closed:
            self._left.append((self._cursor, self._guard))

    def settle(self) -> None:
        """Read the rest now, since something is about to be written."""
        if self._settled is None:
            with self._transaction.asking(), self._guard():
                self._settled = self._cursor.fetchall()
            self.close()

    def close(self) -> None:
        """Give up what was not read; what the database says to that changes nothing."""
        self._is_closed = True
        give_up(self._cursor, self._guard)

    def __iter__(self) -> Iterator[Row]:
        """Give the rows; each is given once."""
        while rows := self._batch():
            yield from rows

    def _batch(self) -> list[Row]:
        self._transaction.check()
        if self._settled is not None:
            rows, self._settled = self._settled, []
            return rows
        with self._transaction.asking(), self._guard():
            fetched: list[Row] = self._cursor.fetchmany(self._size)
        if len(fetched) < self._size:
            self._settled = []
            self.close()
        self._size = min(self._size * _GROWTH, STREAM)
        return fetched


def give_up(cursor: Any, guard: Guard) -> None:
    """Close a driver's cursor; what the database says to that changes nothing."""
    with suppress(Exception), guard():
        cursor.close()
