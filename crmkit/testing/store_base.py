"""What every part of the store suite builds on: the author's one fixture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar

import pytest

from crmkit.contracts.store import Store, Writer
from crmkit.errors import StoreBusy

Open = Callable[..., Store]
T = TypeVar("T")

ATTEMPTS = 200


class StoreLaws:
    """The fixtures; the laws stand in the subclasses."""

    @pytest.fixture
    def store_factory(self) -> Open:
        """Override: give a function that opens one and the same, at first empty, database.

        It is called with ``workspace="..."`` or nothing, several times in a test.
        """
        raise NotImplementedError("Override the fixture store_factory: see crmkit.testing")

    @pytest.fixture
    def opened(self, store_factory: Open) -> Iterator[Open]:
        """Open stores by the author's fixture, and close them after the test."""
        with ExitStack() as stack:

            def open_one(workspace: str = "default") -> Store:
                store = store_factory(workspace=workspace)
                stack.callback(store.close)
                return store

            yield open_one

    @pytest.fixture
    def store(self, opened: Open) -> Store:
        """Give the store of the workspace ``default``."""
        return opened()


def again(store: Store, work: Callable[[Writer], T]) -> T:
    """Do `work` in a transaction, and again where the database was too busy."""
    for _ in range(ATTEMPTS):
        try:
            with store.write() as writer:
                return work(writer)
        except StoreBusy:
            continue
    raise AssertionError(f"StoreBusy {ATTEMPTS} times in a row")
