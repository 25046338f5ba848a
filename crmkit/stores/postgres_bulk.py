"""Many rows into PostgreSQL at once: COPY, into the table itself or into one beside it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crmkit.contracts.store import Row
from crmkit.contracts.tables import Table
from crmkit.stores import postgres_log as log
from crmkit.stores.sql.schema import PREFIX
from crmkit.stores.sql.statements import Statements

BULK = 20
"""Rows from which COPY is faster than one INSERT after the other."""


def add(connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]) -> bool:
    """Copy rows into their table; False where a key is known, and nothing may be asked then."""
    import psycopg  # noqa: PLC0415 - an extra

    try:
        if log.is_log(table):
            log.make_partitions(connection, rows)
            _copy(connection, log.KEYS, table.key, log.keys_of(rows), texts.number)
        _copy(connection, f"{PREFIX}{table.name}", table.names, rows, texts.number)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def replace(connection: sa.Connection, texts: Statements, table: Table, rows: list[Row]) -> None:
    """Copy rows beside the table, and put them in from there; the later of two of a key holds."""
    places = [table.position[name] for name in table.key]
    last = {tuple(row[place] for place in places): row for row in rows}
    if log.is_log(table):
        delete = texts.delete(table, table.key, (True,) * len(table.key))
        connection.exec_driver_sql(delete, list(last))
        add(connection, texts, table, list(last.values()))
        return
    name, beside = f"{PREFIX}{table.name}", f"{PREFIX}new_{table.name}"
    make = f"CREATE TEMP TABLE IF NOT EXISTS {beside} (LIKE {name}) ON COMMIT DELETE ROWS"
    connection.exec_driver_sql(make)
    _copy(connection, beside, table.names, list(last.values()), texts.number)
    connection.exec_driver_sql(texts.upsert_from(table, beside))
    connection.exec_driver_sql(f"TRUNCATE {beside}")


def _copy(
    connection: sa.Connection,
    name: str,
    columns: tuple[str, ...],
    rows: list[Row],
    workspace: int,
) -> None:
    """Send rows of these columns, with the workspace before them."""
    into = f"{name} (workspace, {', '.join(columns)})"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        write = copy.write_row
        for row in rows:
            write((workspace, *row))
