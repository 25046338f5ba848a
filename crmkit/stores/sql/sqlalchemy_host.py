"""A host that hands its own SQLAlchemy connection over, or that of its session."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa

from crmkit.errors import StoreClosed
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.host import Host
from crmkit.stores.sql.savepoints import Savepoints

_logger = logging.getLogger("crmkit.stores")
_OPTION = "crmkit_waiting"


class SqlAlchemyHost(Host):
    """A SQLAlchemy connection; one in autocommit mode has no transaction to take part in."""

    def __init__(self, connection: sa.Connection, dialect: Dialect) -> None:
        """Take part in what happens on `connection`, which speaks `dialect`."""
        self._connection = connection
        self._dialect = dialect

    def transaction(self) -> sa.Connection | None:
        """Give the connection, in a transaction that the host ends, as SQLAlchemy's custom is."""
        connection = self._connection
        if connection.closed:
            message = "The host's connection was given back: open its transaction again"
            raise StoreClosed(message)
        with self._dialect.words():
            ours = not connection.in_transaction()
            if ours:
                connection.begin()
            if not self._dialect.autocommits(connection):
                return connection
            if ours:
                connection.rollback()  # of nothing, and the host finds it as it was
        return None

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call after the commit that ends the present transaction; at once where there is none."""
        if self._connection.in_transaction() and not self._dialect.autocommits(self._connection):
            Waiting.of(self._connection, self._dialect).add(call)
        else:
            _make([call])


class Waiting:
    """What waits for the commit of a connection's transaction.

    SQLAlchemy's ``commit`` event comes before the database has committed, which may yet fail; so
    the transaction itself is made to tell. A savepoint that is rolled back takes along what came
    to wait since it was set, whoever set it and however.
    """

    def __init__(self, connection: sa.Connection, dialect: Dialect) -> None:
        """Listen to the savepoints of `connection`, which speaks `dialect`, from now on."""
        self._connection = connection
        self._dialect = dialect
        self._transaction: object = None
        self._calls: list[Callable[[], object]] = []
        self._points = Savepoints(dialect.folded)
        sa.event.listen(connection, "after_cursor_execute", self._executed)

    @classmethod
    def of(cls, connection: sa.Connection, dialect: Dialect) -> Waiting:
        """Give what waits on a connection: one for all who use it, gone together with it."""
        waiting = cls.on(connection)
        if waiting is None:
            waiting = cls(connection, dialect)
            connection.execution_options(**{_OPTION: waiting})
        return waiting

    @classmethod
    def on(cls, connection: sa.Connection) -> Waiting | None:
        """Give what waits on a connection, if anything ever did."""
        waiting = connection.get_execution_options().get(_OPTION)
        return waiting if isinstance(waiting, cls) else None

    def add(self, call: Callable[[], object]) -> None:
        """Let a call wait for the transaction that is open."""
        transaction: Any = self._connection.get_transaction()
        if transaction is not self._transaction:
            # Of an earlier one that was never committed nothing is left to tell.
            self._calls = []
            self._points.clear()
            self._transaction = transaction
            transaction.__class__ = _telling(transaction.__class__)
        self._calls.append(call)

    def committing(self, transaction: object) -> None:
        """Forget what waits for this transaction where the database is about to undo it."""
        if transaction is self._transaction and not self._dialect.keeps(self._connection):
            self._calls = []

    def committed(self, transaction: object) -> None:
        """Make the calls of this transaction: the database has committed."""
        if transaction is self._transaction:
            calls, self._calls, self._transaction = self._calls, [], None
            _make(calls)

    def _executed(self, *execution: Any) -> None:
        """Look at a statement that was executed: the connection, the cursor, the text, ..."""
        del self._calls[self._points.follow(execution[2], len(self._calls)) :]


def _make(calls: list[Callable[[], object]]) -> None:
    for call in calls:
        try:
            call()
        except Exception:
            _logger.exception("What waited for the host's commit failed; the commit stands")


class _Tells(sa.Transaction):
    """Makes a transaction tell once it is committed.

    Every way to commit ends in this one method, which SQLAlchemy documents, and no event comes
    after it. A commit that fails tells nothing, nor does the first phase of one in two, nor one
    that the database quietly makes a rollback of, which shows before it alone.
    """

    __slots__ = ()

    def commit(self) -> None:
        """Commit, then tell."""
        waiting = Waiting.on(self.connection)
        if waiting is not None:
            waiting.committing(self)
        super().commit()
        if waiting is not None:
            waiting.committed(self)


@cache
def _telling(kind: type[Any]) -> type[Any]:
    """Give the class for a transaction of this one: the host has begun it already."""
    if issubclass(kind, _Tells):
        return kind
    return type(f"Telling{kind.__name__}", (_Tells, kind), {"__slots__": ()})
