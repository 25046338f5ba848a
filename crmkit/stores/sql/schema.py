"""How the tables lie in a SQL database, and how an older schema becomes a newer one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmkit.contracts.tables import TABLES, TEXT, Column, Table
from crmkit.errors import SchemaError

if TYPE_CHECKING:
    from crmkit.stores.sql.dialect import Dialect

VERSION = 2
"""Version of the schema this crmkit writes; the database keeps its own in crmkit_fact."""

STEPS: dict[int, Callable[[sa.Connection, Schema], None]] = {
    1: lambda connection, schema: None,  # noqa: ARG005 - version 2 only has a table more: document
}
"""What makes version n into n + 1, by n. Each runs in the same transaction as the others, before
the tables that are missing are created."""

PREFIX = "crmkit_"  # the database may be the host's own, with a table called customer


class Schema:
    """The physical tables for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        """Describe every table; nothing is created yet."""
        self.metadata = sa.MetaData()
        text = dialect.type(Column("name", TEXT, null=False))
        self.fact = sa.Table(
            f"{PREFIX}fact",
            self.metadata,
            sa.Column("name", text, primary_key=True),
            sa.Column("value", sa.BigInteger, nullable=False),
        )
        """Facts about the database itself: ``schema`` (version) and ``seq`` (last one given)."""
        self.workspace = sa.Table(
            f"{PREFIX}workspace",
            self.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", text, nullable=False, unique=True),
        )
        self.tables: dict[str, sa.Table] = {
            table.name: dialect.table(table, self.metadata) for table in TABLES
        }

    def __getitem__(self, table: Table) -> sa.Table:
        """Give the physical table of a declared one."""
        return self.tables[table.name]

    def found(self, connection: sa.Connection) -> int | None:
        """Give the version of the database's schema; None: it has none."""
        if not sa.inspect(connection).has_table(self.fact.name):
            return None
        value = connection.scalar(sa.select(self.fact.c.value).where(self.fact.c.name == "schema"))
        return None if value is None else int(value)

    def upgrade(self, connection: sa.Connection) -> None:
        """Create what is missing and bring an older schema up, in the caller's transaction.

        Raises:
            SchemaError: the schema is newer than this crmkit.
        """
        found = self.found(connection)
        check(found, migrate="auto")
        if found == VERSION:
            return  # another process was faster
        for version in range(VERSION if found is None else found, VERSION):
            STEPS[version](connection, self)
        self.metadata.create_all(connection)
        if found is None:
            facts = [{"name": "schema", "value": VERSION}, {"name": "seq", "value": 0}]
            connection.execute(sa.insert(self.fact), facts)
        else:
            change = sa.update(self.fact).where(self.fact.c.name == "schema")
            connection.execute(change.values(value=VERSION))


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
