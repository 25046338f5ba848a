"""A store in this process: what tests run on, and the plainest statement of what a store does.

A transaction keeps its changes beside the tables and hands them over at its end; a version of
the workspace that readers hold is copied before it changes, never changed under them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar
from weakref import WeakValueDictionary

from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Reader, Store, Writer
from crmkit.contracts.tables import Table
from crmkit.errors import StoreClosed
from crmkit.stores.memory_table import Changes, MemoryTable, Version
from crmkit.stores.memory_transaction import MemoryReader, MemoryWriter
from crmkit.stores.turns import Turns

TIMEOUT = 30.0
"""Seconds a writer waits for the others."""


class Database:
    """What the stores of one URL share."""

    def __init__(self) -> None:
        """Make an empty one."""
        self.turns = Turns(TIMEOUT)
        self.guard = threading.Lock()
        """Held for an instant, to take, change or give back a version."""
        self.versions: dict[str, Version] = {}
        self.seq = 0

    @contextmanager
    def pinned(self, workspace: str) -> Iterator[tuple[Version, int]]:
        """Keep the present version as it is for a block; give it and the last ``seq``."""
        with self.guard:
            version, seq = self.versions.get(workspace) or Version(), self.seq
            version.readers += 1
        try:
            yield version, seq
        finally:
            with self.guard:
                version.readers -= 1

    def commit(self, workspace: str, changes: dict[str, tuple[Table, Changes]], seq: int) -> None:
        """Make the changes of a transaction the present version."""
        with self.guard:
            version = self.versions.get(workspace)
            if version is None or version.readers:
                fresh = Version()
                fresh.tables = dict(version.tables) if version else {}
                version = fresh
            for name, (table, changed) in changes.items():
                present = version.tables.get(name) or MemoryTable(table, version)
                if present.owner is not version:
                    present = present.copy(version)
                present.apply(changed)
                version.tables[name] = present
            self.versions[workspace] = version
            self.seq = seq


_named: WeakValueDictionary[str, Database] = WeakValueDictionary()


def open_memory(config: StoreConfig) -> Store:
    """Open ``memory://`` (a fresh one) or ``memory://name`` (while any store of it is open)."""
    name = config.url.partition("://")[2]
    database = _named.setdefault(name, Database()) if name else Database()
    return MemoryStore(database, config.workspace)


class MemoryStore(Store):
    """Everything in dictionaries; see the module."""

    name: ClassVar[str] = "memory"
    persistent: ClassVar[bool] = False

    def __init__(self, database: Database | None = None, workspace: str = "default") -> None:
        """Look at one workspace of a database; None: a fresh one."""
        self.workspace = workspace
        self._database: Database | None = database or Database()

    def _held(self) -> Database:
        if self._database is None:
            message = f"The store of workspace {self.workspace!r} was closed: open it again"
            raise StoreClosed(message)
        return self._database

    def read(self) -> AbstractContextManager[Reader]:
        """Open a consistent look at the workspace: see the contract."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        with self._held().pinned(self.workspace) as (version, seq):
            reader = self.reader(version, seq)
            try:
                yield reader
            finally:
                reader.over = True

    def write(self) -> AbstractContextManager[Writer]:
        """Open a transaction: see the contract."""
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        database = self._held()
        with database.turns.turn(), database.pinned(self.workspace) as (version, seq):
            writer = self.writer(version, seq)
            try:
                yield writer
                writer.check()
            finally:
                writer.over = True
            version.readers -= 1  # its own look need not keep the version from changing in place
            try:
                database.commit(self.workspace, writer.changes, writer.last)
            finally:
                version.readers += 1

    def reader(self, version: Version, seq: int) -> MemoryReader:
        """Make the reader of one `read`."""
        return MemoryReader(version, seq)

    def writer(self, version: Version, seq: int) -> MemoryWriter:
        """Make the writer of one `write`."""
        return MemoryWriter(version, seq)

    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted."""
        database = self._held()
        with database.guard:
            return sorted(database.versions)

    def close(self) -> None:
        """Let the data go, unless another store holds it by the same name."""
        self._database = None
