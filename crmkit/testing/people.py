"""The people who work in the CRM: what they do there, as the laws of connectors need it done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from crmkit.testing.simulators.book import Book

Turn = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class People(ABC):
    """The remote's other side; values are those that the connector gives and takes."""

    @abstractmethod
    def add(self, values: Mapping[str, Any]) -> str:
        """Make a record, and give its id."""

    @abstractmethod
    def edit(self, id: str, values: Mapping[str, Any]) -> None:  # noqa: A002 - the record's word
        """Change fields of a record."""

    @abstractmethod
    def remove(self, id: str) -> None:  # noqa: A002 - as above
        """Delete a record, or archive it: whichever people do there."""

    @abstractmethod
    def look(self, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """Give the values of a record that is there; None: it is gone, or archived."""

    @abstractmethod
    def ids(self) -> set[str]:
        """Give the ids of all records that are there."""

    def merge(self, keep: str, drop: str) -> None:  # noqa: ARG002 - for who can
        """Make two records one."""
        pytest.skip("override `merge` of the people: they cannot merge records")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all that is done meanwhile bear one instant."""
        pytest.skip("override `together` of the people: they cannot share an instant")
        yield  # type: ignore[unreachable]  # it is a generator all the same

    def later(self) -> None:  # noqa: B027 - most have nothing to do
        """Let an hour pass; at least so long that what was written shows in `changes`."""


class BookPeople(People):
    """People who work in a simulator's `Book`.

    Args:
        book: What the simulator remembers.
        entity: The object's name in it.
        write: Turns values into those of the book; None: they are the same.
        read: Turns values of the book back.
    """

    def __init__(
        self, book: Book, entity: str, *, write: Turn | None = None, read: Turn | None = None
    ) -> None:
        self.book, self.entity = book, entity
        self._write, self._read = write or dict, read or dict

    def add(self, values: Mapping[str, Any]) -> str:
        """Make a record."""
        return self.book.create(self.entity, self._write(values)).id

    def edit(self, id: str, values: Mapping[str, Any]) -> None:  # noqa: A002 - as above
        """Change fields of a record."""
        self.book.update(self.entity, id, self._write(values))

    def remove(self, id: str) -> None:  # noqa: A002 - as above
        """Delete a record."""
        self.book.delete(self.entity, id)

    def look(self, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - as above
        """Give the values of a record that is there."""
        entry = self.book.get(self.entity, id)
        return None if entry is None else self._read(entry.values)

    def ids(self) -> set[str]:
        """Give the ids of all records that are there."""
        return {entry.id for entry in self.book.live(self.entity)}

    def merge(self, keep: str, drop: str) -> None:
        """Make two records one."""
        self.book.merge(self.entity, keep, drop)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let all that is done meanwhile bear one instant."""
        with self.book.together():
            yield

    def later(self) -> None:
        """Let an hour pass on the book's clock."""
        self.book.advance(timedelta(hours=1))
