"""A store that takes part in a transaction of the host's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from crmkit.contracts.store import Reader, Store, Writer
from crmkit.errors import StoreClosed
from crmkit.stores.sql.reader import SqlReader
from crmkit.stores.sql.store import SqlStore
from crmkit.stores.sql.writer import SqlWriter


class JoinedStore(Store):
    """Reads and writes by the host's connection, and leaves commit and rollback to the host.

    A block that raises undoes its own writes alone: each runs inside a savepoint.
    """

    def __init__(self, store: SqlStore, connection: sa.Connection) -> None:
        """Do what `store` does, but by `connection`."""
        self.workspace = store.workspace
        self._store = store
        self._connection: sa.Connection | None = connection
        self._waiting: list[Callable[[], object]] = []
        self._listens = False

    def _held(self) -> sa.Connection:
        if self._connection is None or self._connection.closed:
            message = "The host's connection was given back: open its transaction again"
            raise StoreClosed(message)
        return self._connection

    def read(self) -> AbstractContextManager[Reader]:
        """Look at what the host's transaction sees, its own writes among it."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        connection, store = self._held(), self._store
        with store.dialect.words():
            store.dialect.begin(connection, write=False)
            number = store.find(connection)
        reader = SqlReader(connection, store.dialect, store.texts(number))
        try:
            yield reader
        finally:
            reader.end()

    def write(self) -> AbstractContextManager[Writer]:
        """Write inside the host's transaction."""
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        connection, store = self._held(), self._store
        with store.dialect.words():
            store.dialect.begin(connection, write=True)
            point = connection.begin_nested()
        writer = None
        try:
            with store.dialect.words():
                number = store.make(connection)  # never kept: the host may yet undo it
                store.dialect.hold(connection, number)
            writer = SqlWriter(connection, store.dialect, store.texts(number))
            yield writer
            writer.check()
        except BaseException:
            with store.dialect.words():
                point.rollback()
            raise
        finally:
            if writer is not None:
                writer.end()
        with store.dialect.words():
            point.commit()

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call at the end of the host's transaction where it is committed, else never."""
        if not self._listens:
            self._listens = True
            sa.event.listen(self._held(), "commit", self._committed)
            sa.event.listen(self._held(), "rollback", self._undone)
        self._waiting.append(call)

    def _committed(self, _connection: sa.Connection) -> None:
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()

    def _undone(self, _connection: sa.Connection) -> None:
        self._waiting = []

    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted."""
        return self._store.workspaces()

    def close(self) -> None:
        """Let go of the host's connection, which stays as it is."""
        self._connection = None
