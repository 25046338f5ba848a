"""MariaDB, and MySQL: everything the SQL store does only there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.dialects.mysql.mysqldb import MySQLCompiler_mysqldb
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import Join

from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Row, Store
from crmkit.contracts.tables import Column, Table
from crmkit.errors import StoreBusy, StoreError
from crmkit.stores import mariadb_layout as layout
from crmkit.stores import mariadb_session as session
from crmkit.stores.checks import picker
from crmkit.stores.mariadb_bulk import insert
from crmkit.stores.mariadb_errors import DUPLICATE, is_passing, number_of, translate
from crmkit.stores.mariadb_pages import Pages
from crmkit.stores.mariadb_url import DRIVER, NAMES, Place, need_driver, of_engine, read_url
from crmkit.stores.mariadb_values import kept
from crmkit.stores.sql.opening import check_driver, check_engine, migrated
from crmkit.stores.sql.schema import PREFIX, Schema
from crmkit.stores.sql.server import ServerDialect, counter
from crmkit.stores.sql.statements import Scan, Statements
from crmkit.stores.sql.store import SqlStore

_LOCK = "CONCAT('crmkit ', MD5(DATABASE()))"  # a lock's name is the whole server's


class _StraightJoin(Join):
    """A join whose left side is read first."""

    inherit_cache = False


@compiles(_StraightJoin)
def _straight_join(join: _StraightJoin, compiler: Any, **options: Any) -> str:
    left = compiler.process(join.left, **{**options, "asfrom": True})
    right = compiler.process(join.right, **{**options, "asfrom": True})
    return f"{left} STRAIGHT_JOIN {right} ON {compiler.process(join.onclause, **options)}"


class _Compiler(MySQLCompiler_mysqldb):
    """Leaves hints out of DELETE, which takes none here."""

    def format_from_hint_text(self, sqltext: str, table: Any, hint: str, iscrud: Any) -> str:
        """Write a hint behind the name of a table."""
        if iscrud:
            return sqltext
        found: str = super().format_from_hint_text(  # type: ignore[no-untyped-call]
            sqltext, table, hint, iscrud
        )
        return found


def _dialect() -> sa.Dialect:
    dialect = MySQLDialect_pymysql(paramstyle="format")
    dialect.statement_compiler = _Compiler
    return dialect


def open_mariadb(config: StoreConfig) -> Store:
    """Open a store in a database of MariaDB's or MySQL's, or by the host's own engine.

    Raises:
        ConfigError: the URL or the engine is none of theirs, or PyMySQL is not installed.
        SchemaError: the schema is newer, or older and must not be touched.
        StoreError: the database cannot be used; the message says why.
    """
    check_engine(config.engine, "mariadb", NAMES)
    need_driver()
    owned = config.engine is None
    check_driver(config.engine, DRIVER)
    place = read_url(config.url) if owned else of_engine(config.engine.url)
    dialect = MariaDialect(place, owned=owned)
    engine = dialect.engine() if owned else config.engine
    store = MariaStore(engine, dialect, config.workspace, owned=owned)
    return migrated(store, config.migrate)


class MariaStore(SqlStore):
    """A store in a database of MariaDB's or MySQL's."""

    name = "mariadb"


class MariaDialect(ServerDialect):
    """Knows MariaDB, and where MySQL differs."""

    name = "mariadb"
    key_values = 4_000
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns "  # noqa: S608 - our own
        f"WHERE table_schema = DATABASE() AND LEFT(table_name, {len(PREFIX)}) = '{PREFIX}'"
    )
    compares_rows = False
    undoes_schema = False
    options = layout.OPTIONS

    def __init__(self, place: Place, *, owned: bool = True) -> None:
        """Know where the database is, and whether its connections are our own; open nothing."""
        import pymysql  # noqa: PLC0415 - an extra

        self.place = place
        self.timeout = place.timeout
        # OSError: a file of a certificate's that is not there.
        self.errors = (pymysql.MySQLError, OverflowError, UnicodeError, OSError)
        self.compiler = _dialect()
        self._owned = owned
        self._row = ""
        self._packet = 0

    def engine(self) -> sa.Engine:
        """Make the engine of a store that was given none."""
        settings = session.settings(self.place)
        options = {**self.place.options, "init_command": settings}
        return self.server_engine(**options)

    def passes(self, error: Exception) -> bool:
        """Tell of a server that has no connection left."""
        return is_passing(error)

    def prepare(self, connection: sa.Connection, *, owned: bool) -> None:  # noqa: ARG002
        """Refuse a server that cannot keep what crmkit writes: see `session.check_server`."""
        session.check_server(connection, self.place)

    def begin(self, connection: sa.Connection, *, write: bool) -> None:
        """Begin; a reader's transaction of its own keeps what it sees from the first look on.

        A writer sees in each statement what was committed before it: what it reads while it holds
        the workspace is never stale.

        Raises:
            StoreError: a host's connection is set so that values would be lost, or what others
                wrote would not be seen.
        """
        self._row = "" if session.is_mariadb(connection) else "ROW"
        session.read_doubles(connection)
        if connection.in_transaction():
            if write:
                session.check_host(connection, self.place, joined=True)
            return
        connection.begin()
        level = "READ COMMITTED" if write else "REPEATABLE READ"
        connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
        how = "" if write else " WITH CONSISTENT SNAPSHOT, READ ONLY"
        connection.exec_driver_sql(f"START TRANSACTION{how}")
        if write and not self._owned:
            session.check_host(connection, self.place, joined=False)

    def autocommits(self, connection: sa.Connection) -> bool:
        """Tell whether a host's connection commits each statement by itself, though begun."""
        driver: Any = connection.connection.dbapi_connection
        return bool(driver.get_autocommit())

    def same(self, theirs: sa.Dialect, ours: sa.Dialect) -> bool:
        """Take ``mariadb+pymysql`` and ``mysql+pymysql`` for one."""
        return theirs.name in NAMES and theirs.driver == ours.driver

    def hold(self, connection: sa.Connection, workspace: int) -> None:
        """Hold the workspace's row.

        Raises:
            StoreError: the row is gone.
        """
        hold = f"SELECT id FROM {PREFIX}workspace WHERE id = %s FOR UPDATE"  # noqa: S608
        if connection.exec_driver_sql(hold, (workspace,)).scalar() is None:
            message = f"{self.place}: the workspace is not there any more: connect again"
            raise StoreError(message)

    @contextmanager
    def migrating(self, connection: sa.Connection) -> Iterator[None]:
        """Hold a lock that stands for the schema: each table that is made ends a transaction.

        Raises:
            StoreBusy: somebody else kept it for too long.
        """
        wait = self.place.wait
        taken = connection.exec_driver_sql(f"SELECT GET_LOCK({_LOCK}, {wait})").scalar()
        if not taken:
            message = f"{self.place}: another migration has been running for {wait} s: try again"
            raise StoreBusy(message)
        try:
            yield
        finally:
            with suppress(sa.exc.SQLAlchemyError, *self.errors):  # it ends with its connection
                connection.exec_driver_sql(f"DO RELEASE_LOCK({_LOCK})")

    def create(self, connection: sa.Connection, schema: Schema) -> None:
        """Create the tables that are not there, that of facts first.

        Whoever was killed at it left that one without a version: the next goes on.
        """
        schema.fact.create(connection, checkfirst=True)
        schema.metadata.create_all(connection)

    def type(self, column: Column) -> sa.types.TypeEngine[Any]:
        """Give the type that keeps this column's values exactly."""
        return layout.type_of(column)

    def table(self, table: Table, metadata: sa.MetaData) -> sa.Table:
        """Describe how a table lies in the database."""
        return layout.lay_out(table, metadata)

    def insert_new(self, table: sa.Table, key: tuple[str, ...]) -> sa.Insert:
        """Leave a known key as it is; IGNORE would take wrong values too."""
        return mysql_insert(table).on_duplicate_key_update({key[0]: table.c[key[0]]})

    def upsert(self, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Insert:
        """Replace a row in place."""
        new = mysql_insert(table)
        changed = {name: new.inserted[name] for name in names if name not in key}
        if not changed:
            return self.insert_new(table, key)
        return new.on_duplicate_key_update(changed)

    # -- many rows -----------------------------------------------------------------------

    def add(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> bool:
        """Add rows; False where a key was known."""
        plain = texts.insert(table).partition(" ON DUPLICATE KEY UPDATE ")[0]
        try:
            insert(connection, plain, rows, self._most(connection))
        except self.errors as error:
            if number_of(error) != DUPLICATE:
                raise
            return False
        return True

    def replace(
        self, connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]
    ) -> None:
        """Add or replace rows; those of a log that has a key and a number are deleted before.

        Raises:
            StoreError: a row of a log has the number of another.
        """
        if not table.log or table.key == ("seq",):
            insert(connection, texts.upsert(table), rows, self._most(connection))
            return
        key = picker(table.position[name] for name in table.key)
        last = {key(row): row for row in rows}
        delete = texts.delete(table, table.key, (True,) * len(table.key))
        connection.exec_driver_sql(delete, list(last))
        if not self.add(connection, texts, table, list(last.values())):
            raise StoreError(f"{table.name}: the number of a row is taken by another")

    def _most(self, connection: sa.Connection) -> int:
        """Give the bytes that the server takes in one statement."""
        if not self._packet:
            found = connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one()
            self._packet = int(found)
        return self._packet

    def stream(
        self,
        connection: sa.Connection,
        texts: Statements,
        table: Table,
        shape: Scan,
        values: Mapping[str, Any],
    ) -> Any:
        """Go through a scan page by page."""
        return Pages(connection, texts, table, shape, values)

    def bound(self, values: Row) -> Row:
        """Give the values of a query as they lie in the database."""
        return tuple(map(kept, values))

    def keys(self, columns: tuple[Column, ...], count: int) -> str:
        """Write a value for each column of each key."""
        one = f"{self._row}({', '.join(['%s'] * len(columns))})"
        return f"VALUES {', '.join([one] * count)}"

    def by_keys(
        self, keys: sa.FromClause, table: sa.Table, on: Any, columns: list[sa.Column[Any]]
    ) -> sa.Select[Any]:
        """Go through the keys and look each up."""
        return sa.select(*columns).select_from(_StraightJoin(keys, table, on))

    def hint(self, table: Table, by: tuple[str, ...]) -> str:
        """Name the index: by its statistics the server would now and then read all of a table."""
        return f"FORCE INDEX (`{layout.index_of(table, by)}`)"

    def contains(self, column: sa.Column[Any], text: Any) -> Any:
        """Compare code points."""
        return sa.func.instr(column, text) > 0

    # -- the order of commits ------------------------------------------------------------

    def reserve(self, connection: sa.Connection, workspace: int, count: int) -> int:
        """Move the workspace's counter, whose row nobody else can write before the commit."""
        move = (
            f"INSERT INTO {PREFIX}fact (name, value) VALUES (%s, %s) "  # noqa: S608
            "ON DUPLICATE KEY UPDATE value = value + VALUES(value)"
        )
        connection.exec_driver_sql(move, (counter(workspace), count))
        return self.watermark(connection, workspace) - count + 1

    def translate(self, error: Exception, *, committing: bool = False) -> StoreError:
        """Say what the error means; neither password nor values are told."""
        return translate(error, self.place, committing=committing)
