"""PostgreSQL: everything the SQL store does only there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from crmkit.contracts.postgres_url import DRIVER, Place, need_driver, of_engine, read_url
from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Row, Store
from crmkit.contracts.tables import (
    BLOB,
    DECIMAL,
    INTEGER,
    REAL,
    STATE,
    TEXT,
    Column,
    Table,
)
from crmkit.errors import StoreError
from crmkit.stores import postgres_bulk as bulk
from crmkit.stores import postgres_log as log
from crmkit.stores import postgres_session as session
from crmkit.stores.postgres_arrays import array
from crmkit.stores.postgres_errors import PASSING, state_of, translate
from crmkit.stores.postgres_meanwhile import going_on
from crmkit.stores.sql.opening import check_driver, check_engine, migrated
from crmkit.stores.sql.schema import PREFIX
from crmkit.stores.sql.server import ServerDialect, counter
from crmkit.stores.sql.statements import Scan, Statements, among_few
from crmkit.stores.sql.store import SqlStore

OLDEST = (12,)
"""Oldest server that the tables and statements below work on."""
_MIGRATING = 0x63726D6B6974  # "crmkit", as the number of an advisory lock
_SETTINGS = (
    # For this transaction alone. Doubles come back to the bit, and text of any script; and the
    # first statement is what a reader's look is taken at.
    "SELECT set_config('extra_float_digits', '1', true), "
    "set_config('client_encoding', 'UTF8', true), set_config('lock_timeout', %s, true)"
)
# Not by an option of SQLAlchemy's: its reset would let the next user of the connection write where
# the server's own setting is that nobody does.
_READ_ONLY = ", set_config('transaction_read_only', 'on', true)"
_cursors = count(1)
_FILLED = {STATE.name: 70}
"""How much of a page new rows may fill, in percent, where rows are replaced all the time: the next
version of one then lies beside it, and no index has to hear of it."""
_TYPES = {TEXT: "text", INTEGER: "bigint", REAL: "double precision", DECIMAL: "text", BLOB: "bytea"}


def open_postgres(config: StoreConfig) -> Store:
    """Open a store in a PostgreSQL database, or by the host's own engine.

    Raises:
        ConfigError: the URL or the engine is none of PostgreSQL, or psycopg is not installed.
        SchemaError: the schema is newer, or older and must not be touched.
        StoreError: the database cannot be used; the message says why.
    """
    check_engine(config.engine, "postgresql", ("postgresql",))
    need_driver()
    owned = config.engine is None
    check_driver(config.engine, DRIVER)
    dialect = PostgresDialect(read_url(config.url) if owned else of_engine(config.engine.url))
    engine = dialect.engine() if owned else config.engine
    store = PostgresStore(engine, dialect, config.workspace, owned=owned)
    return migrated(store, config.migrate)


class PostgresStore(SqlStore):
    """A store in a PostgreSQL database."""

    name = "postgresql"


class PostgresDialect(ServerDialect):
    """Knows PostgreSQL; its URLs and errors have modules of their own."""

    name = "postgresql"
    key_values = 20_000
    columns = (
        "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0 AND NOT attisdropped "
        "AND pg_table_is_visible(pg_class.oid)"
    )
    binds_arrays = True

    def __init__(self, place: Place) -> None:
        """Know where the database is; nothing is opened yet."""
        import psycopg  # noqa: PLC0415 - an extra

        self.place = place
        self.timeout = place.timeout
        self.errors = (psycopg.Error, OverflowError, UnicodeError)
        self.compiler: sa.Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]

    def engine(self) -> sa.Engine:
        """Make the engine of a store that was given none.

        Nothing is set for a session, nor prepared in one: a pooler may give each transaction
        another.
        """
        options = {**self.place.options, "prepare_threshold": None}
        return self.server_engine(**options)

    def connect(self, engine: sa.Engine) -> sa.Connection:
        """Take a connection, outside any transaction that a listener of the host's began."""
        connection = super().connect(engine)
        try:
            session.settle(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def passes(self, error: Exception) -> bool:
        """Tell of a server that has no connection left, or is starting."""
        return state_of(error) in PASSING

    def prepare(self, connection: sa.Connection, *, owned: bool) -> None:  # noqa: ARG002
        """Refuse a server or a database that cannot keep what crmkit writes.

        Raises:
            StoreError: the server is too old, or the database is not one of UTF-8.
        """
        found = connection.dialect.server_version_info
        if found is not None and found < OLDEST:
            message = f"{self.place}: PostgreSQL {found[0]} is too old, {OLDEST[0]} is needed"
            raise StoreError(message)
        self.suits(connection)

    def suits(self, connection: sa.Connection) -> None:
        """Refuse a database that is not one of UTF-8; it may have been restored into another."""
        driver: Any = connection.connection.dbapi_connection
        encoding = driver.info.parameter_status("server_encoding")  # told with the connection
        if encoding not in ("UTF8", None):
            message = (
                f"{self.place}: the database keeps text as {encoding}; make one with "
                "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )
            raise StoreError(message)

    def begin(self, connection: sa.Connection, *, write: bool) -> None:
        """Begin; a reader's transaction of its own keeps what it sees from the first look on.

        A writer sees in each statement what was committed before it: what it reads while it holds
        the workspace is never stale. Whatever the server, or the host's engine, has set otherwise
        does not hold here.
        """
        if connection.in_transaction():
            session.check_encoding(connection, self.place)
            return
        level = "READ COMMITTED" if write else "REPEATABLE READ"
        connection.execution_options(isolation_level=level)
        connection.begin()
        connection.exec_driver_sql(_SETTINGS if write else _SETTINGS + _READ_ONLY, (self._wait,))

    @property
    def _wait(self) -> str:
        return str(max(1, round(self.timeout * 1000)))

    def waiting(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """Set how long locks are waited for, and what the host has set for its own then."""
        return session.waiting(connection, self._wait)

    def unharmed(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """Set a savepoint: what fails would else be the end of the whole transaction."""
        return session.unharmed(connection)

    def folded(self, name: str) -> str:
        """Give the name as it is where it is quoted."""
        return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()

    def keeps(self, connection: sa.Connection) -> bool:
        """Tell whether something failed: the server then answers COMMIT by a rollback."""
        gone = connection.closed or connection.invalidated
        return gone or not session.has_failed(connection)

    def hold(self, connection: sa.Connection, workspace: int) -> None:
        """Hold the workspace's row.

        Raises:
            StoreError: the row is gone, or the host's transaction would go on seeing what it saw
                before it was held.
        """
        session.hold(connection, workspace, self.place)

    @contextmanager
    def migrating(self, connection: sa.Connection) -> Iterator[None]:
        """Hold a lock that stands for the schema."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
        yield

    def type(self, column: Column) -> sa.types.TypeEngine[Any]:
        """Give the type; text is compared byte by byte, as everywhere in crmkit."""
        types: dict[str, sa.types.TypeEngine[Any]] = {
            TEXT: sa.Text(collation="C"),
            INTEGER: sa.BigInteger(),
            REAL: sa.Double(),
            DECIMAL: sa.Text(collation="C"),
            BLOB: sa.LargeBinary(),
        }
        return types[column.type]

    def table(self, table: Table, metadata: sa.MetaData) -> sa.Table:
        """Lay a table out: a log by its number, anything else by its key."""
        in_parts = log.is_log(table)
        key = ("seq",) if table.log else table.key
        physical = sa.Table(
            f"{PREFIX}{table.name}",
            metadata,
            sa.Column("workspace", sa.Integer, nullable=False),
            *(sa.Column(c.name, self.type(c), nullable=c.null) for c in table.columns),
            sa.PrimaryKeyConstraint("workspace", *key, *(("at",) if in_parts else ())),
            postgresql_partition_by=log.BY_YEAR if in_parts else None,
        )
        if room := _room(table):
            sa.event.listen(physical, "after_create", sa.DDL(room))  # type: ignore[no-untyped-call]
        if in_parts:
            log.keys_table(physical)
            self._index(physical, "key", table.key)
        for by in table.indexes:
            rest = ("seq",) if table.log else table.key
            self._index(physical, "_".join(by), by + tuple(n for n in rest if n not in by))
        for few in table.sparse:
            names = few.by + tuple(n for n in table.key if n not in few.by)
            self._index(physical, "_".join(few.by), names, few=among_few(few, physical))
        return physical

    def make_room(self, connection: sa.Connection, table: Table) -> None:
        """Leave room in the pages that are still to come."""
        if room := _room(table):
            connection.exec_driver_sql(room)

    def _index(
        self, table: sa.Table, name: str, names: tuple[str, ...], *, few: Any = None
    ) -> None:
        columns = (self.sorted(table.c[column], reverse=False) for column in names)
        sa.Index(f"{table.name}_{name}", table.c.workspace, *columns, postgresql_where=few)

    def sorted(self, column: sa.ColumnElement[Any], *, reverse: bool) -> sa.ColumnElement[Any]:
        """Put None first, where PostgreSQL would put it last."""
        if not getattr(column, "nullable", False):
            return column.desc() if reverse else column.asc()
        return column.desc().nulls_last() if reverse else column.asc().nulls_first()

    def insert_new(self, table: sa.Table, key: tuple[str, ...]) -> sa.Insert:
        """Ignore a known key."""
        return postgres_insert(table).on_conflict_do_nothing(index_elements=list(key))

    def upsert(self, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Insert:
        """Replace a row in place."""
        insert = postgres_insert(table)
        changed = {name: insert.excluded[name] for name in names if name not in key}
        if not changed:
            return insert.on_conflict_do_nothing(index_elements=list(key))
        return insert.on_conflict_do_update(index_elements=list(key), set_=changed)

    # -- many rows -----------------------------------------------------------------------

    def add(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> bool:
        """Add rows; many by COPY, and those of the touchpoints always."""
        if len(rows) < bulk.BULK and not log.is_log(table):
            return super().add(connection, texts, table, rows)
        return bulk.add(connection, texts, table, rows)

    def replace(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> None:
        """Add or replace rows; many by COPY, and those of the touchpoints always."""
        few = len(rows) < bulk.BULK or session.is_in_two_phases(connection)
        if few and not log.is_log(table):
            super().replace(connection, texts, table, rows)
        else:
            bulk.replace(connection, texts, table, rows)

    def deleting(self, table: Table, delete: str) -> str:
        """Delete the keys that stand beside the touchpoints too."""
        return log.with_keys(delete) if log.is_log(table) else delete

    def while_waiting(
        self, connection: sa.Connection, work: Iterator[object]
    ) -> AbstractContextManager[None]:
        """Go on with `work` between two looks at the socket."""
        return going_on(connection.connection.dbapi_connection, work)

    def select(self, connection: sa.Connection, sql: str, values: Row) -> Any:
        """Ask for the rows as the server keeps them."""
        from crmkit.stores.postgres_cursor import binary  # noqa: PLC0415 - made of psycopg

        with binary(connection):
            return super().select(connection, sql, values)

    def stream(
        self,
        connection: sa.Connection,
        texts: Statements,
        table: Table,
        shape: Scan,
        values: Mapping[str, Any],
    ) -> Any:
        """Declare a cursor at the server."""
        query = texts.scan(table, shape)
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor(name=f"crmkit_{next(_cursors)}")
        try:
            cursor.execute(query.sql, query.bind(values), binary=True)
        except BaseException:
            with suppress(*self.errors):
                cursor.close()
            raise
        return cursor

    def keys(self, columns: tuple[Column, ...], count: int) -> str:  # noqa: ARG002
        """Unpack an array for each column."""
        arrays = ", ".join(f"%s::{_TYPES[column.type]}[]" for column in columns)
        return f"SELECT * FROM unnest({arrays})"  # noqa: S608 - types only

    def bind_keys(self, keys: list[Row]) -> Row:
        """Bind column after column."""
        return tuple(array(column) for column in zip(*keys, strict=True))

    def by_keys(
        self,
        keys: sa.FromClause,
        table: sa.Table,  # noqa: ARG002 - the columns' own
        on: Any,
        columns: list[sa.Column[Any]],
    ) -> sa.Select[Any]:
        """Look each key up by itself; joined, the planner often reads the whole table instead."""
        once = sa.select(*columns).where(on).offset(sa.literal_column("0")).lateral("found")
        return sa.select(once).select_from(sa.join(keys, once, sa.true()))

    def last(
        self,
        keys: sa.FromClause,
        log: sa.Table,  # noqa: ARG002 - the columns' own
        looked: sa.FromClause,  # noqa: ARG002
        few: sa.Select[Any],
    ) -> sa.Select[Any]:
        """Ask for each key's few rows by themselves."""
        found = few.lateral("found")
        return sa.select(found).select_from(sa.join(keys, found, sa.true()))

    def hint(self, table: Table, by: tuple[str, ...]) -> str:  # noqa: ARG002
        """Leave it to the planner."""
        return ""

    def contains(self, column: sa.Column[Any], text: Any) -> Any:
        """Compare bytes."""
        return sa.func.strpos(column, text) > 0

    # -- the order of commits ------------------------------------------------------------

    def reserve(self, connection: sa.Connection, workspace: int, count: int) -> int:
        """Move the workspace's counter, whose row nobody else can write before the commit."""
        move = (
            f"INSERT INTO {PREFIX}fact (name, value) VALUES (%s, %s) "  # noqa: S608
            f"ON CONFLICT (name) DO UPDATE SET value = {PREFIX}fact.value + EXCLUDED.value "
            "RETURNING value"
        )
        last = connection.exec_driver_sql(move, (counter(workspace), count)).scalar_one()
        return int(last) - count + 1

    def translate(self, error: Exception, *, committing: bool = False) -> StoreError:
        """Say what the error means; neither password nor values are told."""
        return translate(error, self.place, committing=committing)


def _room(table: Table) -> str:
    """Give the text that says how full a table's pages are made; empty: as full as can be.

    Newer SQLAlchemys write it themselves, the oldest that crmkit takes does not.
    """
    if table.name not in _FILLED:
        return ""
    return f"ALTER TABLE {PREFIX}{table.name} SET (fillfactor = {_FILLED[table.name]})"
