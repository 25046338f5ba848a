"""The seam between the SQL store and one database: everything that only that one can do."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from crmkit.contracts.store import Row
from crmkit.contracts.tables import Column, Table
from crmkit.errors import StoreError

if TYPE_CHECKING:
    from crmkit.stores.sql.schema import Schema
    from crmkit.stores.sql.statements import Scan, Statements

_AGAIN = 0.1
"""Seconds until a server that had no connection left is asked again."""


class Dialect(ABC):
    """What differs from database to database; the rest of the store is the same for all."""

    name: ClassVar[str]
    """Scheme of its URLs."""
    one_writer: ClassVar[bool]
    """Whether the whole database has one writer at a time: threads then queue for it here."""
    sort_puts: ClassVar[bool]
    """Whether a batch of replaced rows is faster when it comes in the order of the key."""
    key_values: ClassVar[int]
    """Most values bound in one statement of `fetch`."""
    columns: ClassVar[str]
    """Gives the names of tables and of their columns, crmkit's among them."""
    place: Any
    """Where the database is, as messages name it."""
    errors: tuple[type[Exception], ...]
    """What its driver raises by itself, beside what SQLAlchemy makes of it."""
    compiler: sa.Dialect
    """Makes SQL text with values bound in order, as its driver wants them."""
    timeout: float
    """Seconds to wait for other writers."""
    streams: ClassVar[bool] = False
    """Whether a long scan goes by `stream`, lest the driver fetch all of it at once."""
    binds_arrays: ClassVar[bool] = False
    """Whether keys of one column are bound as an array, which an index goes through in order."""
    compares_rows: ClassVar[bool] = True
    """Whether an index leads to ``(a, b) > (1, 2)``; else it is written column by column."""
    undoes_schema: ClassVar[bool] = True
    """Whether tables are made in a transaction; else a step finds those of one that was killed."""
    options: ClassVar[Mapping[str, Any]] = {}
    """What SQLAlchemy is told with every table."""

    @contextmanager
    def words(self, *, committing: bool = False) -> Iterator[None]:
        """Turn what the database raises in a block into a StoreError that says what to do.

        Args:
            committing: Whether the block commits: what became of it is then not always known.
        """
        try:
            yield
        except (sa.exc.SQLAlchemyError, *self.errors) as error:  # type: ignore[misc]
            raise self.translate(error, committing=committing) from error

    def connect(self, engine: sa.Engine) -> sa.Connection:
        """Take a connection; where what is in its way passes, it is asked for again."""
        end = time.monotonic() + self.timeout
        while True:
            try:
                return engine.connect()
            except sa.exc.OperationalError as error:
                if not self.passes(error) or time.monotonic() > end:
                    raise
                time.sleep(_AGAIN)

    def passes(self, error: Exception) -> bool:  # noqa: ARG002 - a file is there or is not
        """Tell whether what kept us from connecting passes by itself, soon."""
        return False

    @abstractmethod
    def prepare(self, connection: sa.Connection, *, owned: bool) -> None:
        """Make a database ready, outside any transaction, before the schema is made or upgraded.

        Args:
            connection: A connection to it.
            owned: Whether it was made by `engine`; one of a host's own is left as it is.
        """

    def suits(self, connection: sa.Connection) -> None:  # noqa: B027 - most databases suit
        """Refuse a database that has crmkit's schema and cannot keep what crmkit writes.

        Raises:
            StoreError: it is one.
        """

    @abstractmethod
    def begin(self, connection: sa.Connection, *, write: bool) -> None:
        """Open the transaction: a writer holds what it needs at once, a reader its snapshot."""

    @abstractmethod
    def type(self, column: Column) -> sa.types.TypeEngine[Any]:
        """Give the type that keeps this column's values exactly."""

    @abstractmethod
    def table(self, table: Table, metadata: sa.MetaData) -> sa.Table:
        """Describe how a table lies in the database."""

    def make_room(self, connection: sa.Connection, table: Table) -> None:  # noqa: B027 - most differ in nothing
        """Let a table that is there have the room for changes that `table` gives a new one."""

    @abstractmethod
    def insert_new(self, table: sa.Table, key: tuple[str, ...]) -> sa.Insert:
        """Give an INSERT that leaves rows whose key is there as they are."""

    @abstractmethod
    def upsert(self, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Insert:
        """Give an INSERT that replaces rows whose key is there."""

    def add(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> bool:
        """Add rows; False where a key was known: the caller then goes back to his savepoint."""
        return _rows(connection, texts.insert(table), rows).rowcount == len(rows)

    def replace(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> None:
        """Add rows, or replace those with the same key; of two with one key the later holds."""
        _rows(connection, texts.upsert(table), rows)

    def change(
        self,
        connection: sa.Connection,
        texts: Statements,
        table: Table,
        rows: list[Row],
        columns: tuple[str, ...],  # noqa: ARG002 - most write whole rows as quickly
    ) -> None:
        """Replace rows that are there, of which only `columns` may differ."""
        self.replace(connection, texts, table, rows)

    def while_waiting(
        self,
        connection: sa.Connection,  # noqa: ARG002 - most are waited for in the driver's own code
        work: Iterator[object],  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        """Go on with `work` while a block waits for the database: see `Writer.while_waiting`."""
        return nullcontext()

    def select(self, connection: sa.Connection, sql: str, values: Row) -> Any:
        """Run a query; give the driver's cursor, whose rows are plain tuples."""
        return connection.exec_driver_sql(sql, values or None).cursor

    def stream(
        self,
        connection: sa.Connection,
        texts: Statements,
        table: Table,
        shape: Scan,
        values: Mapping[str, Any],
    ) -> Any:
        """Run a scan whose rows are fetched as they are asked for; give the driver's cursor."""
        query = texts.scan(table, shape)
        return connection.exec_driver_sql(query.sql, query.bind(values) or None).cursor

    def bound(self, values: Row) -> Row:
        """Give the values of a query as they lie in the database."""
        return values

    @abstractmethod
    def keys(self, columns: tuple[Column, ...], count: int) -> str:
        """Write a list of `count` keys of these columns, for the FROM of a query."""

    def bind_keys(self, keys: list[Row]) -> Row:
        """Give what a query with `keys` binds: key after key, unless a list is bound whole."""
        return tuple(chain.from_iterable(keys))

    def deleting(self, table: Table, delete: str) -> str:  # noqa: ARG002 - most need no more
        """Give the text that deletes rows, and whatever the dialect keeps beside them."""
        return delete

    @abstractmethod
    def by_keys(
        self, keys: sa.FromClause, table: sa.Table, on: Any, columns: list[sa.Column[Any]]
    ) -> sa.Select[Any]:
        """Select columns of the rows that a list of keys finds, so that each is looked up once."""

    def last(
        self,
        keys: sa.FromClause,  # noqa: ARG002 - a database may have no good way
        log: sa.Table,  # noqa: ARG002
        looked: sa.FromClause,  # noqa: ARG002
        few: sa.Select[Any],  # noqa: ARG002
    ) -> sa.Select[Any] | None:
        """Select the few rows of a log that `few` gives for each key; None: each is asked for.

        Args:
            keys: A list of keys.
            log: A log.
            looked: The same log, as `few` names it.
            few: Gives all columns of the last rows of one of the keys.
        """
        return None

    def sorted(self, column: sa.ColumnElement[Any], *, reverse: bool) -> sa.ColumnElement[Any]:
        """Give the order by a column; None comes before every value."""
        return column.desc() if reverse else column.asc()

    @abstractmethod
    def hint(self, table: Table, by: tuple[str, ...]) -> str:
        """Give what stands behind a table's name so that it is read by these columns, if any."""

    @abstractmethod
    def contains(self, column: sa.Column[Any], text: Any) -> Any:
        """Give the condition that a column contains a text, exactly and without wildcards."""

    @abstractmethod
    def reserve(self, connection: sa.Connection, workspace: int, count: int) -> int:
        """Take `count` values of the workspace's ``seq`` and give the first."""

    @abstractmethod
    def watermark(self, connection: sa.Connection, workspace: int) -> int:
        """Give the ``seq`` below which no open transaction can still commit anything."""

    @abstractmethod
    def translate(self, error: Exception, *, committing: bool = False) -> StoreError:
        """Say in words what the driver's error means and what to do about it."""

    def autocommits(self, connection: sa.Connection) -> bool:
        """Tell whether a host's connection commits each statement by itself, though begun."""
        driver: Any = connection.connection.dbapi_connection
        return bool(driver.autocommit)

    def unharmed(self, connection: sa.Connection) -> AbstractContextManager[None]:  # noqa: ARG002
        """Leave the host's transaction as it was where a block, which only reads, fails.

        Most databases undo no more than the statement that failed.
        """
        return nullcontext()

    def folded(self, name: str) -> str:
        """Give the name of a savepoint that one written in SQL, quoted or not, stands for."""
        return (name[1:-1] if name[:1] in {'"', "'", "`", "["} else name).lower()

    def waiting(self, connection: sa.Connection) -> AbstractContextManager[None]:  # noqa: ARG002
        """Wait for another writer in a block no longer than `timeout`, in the host's transaction.

        A block that fails need not tidy up: the caller then goes back to a savepoint before it.
        """
        return nullcontext()

    def keeps(self, connection: sa.Connection) -> bool:  # noqa: ARG002 - most refuse what they cannot
        """Tell whether a commit now would keep the host's transaction, or quietly undo it."""
        return True

    def hold(self, connection: sa.Connection, workspace: int) -> None:  # noqa: B027 - see begin
        """Let nobody else write to this workspace before the transaction ends."""

    def migrating(self, connection: sa.Connection) -> AbstractContextManager[None]:  # noqa: ARG002
        """Let nobody else change the schema in a block, which ends with the transaction."""
        return nullcontext()

    def create(self, connection: sa.Connection, schema: Schema) -> None:
        """Create every table of the schema."""
        schema.metadata.create_all(connection)

    def same(self, theirs: sa.Dialect, ours: sa.Dialect) -> bool:
        """Tell whether a host's connection can speak to the database of this store's engine."""
        return (theirs.name, theirs.driver) == (ours.name, ours.driver)

    def dispose(self) -> None:  # noqa: B027 - most dialects have nothing of their own
        """Give back what the dialect made beside the engine."""


def _rows(connection: sa.Connection, sql: str, rows: list[Row]) -> sa.CursorResult[Any]:
    options = {"preserve_rowcount": True}
    return connection.exec_driver_sql(sql, rows, execution_options=options)
