"""SQLite: everything the SQL store does only there."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.expression import Join

from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Row, Store
from crmkit.contracts.tables import BLOB, DECIMAL, INTEGER, REAL, TEXT, Column, Table
from crmkit.errors import ConfigError, SchemaError, StoreBusy, StoreError
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.schema import PREFIX, VERSION
from crmkit.stores.sql.store import SqlStore

PAGE = 8192
"""Bytes a page: 4,096 took half as long again for a million touchpoints (benchmarks/stores.py)."""
CACHE = 64 * 1024
"""KiB of page cache a connection."""
CHECKPOINT = 20_000
"""Pages the log may hold before it is written back; an import writes a page many times."""


def open_sqlite(config: StoreConfig) -> Store:
    """Open a store in a SQLite file, or by the host's own engine.

    Raises:
        ConfigError: the URL or the engine is none of SQLite.
        SchemaError: the schema is newer, or older and must not be touched.
        StoreError: the file cannot be used; the message says why.
    """
    if config.engine is not None and config.engine.dialect.name != "sqlite":
        message = f"engine speaks {config.engine.dialect.name}, but the URL is one of sqlite"
        raise ConfigError(message, key="engine")
    owned = config.engine is None
    dialect = SqliteDialect(_url(config.url) if owned else config.engine.url)
    engine = dialect.engine() if owned else config.engine
    store = SqliteStore(engine, dialect, config.workspace, owned=owned)
    try:
        store.migrate(config.migrate)
    except BaseException:
        store.close()
        raise
    return store


class SqliteStore(SqlStore):
    """A store in a SQLite file."""

    name = "sqlite"

    @property
    def file(self) -> Path | None:  # type: ignore[override]
        """Where the data lies; None: in this process's memory."""
        database = self.engine.url.database
        return None if database in (None, "", ":memory:") else Path(str(database))


class _Untyped(sa.types.UserDefinedType[float]):
    """A column without a type: REAL would turn -0.0 into 0.0."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return ""


class _CrossJoin(Join):
    """A join whose left side SQLite reads first: it never reorders a CROSS JOIN."""

    inherit_cache = False


@compiles(_CrossJoin)
def _cross_join(join: _CrossJoin, compiler: Any, **options: Any) -> str:
    left = compiler.process(join.left, **{**options, "asfrom": True})
    right = compiler.process(join.right, **{**options, "asfrom": True})
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"


class _Compiler(SQLiteCompiler):
    """Writes hints, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:  # noqa: ARG002
        return text


def _dialect() -> sa.Dialect:
    dialect = SQLiteDialect_pysqlite()
    dialect.statement_compiler = _Compiler
    return dialect


class SqliteDialect(Dialect):
    """The one module that knows SQLite."""

    name = "sqlite"
    one_writer = True
    sort_puts = True
    key_values = 500
    errors = (sqlite3.Error, OverflowError, UnicodeError)
    timeout = 30.0

    def __init__(self, url: sa.URL) -> None:
        """Keep the URL; nothing is opened yet."""
        self.url = url
        self.compiler = _dialect()
        self._folder: str | None = None
        if "timeout" in url.query:
            self.timeout = float(str(url.query["timeout"]))

    def engine(self) -> sa.Engine:
        """Make the engine of a store that was given none."""
        if self.url.database in {None, "", ":memory:"}:
            # SQLite's own in-memory database cannot be read while it is written to.
            self._folder = tempfile.mkdtemp(prefix="crmkit-")
            self.url = self.url.set(database=str(Path(self._folder) / "memory.db"))
        arguments = {"timeout": self.timeout, "check_same_thread": False}
        engine = sa.create_engine(
            self.url,
            connect_args=arguments,
            poolclass=QueuePool,
            pool_size=5,
            max_overflow=-1,
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", tune)
        return engine

    def prepare(self, connection: sa.Connection) -> None:
        """Turn write-ahead logging on, so that readers and the writer do not wait for each other.

        Two processes that do so at once make each other fail without waiting, hence the loop.
        """
        end = time.monotonic() + self.timeout
        while True:
            try:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            except sa.exc.OperationalError as error:
                connection.rollback()
                if not _busy(error.orig) or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return

    def begin(self, connection: sa.Connection, *, write: bool) -> None:
        """Begin at once: a writer with the lock, a reader with a first look."""
        driver: Any = connection.connection.dbapi_connection
        if not connection.in_transaction():
            connection.begin()  # SQLAlchemy's own; a host's engine may send a BEGIN with it
            if driver.in_transaction:
                connection.exec_driver_sql("ROLLBACK")
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        elif write:  # the host has begun: a write of nothing takes the lock
            connection.exec_driver_sql(f"UPDATE {PREFIX}fact SET value = value WHERE 0")  # noqa: S608
        if not write:
            connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1")

    def type(self, column: Column) -> sa.types.TypeEngine[Any]:
        """Give the type: decimals are text, doubles have none."""
        types: dict[str, sa.types.TypeEngine[Any]] = {
            TEXT: sa.Text(),
            INTEGER: sa.Integer(),
            REAL: _Untyped(),
            DECIMAL: sa.Text(),
            BLOB: sa.LargeBinary(),
        }
        return types[column.type]

    def table(self, table: Table, metadata: sa.MetaData) -> sa.Table:
        """Lay a log out by ``seq``, anything else by its key.

        A row of a log lands at the end and its indexes stay narrow: they end in the row's number,
        which is ``seq``. Other tables are kept in the order of their key, without a second tree.
        """
        columns = [
            sa.Column(column.name, self.type(column), nullable=column.null)
            for column in table.columns
        ]
        key = ("seq",) if table.log else ("workspace", *table.key)
        physical = sa.Table(
            f"{PREFIX}{table.name}",
            metadata,
            sa.Column("workspace", sa.Integer, nullable=False),
            *columns,
            sa.PrimaryKeyConstraint(*key),
            sqlite_with_rowid=table.log,
        )
        if table.log and table.key != ("seq",):
            _index(physical, "key", table.key, unique=True)
        for by in table.indexes:
            if table.log:
                _index(physical, "_".join(by), tuple(name for name in by if name != "seq"))
            else:
                rest = tuple(name for name in table.key if name not in by)
                _index(physical, "_".join(by), by + rest)
        return physical

    def insert_new(self, table: sa.Table, key: tuple[str, ...]) -> sa.Insert:
        """Ignore a known key, and nothing else."""
        return sqlite_insert(table).on_conflict_do_nothing(index_elements=_target(key))

    def upsert(self, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Insert:
        """Replace a row in place."""
        insert = sqlite_insert(table)
        changed = {name: insert.excluded[name] for name in names if name not in key}
        if not changed:
            return insert.on_conflict_do_nothing(index_elements=_target(key))
        return insert.on_conflict_do_update(index_elements=_target(key), set_=changed)

    def keys(self, columns: tuple[Column, ...], count: int) -> str:
        """Write a value for each column of each key."""
        one = f"({', '.join('?' * len(columns))})"
        return f"VALUES {', '.join([one] * count)}"

    def bind_keys(self, keys: list[Row]) -> Row:
        """Bind key after key."""
        return tuple(chain.from_iterable(keys))

    def by_keys(self, keys: sa.FromClause, table: sa.Table, on: Any) -> sa.FromClause:
        """Go through the keys and look each up."""
        return _CrossJoin(keys, table, on)

    def hint(self, table: Table, by: tuple[str, ...]) -> str:
        """Name the index: SQLite takes the workspace for choosy, and would read all of it."""
        order = next(order for order in table.orders if order[: len(by)] == by)
        if order == (("seq",) if table.log else table.key):
            return "NOT INDEXED"  # the table itself lies in this order
        name = "key" if order == table.key else "_".join(order)
        return f"INDEXED BY {PREFIX}{table.name}_{name}"

    def contains(self, column: sa.Column[Any], text: Any) -> Any:
        """Compare bytes."""
        return sa.func.instr(column, text) > 0

    def reserve(self, connection: sa.Connection, workspace: int, count: int) -> int:
        """Move the counter, which is the whole file's; the writer is alone."""
        last = self.watermark(connection, workspace)
        change = f"UPDATE {PREFIX}fact SET value = ? WHERE name = 'seq'"  # noqa: S608
        connection.exec_driver_sql(change, (last + count,))
        return last + 1

    def watermark(self, connection: sa.Connection, workspace: int) -> int:  # noqa: ARG002
        """Give the counter: whoever moved it has committed."""
        select = f"SELECT value FROM {PREFIX}fact WHERE name = 'seq'"  # noqa: S608
        return int(connection.exec_driver_sql(select).scalar_one())

    def translate(self, error: Exception) -> StoreError:
        """Say what the error means."""
        return translate(error, self.place)

    def dispose(self) -> None:
        """Remove the file of an in-memory database."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _index(table: sa.Table, name: str, names: tuple[str, ...], *, unique: bool = False) -> None:
    columns = (table.c.workspace, *(table.c[column] for column in names))
    sa.Index(f"{table.name}_{name}", *columns, unique=unique)


def _target(key: tuple[str, ...]) -> list[str]:
    """Name what makes a key unique: ``seq`` is so in the whole file, whatever the workspace."""
    return ["seq"] if key == ("workspace", "seq") else list(key)


def tune(connection: sqlite3.Connection, _: Any = None) -> None:
    """Set a new connection up: see the constants above."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA page_size = {PAGE}")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute(f"PRAGMA cache_size = -{CACHE}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    cursor.execute(f"PRAGMA journal_size_limit = {PAGE * CHECKPOINT}")
    cursor.close()
