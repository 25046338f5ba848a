"""PostgreSQL: everything the SQL store does only there."""

from __future__ import annotations

from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import QueuePool

from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Row, Store
from crmkit.contracts.tables import BLOB, DECIMAL, INTEGER, REAL, TEXT, Column, Table
from crmkit.errors import ConfigError, SchemaError, StoreBusy, StoreError
from crmkit.stores import postgres_bulk as bulk
from crmkit.stores import postgres_log as log
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.schema import PREFIX, VERSION
from crmkit.stores.sql.statements import Statements
from crmkit.stores.sql.store import SqlStore

OLDEST = (12,)
"""Oldest server that the tables and statements below work on."""
_MIGRATING = 0x63726D6B6974  # "crmkit", as the number of an advisory lock
_cursors = count(1)
_TYPES = {TEXT: "text", INTEGER: "bigint", REAL: "double precision", DECIMAL: "text", BLOB: "bytea"}


def open_postgres(config: StoreConfig) -> Store:
    """Open a store in a PostgreSQL database, or by the host's own engine.

    Raises:
        ConfigError: the URL or the engine is none of PostgreSQL, or psycopg is not installed.
        SchemaError: the schema is newer, or older and must not be touched.
        StoreError: the database cannot be used; the message says why.
    """
    if config.engine is not None and config.engine.dialect.name != "postgresql":
        message = f"engine speaks {config.engine.dialect.name}, but the URL is one of postgresql"
        raise ConfigError(message, key="engine")
    owned = config.engine is None
    dialect = PostgresDialect(_url(config.url) if owned else config.engine.url)
    engine = dialect.engine() if owned else config.engine
    store = PostgresStore(engine, dialect, config.workspace, owned=owned)
    try:
        store.migrate(config.migrate)
    except BaseException:
        store.close()
        raise
    return store


class PostgresStore(SqlStore):
    """A store in a PostgreSQL database."""

    name = "postgresql"


def _url(url: str) -> sa.URL:
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra: told before SQLAlchemy stumbles
    except ImportError as error:
        message = "PostgreSQL needs psycopg: pip install 'crmkit[postgres]'"
        raise ConfigError(message, key="url") from error
    try:
        return sa.make_url(url).set(drivername="postgresql+psycopg")
    except (sa.exc.ArgumentError, ValueError) as error:
        # The error repeats the URL, and with it the password.
        message = "the URL cannot be read: write postgresql://user:password@host:5432/database"
        raise ConfigError(message, key="url") from error


class PostgresDialect(Dialect):
    """The one module that knows PostgreSQL.

    One transaction writes to a workspace at a time: it holds the workspace's row, whatever the
    process. So numbers of the log are given in the order of the commits, what a writer read stays
    so until it commits, and writers never wait for each other in a circle. Readers hold nothing.
    """

    name = "postgresql"
    one_writer = False
    sort_puts = True
    key_values = 20_000
    streams = True
    timeout = 30.0

    def __init__(self, url: sa.URL) -> None:
        """Keep the URL; nothing is opened yet."""
        import psycopg  # noqa: PLC0415 - an extra

        self.url = url
        self.errors = (psycopg.Error, OverflowError, UnicodeError)
        self.compiler: sa.Dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]

    def engine(self) -> sa.Engine:
        """Make the engine of a store that was given none."""
        wait = round(self.timeout * 1000)
        return sa.create_engine(
            self.url,
            connect_args={"options": f"-c lock_timeout={wait} -c timezone=UTC"},
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=15,
            pool_timeout=self.timeout,
            pool_pre_ping=True,
            hide_parameters=True,
        )

    def prepare(self, connection: sa.Connection) -> None:
        """Refuse a server or a database that cannot keep what crmkit writes.

        Raises:
            StoreError: the server is too old, or the database is not one of UTF-8.
        """
        found = connection.dialect.server_version_info
        if found is not None and found < OLDEST:
            message = f"{self._where}: PostgreSQL {found[0]} is too old, {OLDEST[0]} is needed"
            raise StoreError(message)
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            message = (
                f"{self._where}: the database keeps text as {encoding}; make one with "
                "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            )
            raise StoreError(message)

    def begin(self, connection: sa.Connection, *, write: bool) -> None:
        """Begin; a reader's transaction of its own keeps what it sees from the first look on."""
        if connection.in_transaction():
            return
        if not write:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        connection.begin()
        if not write:
            connection.exec_driver_sql("SELECT 1")

    def hold(self, connection: sa.Connection, workspace: int) -> None:
        """Hold the workspace's row."""
        select = f"SELECT 1 FROM {PREFIX}workspace WHERE id = %s FOR NO KEY UPDATE"  # noqa: S608
        connection.exec_driver_sql(select, (workspace,))

    def migrating(self, connection: sa.Connection) -> None:
        """Hold a lock that stands for the schema."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")

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
        if in_parts:
            log.keys_table(physical)
            self._index(physical, "key", table.key)
        for by in table.indexes:
            rest = ("seq",) if table.log else table.key
            self._index(physical, "_".join(by), by + tuple(n for n in rest if n not in by))
        return physical

    def _index(self, table: sa.Table, name: str, names: tuple[str, ...]) -> None:
        columns = (self.sorted(table.c[column], reverse=False) for column in names)
        sa.Index(f"{table.name}_{name}", table.c.workspace, *columns)

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
        if len(rows) < bulk.BULK and not log.is_log(table):
            super().replace(connection, texts, table, rows)
        else:
            bulk.replace(connection, texts, table, rows)

    def deleting(self, table: Table, delete: str) -> str:
        """Delete the keys that stand beside the touchpoints too."""
        return log.with_keys(delete) if log.is_log(table) else delete

    def stream(self, connection: sa.Connection, sql: str, values: Row) -> Any:
        """Declare a cursor at the server."""
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor(name=f"crmkit_{next(_cursors)}")
        cursor.execute(sql, values)
        return cursor

    def keys(self, columns: tuple[Column, ...], count: int) -> str:  # noqa: ARG002
        """Unpack an array for each column."""
        arrays = ", ".join(f"%s::{_TYPES[column.type]}[]" for column in columns)
        return f"SELECT * FROM unnest({arrays})"  # noqa: S608 - types only

    def bind_keys(self, keys: list[Row]) -> Row:
        """Bind column after column."""
        return tuple(list(column) for column in zip(*keys, strict=True))

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
        last = connection.exec_driver_sql(move, (f"seq:{workspace}", count)).scalar_one()
        return int(last) - count + 1

    def watermark(self, connection: sa.Connection, workspace: int) -> int:
        """Give the counter as last committed: whoever moved it held the workspace till then."""
        select = f"SELECT value FROM {PREFIX}fact WHERE name = %s"  # noqa: S608
        return int(connection.exec_driver_sql(select, (f"seq:{workspace}",)).scalar() or 0)

    # -- errors --------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)

    def translate(self, error: Exception) -> StoreError:
        """Say what the error means; neither password nor values are told."""
        cause: Any = getattr(error, "orig", None) or error
        state = getattr(cause, "sqlstate", None) or ""
        told = getattr(getattr(cause, "diag", None), "message_primary", None) or str(cause)
        text = told.strip().splitlines()[0] if told.strip() else type(cause).__name__
        if isinstance(error, sa.exc.TimeoutError):
            message = f"{self._where}: every connection is in use for {self.timeout:g} s: try again"
            return StoreBusy(message)
        for start, words in _BUSY:
            if state.startswith(start):
                return StoreBusy(f"{self._where}: {text}: {words}")
        if state in _NO_SCHEMA:
            message = f"{self._where} lacks crmkit's schema ({text}): run `crmkit migrate`"
            return SchemaError(message, found=None, expected=VERSION)
        advice = next((words for start, words in _ADVICE if state.startswith(start)), "")
        if not state and getattr(error, "connection_invalidated", False):
            advice = "the connection was lost, and nothing of this write was kept: try again"
        elif not state and isinstance(error, sa.exc.OperationalError):
            advice = "check that the server runs and is reached, and the URL's host, port and user"
        return StoreError(f"{self._where}: {text}{advice and f': {advice}'}")


_NO_SCHEMA = frozenset({"42P01", "42703", "3F000"})  # no such table, column, schema
_BUSY = (
    ("55P03", "another writer held the workspace too long: try again"),
    ("40", "other transactions were in the way, and this one was undone: try again"),
    ("53300", "the server has no connection left: try again, or raise max_connections"),
    ("57P03", "the server is starting or stopping: try again"),
)
_ADVICE = (
    ("25006", "this is a read replica, or a read-only transaction: write to the primary server"),
    ("28", "check user and password in the URL, and the server's pg_hba.conf"),
    ("3D000", "make the database first: CREATE DATABASE ... ENCODING 'UTF8'"),
    ("42501", "let this user create and write tables: GRANT CREATE, USAGE ON SCHEMA ..."),
    ("53100", "free space on the server's disk; nothing of this write was kept"),
    ("57P01", "the server ended the connection, and nothing of this write was kept: try again"),
    ("08", "the connection was lost, and nothing of this write was kept: try again"),
    ("22", "the row holds a value that PostgreSQL cannot keep, such as a NUL in a text"),
    ("23", "the row breaks a rule of its table"),
)
"""What to do about an error, by how its SQLSTATE starts."""
