"""The SQL store: connections, transactions, workspaces; no word of any one database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import sqlalchemy as sa

from crmkit.contracts.store import Reader, Store, Writer
from crmkit.errors import StoreClosed
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.schema import Schema, check
from crmkit.stores.sql.statements import Statements
from crmkit.stores.sql.transaction import SqlReader, SqlWriter
from crmkit.stores.turns import Turns

_inherited: list[Any] = []
"""Pools a fork left in this process: closing their connections here would harm the parent's."""

NOBODY = 0  # number of a workspace that nothing was written to yet


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
        self.name = dialect.name  # type: ignore[misc] - a class's own where the class is one's own
        self.workspace = workspace
        self.engine = engine
        self.dialect = dialect
        self.schema = Schema(dialect)
        self._owned = owned
        self._closed = False
        self._pid = os.getpid()
        self._turns = Turns(dialect.timeout)
        self._statements: dict[int, Statements] = {}
        self._number = NOBODY

    def migrate(self, how: str) -> None:
        """Look at the schema and, where `how` is ``auto``, create it or bring it up.

        Raises:
            SchemaError: it is newer than this crmkit, or older and `how` is ``check``.
            StoreError: the database cannot be opened.
        """
        if how == "never":
            return
        with self._connection() as connection:
            if check(self.schema.found(connection), migrate=how):
                return
            connection.rollback()
            self.dialect.prepare(connection)
            connection.rollback()
            self.dialect.begin(connection, write=True)
            self.schema.upgrade(connection)
            connection.commit()

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        """Take a connection; what goes wrong on it is told in words."""
        if self._closed:
            message = f"The store of workspace {self.workspace!r} was closed: open it again"
            raise StoreClosed(message)
        if self._pid != os.getpid():
            _inherited.append(self.engine.pool)
            self.engine.dispose(close=False)
            self._pid = os.getpid()
        try:
            connection = self.engine.connect()
        except Exception as error:
            raise self.dialect.translate(error) from error
        with connection:
            try:
                yield connection
            except sa.exc.SQLAlchemyError as error:
                raise self.dialect.translate(error) from error

    def read(self) -> AbstractContextManager[Reader]:
        """Open a consistent look at the workspace: see the contract."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        with self._connection() as connection:
            self.dialect.begin(connection, write=False)
            number = self._number or self._find(connection)
            self._number = number
            reader = SqlReader(connection, self.dialect, self._texts(number))
            try:
                yield reader
            finally:
                reader.end()

    def write(self) -> AbstractContextManager[Writer]:
        """Open a transaction: see the contract."""
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with self._turn(), self._connection() as connection:
            self.dialect.begin(connection, write=True)
            number = self._number or self._make(connection)
            writer = SqlWriter(connection, self.dialect, self._texts(number))
            try:
                yield writer
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            finally:
                writer.end()
            self._number = number  # only now: an undone first write takes its workspace along

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.dialect.one_writer:
            yield
            return
        with self._turns.turn():
            yield

    def _texts(self, number: int) -> Statements:
        if number not in self._statements:
            texts = Statements(self.dialect, self.schema, self.engine.dialect, number)
            self._statements[number] = texts
        return self._statements[number]

    def _find(self, connection: sa.Connection) -> int:
        """Give the number of the workspace, or NOBODY."""
        table = self.schema.workspace
        found = connection.scalar(sa.select(table.c.id).where(table.c.name == self.workspace))
        return NOBODY if found is None else int(found)

    def _make(self, connection: sa.Connection) -> int:
        """Give the number of the workspace, which comes to be here where it is new."""
        found = self._find(connection)
        if not found:
            connection.execute(sa.insert(self.schema.workspace).values(name=self.workspace))
            found = self._find(connection)
        return found

    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted."""
        with self._connection() as connection:
            return sorted(connection.scalars(sa.select(self.schema.workspace.c.name)))

    def close(self) -> None:
        """Give the connections back; the host's own engine stays open."""
        if self._closed:
            return
        self._closed = True
        if self._owned and self._pid == os.getpid():
            self.engine.dispose()
            self.dialect.dispose()
