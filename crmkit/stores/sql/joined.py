"""A store that takes part in a transaction of the host's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa

from crmkit.arguments import refuse
from crmkit.contracts.store import Reader, Store, Writer
from crmkit.errors import SchemaError, StoreClosed
from crmkit.stores import checks
from crmkit.stores.sql import django_host
from crmkit.stores.sql.host import Host
from crmkit.stores.sql.reader import SqlReader
from crmkit.stores.sql.schema import VERSION
from crmkit.stores.sql.sqlalchemy_host import SqlAlchemyHost
from crmkit.stores.sql.store import SqlStore
from crmkit.stores.sql.writer import SqlWriter


class JoinedReader(SqlReader):
    """A look at what the host's transaction sees, which survives what cannot be read.

    Each statement is guarded by itself: while rows are streamed the host may set savepoints of its
    own, or go back behind them, and one around the whole look would be entangled with them.
    """

    def guard(self) -> AbstractContextManager[None]:
        """Leave the host's transaction as it was where the database fails in a block."""
        return self.dialect.unharmed(self.connection)


class JoinedStore(Store):
    """Reads and writes in the host's transaction, and leaves commit and rollback to the host.

    A block that raises undoes its own writes alone: each runs inside a savepoint. Where the host
    has no transaction open, each read and write is the store's own, as without a host.
    """

    hosted = True

    def __init__(self, store: SqlStore, connection: Any) -> None:
        """Do what `store` does, but by the host's `connection`.

        Raises:
            InvalidValueError: `connection` is none that can be joined; the message says what is.
        """
        self.workspace = store.workspace
        self.file = store.file
        self._store = store
        self._host: Host | None = host_of(connection, store)

    def using(self, connection: Any) -> Store:
        """Do the same by another connection of the host's."""
        return self._store.using(connection)

    def _joined(self) -> Host:
        if self._host is None:
            message = "This was closed, the host's connection was not: join it again by using()"
            raise StoreClosed(message)
        return self._host

    @contextmanager
    def _words(self) -> Iterator[None]:
        """Say what an error means; whoever lacks our tables may have joined another database."""
        try:
            with self._store.dialect.words():
                yield
        except SchemaError as error:
            message = f"{error} - or join a connection to that database: this may lead to another"
            raise SchemaError(message, found=None, expected=VERSION) from error

    def read(self) -> AbstractContextManager[Reader]:
        """Look at what the host's transaction sees, its own writes among it."""
        connection = self._joined().transaction()
        return self._store.read() if connection is None else self._read(connection)

    @contextmanager
    def _read(self, connection: sa.Connection) -> Iterator[Reader]:
        store = self._store
        with self._words():
            store.dialect.begin(connection, write=False)
            with store.dialect.unharmed(connection):
                number = store.find(connection)
        reader = JoinedReader(connection, store.dialect, store.texts(number))
        try:
            yield reader
        finally:
            reader.end()

    def write(self) -> AbstractContextManager[Writer]:
        """Write inside the host's transaction."""
        connection = self._joined().transaction()
        return self._store.write() if connection is None else self._write(connection)

    @contextmanager
    def _write(self, connection: sa.Connection) -> Iterator[Writer]:
        store = self._store
        with self._words():
            store.dialect.begin(connection, write=True)
            point = connection.begin_nested()
        writer = None
        try:
            with self._words(), store.dialect.waiting(connection):
                number = store.make(connection)  # never kept: the host may yet undo it
                store.dialect.hold(connection, number)
            writer = SqlWriter(connection, store.dialect, store.texts(number))
            yield writer
            writer.check()
        except BaseException:
            with store.dialect.words():
                _undo(connection, point)
            raise
        finally:
            if writer is not None:
                writer.end()
        with store.dialect.words():
            point.commit()

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call at the end of the host's transaction where it is committed, else never."""
        self._joined().after_commit(call)

    def scrub(self, words: Collection[str] | None = None) -> None:
        """Leave nothing of what was erased where the data lie: the host has committed by now."""
        self._store.scrub(words)

    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted, those of the host's transaction too."""
        connection = self._joined().transaction()
        if connection is None:
            return self._store.workspaces()
        dialect = self._store.dialect
        with dialect.words(), dialect.unharmed(connection):
            return sorted(connection.scalars(sa.select(self._store.schema.workspace.c.name)))

    def close(self) -> None:
        """Let go of the host's connection, which stays as it is."""
        self._host = None


def _undo(connection: sa.Connection, point: sa.NestedTransaction) -> None:
    """Go back to a savepoint, by way of those that a failing write left open inside it."""
    while (inner := connection.get_nested_transaction()) is not None:
        inner.rollback()
        if inner is point:
            return


def host_of(connection: Any, store: SqlStore) -> Host:
    """Tell by its looks whose connection it is.

    Raises:
        InvalidValueError: it can be joined by no means, or speaks to another kind of database.
    """
    if isinstance(connection, sa.Connection):
        theirs, ours = connection.dialect, store.engine.dialect
        if not store.dialect.same(theirs, ours):
            both = f"{theirs.name}+{theirs.driver}, this store {ours.name}+{ours.driver}"
            refuse("connection", f"must lead to this store's own database: it speaks {both}")
        if why := checks.translated(connection):
            refuse("connection", why)
        if theirs.is_async:
            refuse("connection", "is one of asyncio's: join an engine's of create_engine")
        return SqlAlchemyHost(connection, store.dialect)
    if all(hasattr(connection, mark) for mark in django_host.MARKS):
        return django_host.DjangoHost(connection, store.engine)
    words = "must be a SQLAlchemy connection (of a session: session.connection()) or Django's"
    return refuse("connection", words, connection)
