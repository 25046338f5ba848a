"""The SQL store: connections, transactions, workspaces; no word of any one database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import sqlalchemy as sa

from crmkit.contracts.store import Reader, Store, Writer
from crmkit.errors import StoreClosed
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.reader import SqlReader
from crmkit.stores.sql.schema import Schema, check
from crmkit.stores.sql.statements import Statements
from crmkit.stores.sql.writer import SqlWriter
from crmkit.stores.turns import Turns

_inherited: list[Any] = []
"""Pools a fork left in this process: closing their connections here would harm the parent's."""

NOBODY = 0  # number of a workspace that nothing was written to yet
_NUMBERS = "crmkit workspaces"  # where a connection keeps the numbers that it has found


class SqlStore(Store):
    """Any database that SQLAlchemy and a `Dialect` speak, opened for one workspace."""

    def __init__(
        self, engine: sa.Engine, dialect: Dialect, workspace: str, *, owned: bool = True
    ) -> None:
        """Open nothing yet.

        Args:
            engine: How to connect.
            dialect: What only this database can do.
            workspace: Whose data.
            owned: Whether `engine` was made for this store and ends with it.
        """
        self.workspace = workspace
        self.engine = engine
        self.dialect = dialect
        self.schema = Schema(dialect)
        self._owned = owned
        self._closed = False
        self._pid = os.getpid()
        self._turns = Turns(dialect.timeout, one=dialect.one_writer)
        self._statements: dict[int, Statements] = {}

    def migrate(self, how: str) -> None:
        """Look at the schema and, where `how` is ``auto``, create it or bring it up.

        Raises:
            SchemaError: it is newer than this crmkit, or older and `how` is ``check``.
            StoreError: the database cannot be opened, or a part of the schema was lost.
        """
        if how == "never":
            return
        with self._connection() as connection, self.dialect.words():
            if check(self.schema.found(connection), migrate=how):
                self.schema.check_whole(connection)
                self.dialect.suits(connection)
                return
            connection.rollback()
            self.dialect.prepare(connection, owned=self._owned)
            connection.rollback()
            self.dialect.begin(connection, write=True)
            with self.dialect.migrating(connection):
                self.schema.upgrade(connection)
                connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        """Take a connection for a block, and give it back without what was not committed."""
        if self._closed:
            message = f"The store of workspace {self.workspace!r} was closed: open it again"
            raise StoreClosed(message)
        if self._pid != os.getpid():
            _inherited.append(self.engine.pool)
            self.engine.dispose(close=False)
            self._pid = os.getpid()
        with self.dialect.words():
            connection = self.dialect.connect(self.engine)
        try:
            yield connection
        finally:
            # What was lost with its connection is undone by the database: nothing else is to tell.
            with suppress(sa.exc.SQLAlchemyError, *self.dialect.errors):
                connection.close()

    def read(self) -> AbstractContextManager[Reader]:
        """Open a consistent look at the workspace: see the contract."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        with self._connection() as connection:
            with self.dialect.words():
                self.dialect.begin(connection, write=False)
                number = self._kept(connection) or self.find(connection)
            self._keep(connection, number)
            reader = SqlReader(connection, self.dialect, self.texts(number))
            try:
                yield reader
            finally:
                reader.end()

    def write(self) -> AbstractContextManager[Writer]:
        """Open a transaction: see the contract."""
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with self._turns.turn(), self._connection() as connection:
            with self.dialect.words():
                self.dialect.begin(connection, write=True)
                number = self._kept(connection) or self.make(connection)
                self.dialect.hold(connection, number)
            writer = SqlWriter(connection, self.dialect, self.texts(number))
            try:
                yield writer
                writer.commit()
            finally:
                writer.end()
            self._keep(connection, number)  # an undone first write takes its workspace along

    def using(self, connection: sa.Connection) -> Store:
        """Give this store inside the host's own transaction: the host commits, or does not.

        Args:
            connection: A connection to the same database; whatever is written goes with it.
        """
        from crmkit.stores.sql.joined import JoinedStore  # noqa: PLC0415 - it builds on this

        return JoinedStore(self, connection)

    def texts(self, number: int) -> Statements:
        """Give the SQL texts for a workspace by its number."""
        if number not in self._statements:
            texts = Statements(self.dialect, self.schema, number)
            self._statements[number] = texts
        return self._statements[number]

    def _kept(self, connection: sa.Connection) -> int:
        """Give the number that this very connection has found before: another may lead elsewhere.

        A host's own engine may lead one connection to several schemas.
        """
        kept: dict[str, int] = connection.info.get(_NUMBERS, {}) if self._owned else {}
        return kept.get(self.workspace, NOBODY)

    def _keep(self, connection: sa.Connection, number: int) -> None:
        if self._owned and number != NOBODY and not connection.invalidated:
            connection.info.setdefault(_NUMBERS, {})[self.workspace] = number

    def find(self, connection: sa.Connection) -> int:
        """Give the number of the workspace, or NOBODY."""
        table = self.schema.workspace
        found = connection.scalar(sa.select(table.c.id).where(table.c.name == self.workspace))
        return NOBODY if found is None else int(found)

    def make(self, connection: sa.Connection) -> int:
        """Give the number of the workspace, which comes to be here where it is new."""
        found = self.find(connection)
        if not found:
            insert = self.dialect.insert_new(self.schema.workspace, ("name",))
            connection.execute(insert.values(name=self.workspace))
            found = self.find(connection)
        return found

    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted."""
        with self._connection() as connection, self.dialect.words():
            self.dialect.begin(connection, write=False)
            return sorted(connection.scalars(sa.select(self.schema.workspace.c.name)))

    def close(self) -> None:
        """Give the connections back; the host's own engine stays open."""
        if self._closed:
            return
        self._closed = True
        if self._owned and self._pid == os.getpid():
            self.engine.dispose()
            self.dialect.dispose()
