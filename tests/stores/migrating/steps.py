"""Made-up schemas that come after this crmkit's: what makes them, and a look at the outcome."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from crmkit.contracts.tables import META
from crmkit.stores import open_store
from crmkit.stores.sql import schema
from tests.stores.migrating.databases import Database

NOW = schema.VERSION
Step = Callable[[sa.Connection, schema.Schema], None]


def shades(connection: sa.Connection, _: schema.Schema) -> None:
    """Give each customer a shade, made of his name."""
    connection.exec_driver_sql("ALTER TABLE crmkit_customer ADD COLUMN shade TEXT")
    connection.exec_driver_sql("UPDATE crmkit_customer SET shade = name || '!'")


def cents(connection: sa.Connection, _: schema.Schema) -> None:
    """Say each amount in cents, in a table of its own."""
    count = "CAST(amount AS NUMERIC) * 100 WHERE amount IS NOT NULL"
    for statement in (
        "ALTER TABLE crmkit_touchpoint ADD COLUMN cents BIGINT",
        f"UPDATE crmkit_touchpoint SET cents = {count}",
        "CREATE TABLE crmkit_shade AS SELECT DISTINCT shade FROM crmkit_customer",
    ):
        connection.exec_driver_sql(statement)


def version(base: Database) -> int:
    ((found,),) = base.execute("SELECT value FROM crmkit_fact WHERE name = 'schema'")
    return int(found)


def use(base: Database, workspace: str = "used") -> None:
    """Open the database, and write and read."""
    store = open_store(base.url, workspace=workspace)
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]
    store.close()
