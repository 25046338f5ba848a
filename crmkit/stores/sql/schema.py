"""How the tables lie in a SQL database, and how an older schema becomes a newer one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmkit.contracts.tables import (
    DOCUMENT,
    MESSAGE,
    PAIR,
    STATE,
    SUPPRESSION,
    SYNC_CASE,
    SYNC_RUN,
    TABLES,
    TEXT,
    Column,
    Table,
)
from crmkit.errors import SchemaError, StoreError

if TYPE_CHECKING:
    from crmkit.stores.sql.dialect import Dialect

VERSION = 6
"""Version of the schema this crmkit writes; the database keeps its own in crmkit_fact."""

PREFIX = "crmkit_"  # the database may be the host's own, with a table called customer


def _documents(connection: sa.Connection, schema: Schema) -> None:
    schema.make(connection, DOCUMENT)


def _messages(connection: sa.Connection, schema: Schema) -> None:
    schema.make(connection, MESSAGE, SUPPRESSION)


def _pairs(connection: sa.Connection, schema: Schema) -> None:
    schema.make(connection, PAIR, SYNC_CASE, SYNC_RUN)


def _few_pairs_and_room(connection: sa.Connection, schema: Schema) -> None:
    schema.thin(connection, PAIR)
    schema.make_room(connection, STATE)


def _addresses(connection: sa.Connection, schema: Schema) -> None:
    schema.add(connection, MESSAGE, "system", "address")


STEPS: dict[int, Callable[[sa.Connection, Schema], None]] = {
    1: _documents,
    2: _messages,
    3: _pairs,
    4: _few_pairs_and_room,
    5: _addresses,
}
"""What makes version n into n + 1, by n: the rows, and every table, column and index it adds.

All of them run in one transaction, which is undone where anything is lacking afterwards. Where a
database undoes no tables (`Dialect.undoes_schema`), they are run again from the first: each must
then find what it made, as `Schema.make` does. A step creates a table as it is today: what a later
one changes in it, that one must find done, as `Schema.add` and `Schema.thin` do.
"""


class Schema:
    """The physical tables for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        """Describe every table; nothing is created yet."""
        self._dialect = dialect
        self.metadata = sa.MetaData()
        text = dialect.type(Column("name", TEXT, null=False))
        self.fact = sa.Table(
            f"{PREFIX}fact",
            self.metadata,
            sa.Column("name", text, primary_key=True),
            sa.Column("value", sa.BigInteger, nullable=False),
            **dialect.options,
        )
        """Facts about the database itself: ``schema`` (version) and ``seq`` (last one given)."""
        self.workspace = sa.Table(
            f"{PREFIX}workspace",
            self.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", text, nullable=False, unique=True),
            **dialect.options,
        )
        self.tables: dict[str, sa.Table] = {
            table.name: dialect.table(table, self.metadata) for table in TABLES
        }

    def __getitem__(self, table: Table) -> sa.Table:
        """Give the physical table of a declared one."""
        return self.tables[table.name]

    def make(self, connection: sa.Connection, *tables: Table) -> None:
        """Create tables, in a step; those that one left which was killed are taken as they are."""
        for table in tables:
            self[table].create(connection, checkfirst=not self._dialect.undoes_schema)

    def add(self, connection: sa.Connection, table: Table, *names: str) -> None:
        """Add columns, in a step, where they are not there yet; every row has None in them."""
        place, lacking = self[table].fullname, self.lacking(connection)
        for column in (self[table].c[name] for name in names):
            if str(column) in lacking:
                described = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {place} ADD COLUMN {described}")

    def thin(self, connection: sa.Connection, *tables: Table) -> None:
        """Make anew, in a step, the indexes that have few of the rows, where they had all."""
        for table in tables:
            thin = {"_".join((self[table].name, *one.by)) for one in table.sparse}
            for index in self[table].indexes:
                if index.name in thin:
                    index.drop(connection, checkfirst=True)
                    index.create(connection)

    def make_room(self, connection: sa.Connection, *tables: Table) -> None:
        """Let tables, in a step, have the room for changes that new ones have."""
        for table in tables:
            self._dialect.make_room(connection, table)

    def found(self, connection: sa.Connection) -> int | None:
        """Give the version of the database's schema; None: it has none.

        Raises:
            StoreError: what tells it was lost.
        """
        if not sa.inspect(connection).has_table(self.fact.name):
            self.check_whole(connection)
            return None
        value = connection.scalar(sa.select(self.fact.c.value).where(self.fact.c.name == "schema"))
        return None if value is None else int(value)

    def upgrade(self, connection: sa.Connection) -> None:
        """Create the schema, or bring an older one up, in the caller's transaction.

        Raises:
            SchemaError: the schema is newer than this crmkit.
            StoreError: it is older, and a part of it was lost.
        """
        found = self.found(connection)
        check(found, migrate="auto")
        if found == VERSION:
            return  # another process was faster
        if found is None:
            self._dialect.create(connection, self)
            facts = [{"name": "schema", "value": VERSION}, {"name": "seq", "value": 0}]
            connection.execute(sa.insert(self.fact), facts)
            return
        for version in range(found, VERSION):
            self._step(connection, version)
        change = sa.update(self.fact).where(self.fact.c.name == "schema")
        connection.execute(change.values(value=VERSION))
        self.check_whole(connection)

    def _step(self, connection: sa.Connection, version: int) -> None:
        try:
            with self._dialect.words():
                STEPS[version](connection, self)
        except SchemaError as error:  # something that it needs is not there
            text = str(getattr(error.__cause__, "orig", error.__cause__)).partition("\n")[0]
            message = (
                f"{self._dialect.place} is damaged: its schema {version} cannot be upgraded, and "
                f"stays as it is ({text}): restore it from a backup"
            )
            raise StoreError(message) from error

    def lacking(self, connection: sa.Connection) -> list[str]:
        """Name the tables and columns that are not there, though others of crmkit's are."""
        found: dict[str, set[str]] = {}
        for table, column in connection.exec_driver_sql(self._dialect.columns):
            found.setdefault(table, set()).add(column)
        ours = self.metadata.tables
        if found.keys().isdisjoint(ours):
            return []
        gone = [name for name in ours if name not in found]
        there = (table for name, table in ours.items() if name in found)
        columns = (column for table in there for column in table.c)
        return gone + [str(one) for one in columns if one.name not in found[one.table.name]]

    def check_whole(self, connection: sa.Connection) -> None:
        """Raise StoreError where a part of the schema was lost."""
        if gone := self.lacking(connection):
            message = (
                f"{self._dialect.place} is damaged: of crmkit's schema {VERSION} it lacks "
                f"{', '.join(gone)}: restore it from a backup"
            )
            raise StoreError(message)


def check(found: int | None, *, migrate: str) -> bool:
    """Tell whether the schema is this crmkit's own; False: it shall be made so.

    Raises:
        SchemaError: it is newer, or older and may not be touched; `found` and `expected`.
    """
    if found is not None and found > VERSION:
        message = (
            f"The database has schema {found}, this crmkit knows {VERSION}: "
            "install the newer crmkit that wrote it"
        )
        raise SchemaError(message, found=found, expected=VERSION)
    if found == VERSION:
        return True
    if migrate == "check":
        state = "no crmkit schema" if found is None else f"schema {found}"
        message = (
            f"The database has {state}, this crmkit needs {VERSION}: run `crmkit migrate`, or "
            "open it with migrate='auto'"
        )
        raise SchemaError(message, found=found, expected=VERSION)
    return False
