"""Many rows into PostgreSQL at once: COPY, into the table itself or into one beside it."""

from __future__ import annotations

import sqlalchemy as sa

from crmkit.contracts.store import Row
from crmkit.contracts.tables import Table
from crmkit.stores import postgres_log as log
from crmkit.stores.checks import picker
from crmkit.stores.sql.schema import PREFIX
from crmkit.stores.sql.statements import Statements

BULK = 20
"""Rows from which COPY is faster than one INSERT after the other."""


def add(connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]) -> bool:
    """Copy rows into their table; False where a key is known, and nothing may be asked then."""
    from psycopg.errors import UniqueViolation  # noqa: PLC0415 - an extra

    from crmkit.stores.postgres_copy import copy  # noqa: PLC0415 - made of psycopg

    try:
        if log.is_log(table):
            log.make_partitions(connection, rows)
            copy(connection, log.KEYS, log.KEY_COLUMNS, log.keys_of(rows), texts.number)
        copy(connection, f"{PREFIX}{table.name}", table.columns, rows, texts.number)
    except UniqueViolation:
        return False
    return True


def replace(connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]) -> None:
    """Copy rows beside the table, and put them in from there; the later of two of a key holds."""
    from crmkit.stores.postgres_copy import copy  # noqa: PLC0415 - made of psycopg

    keys = map(picker(table.position[name] for name in table.key), rows)
    last = dict(zip(keys, rows, strict=True))
    if log.is_log(table):
        delete = texts.delete(table, table.key, (True,) * len(table.key))
        connection.exec_driver_sql(delete, list(last))
        add(connection, texts, table, list(last.values()))
        return
    name, beside = f"{PREFIX}{table.name}", f"{PREFIX}new_{table.name}"
    make = f"CREATE TEMP TABLE IF NOT EXISTS {beside} (LIKE {name}) ON COMMIT DELETE ROWS"
    connection.exec_driver_sql(make)
    copy(connection, beside, table.columns, last.values(), texts.number)
    connection.exec_driver_sql(texts.upsert_from(table, beside))
    connection.exec_driver_sql(f"TRUNCATE {beside}")
