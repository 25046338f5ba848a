"""SQLite: its SQL, its types, its locks, and how a connection is set up."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.expression import Join

from crmkit.contracts.store import Row
from crmkit.contracts.tables import BLOB, DECIMAL, INTEGER, REAL, TEXT, Column, Table
from crmkit.errors import ConfigError, StoreError
from crmkit.stores import sqlite_bulk as bulk
from crmkit.stores.checks import picker
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.schema import PREFIX
from crmkit.stores.sql.statements import among_few
from crmkit.stores.sqlite_errors import busy, translate
from crmkit.stores.sqlite_url import Place

if TYPE_CHECKING:
    from crmkit.stores.sql.statements import Statements

PAGE = 8192
"""Bytes a page: 4,096 took half as long again for a million touchpoints (benchmarks/stores.py)."""
CACHE = 48 * 1024
"""KiB of page cache a connection."""
CHECKPOINT = 20_000
"""Pages the log may hold before it is written back; an import writes a page many times."""


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
    columns = (
        "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c "
        "WHERE m.type = 'table'"
    )
    errors = (sqlite3.Error, OverflowError, UnicodeError)

    def __init__(self, place: Place) -> None:
        """Know where the database is; nothing is opened yet."""
        self.place = place
        self.timeout = place.timeout
        self.compiler = _dialect()
        self._folder: str | None = None

    def engine(self) -> sa.Engine:
        """Make the engine of a store that was given none.

        Raises:
            ConfigError: the URL names a driver that is not there.
        """
        url = self.place.url
        if self.place.path is None and not self.place.is_uri:
            # SQLite's own in-memory database cannot be read while it is written to.
            self._folder = tempfile.mkdtemp(prefix="crmkit-")
            url = url.set(database=str(Path(self._folder) / "memory.db"))
        arguments = {"timeout": self.timeout, "check_same_thread": False}
        try:
            engine = sa.create_engine(
                url,
                connect_args=arguments,
                poolclass=QueuePool,
                pool_size=5,
                pool_use_lifo=True,  # who wrote last has the pages in memory
                max_overflow=-1,
                hide_parameters=True,
            )
        except (sa.exc.ArgumentError, ImportError) as error:
            raise ConfigError(
                f"SQLite cannot be reached by this URL: {error}", key="url"
            ) from error
        sa.event.listen(engine, "connect", tune)
        return engine

    def prepare(self, connection: sa.Connection, *, owned: bool) -> None:
        """Turn write-ahead logging on, so that readers and the writer do not wait for each other.

        Two processes that do so at once make each other fail without waiting, hence the loop.
        """
        if not owned:
            return
        end = time.monotonic() + self.timeout
        while True:
            try:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            except sa.exc.OperationalError as error:
                connection.rollback()
                if not busy(error.orig) or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return

    def begin(self, connection: sa.Connection, *, write: bool) -> None:
        """Begin at once: a writer with the lock, a reader with a first look.

        What a writer deletes is overwritten, on a host's connection too: who is erased must not be
        left in free pages. It costs an import nothing that could be measured.

        Raises:
            StoreError: nothing can be written by this URL.
        """
        if write and self.place.read_only:
            message = f"{self.place} is opened read only: connect by a URL that makes it writable"
            raise StoreError(message)
        driver: Any = connection.connection.dbapi_connection
        if not connection.in_transaction():
            connection.begin()  # SQLAlchemy's own; a host's engine may send a BEGIN with it
            if driver.in_transaction:
                connection.exec_driver_sql("ROLLBACK")
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        elif write:  # the host has begun: a write of nothing takes the lock
            connection.exec_driver_sql(f"UPDATE {PREFIX}fact SET value = value WHERE 0")  # noqa: S608
        first = "PRAGMA secure_delete = ON" if write else "SELECT 1 FROM sqlite_master LIMIT 1"
        connection.exec_driver_sql(first).close()

    def autocommits(self, connection: sa.Connection) -> bool:
        """Tell it by what became of the host's BEGIN: without one, sqlite3 itself may yet begin."""
        driver: Any = connection.connection.dbapi_connection
        by_itself = driver.isolation_level is None or getattr(driver, "autocommit", None) is True
        return by_itself and not driver.in_transaction

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
        for few in table.sparse:
            rest = tuple(name for name in table.key if name not in few.by)
            _index(physical, "_".join(few.by), few.by + rest, few=among_few(few, physical))
        return physical

    def insert_new(self, table: sa.Table, key: tuple[str, ...]) -> sa.Insert:
        """Ignore a known key, and nothing else.

        OR FAIL: whatever else is wrong, the whole transaction is undone; SQLite then need not copy
        each page aside to undo this one statement, which took a fifth of its time.
        """
        insert = sqlite_insert(table).prefix_with("OR FAIL")
        return insert.on_conflict_do_nothing(index_elements=_target(key))

    def upsert(self, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Insert:
        """Replace a row in place."""
        insert = sqlite_insert(table)
        changed = {name: insert.excluded[name] for name in names if name not in key}
        if not changed:
            return insert.on_conflict_do_nothing(index_elements=_target(key))
        return insert.on_conflict_do_update(index_elements=_target(key), set_=changed)

    def add(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> bool:
        """Add rows, several a statement."""
        insert, most = texts.insert(table), bulk.AT_ONCE
        return bulk.write(connection, table, insert, rows, at_once=most) == len(rows)

    def replace(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> None:
        """Add or replace rows; several a statement where that touches few pages.

        A statement that may replace rows copies each page aside first, once a statement of one row
        never: where rows go into several orders, they share hardly a page.
        """
        most = 0 if table.indexes else bulk.AT_ONCE
        bulk.write(connection, table, texts.upsert(table), rows, at_once=most)

    def change(
        self,
        connection: sa.Connection,
        texts: Statements,
        table: Table,
        rows: list[Row],
        columns: tuple[str, ...],
    ) -> None:
        """Write the columns that differ: the indexes of others stay as they are."""
        query = texts.update(table, columns)
        taken = picker(table.position[name.partition("_")[2]] for name in query.names)
        connection.exec_driver_sql(query.sql, [*map(taken, rows)])

    def keys(self, columns: tuple[Column, ...], count: int) -> str:
        """Write a value for each column of each key."""
        one = f"({', '.join('?' * len(columns))})"
        return f"VALUES {', '.join([one] * count)}"

    def by_keys(
        self, keys: sa.FromClause, table: sa.Table, on: Any, columns: list[sa.Column[Any]]
    ) -> sa.Select[Any]:
        """Go through the keys and look each up."""
        return sa.select(*columns).select_from(_CrossJoin(keys, table, on))

    def last(
        self, keys: sa.FromClause, log: sa.Table, looked: sa.FromClause, few: sa.Select[Any]
    ) -> sa.Select[Any]:
        """Find each key's few by an index, then read those: SQLite knows no LATERAL."""
        seqs = few.with_only_columns(looked.c.seq).correlate(keys)
        columns = [column for column in log.c if column.name != "workspace"]
        one_by_one = _CrossJoin(keys, log, log.c.seq.in_(seqs))
        return sa.select(*columns).select_from(one_by_one).with_hint(log, "NOT INDEXED", "*")

    def hint(self, table: Table, by: tuple[str, ...]) -> str:
        """Name the index: SQLite takes the workspace for choosy, and would read all of it."""
        order = next(order for order in table.indexed if order[: len(by)] == by)
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

    def translate(self, error: Exception, *, committing: bool = False) -> StoreError:  # noqa: ARG002
        """Say what the error means; a commit that fails was undone."""
        return translate(error, self.place)

    def dispose(self) -> None:
        """Remove the file of an in-memory database."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _index(
    table: sa.Table, name: str, names: tuple[str, ...], *, unique: bool = False, few: Any = None
) -> None:
    columns = (table.c.workspace, *(table.c[column] for column in names))
    sa.Index(f"{table.name}_{name}", *columns, unique=unique, sqlite_where=few)


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
