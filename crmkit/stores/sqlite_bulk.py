"""Many rows into SQLite: several a statement, and values in the types that its driver binds fast.

Before it binds None or bytes, `sqlite3` searches for an adapter of them, which takes longer than
writing them does. It searches for none of a float or of a bytearray, and SQLite keeps a NaN as
NULL: so these are bound instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import nan
from typing import Any

import sqlalchemy as sa

from crmkit.contracts.store import Row
from crmkit.contracts.tables import BLOB, Table

AT_ONCE = 999
"""Most values bound by one statement: what every SQLite takes, and more would be no faster."""


def write(
    connection: sa.Connection, table: Table, sql: str, rows: Sequence[Row], *, at_once: int
) -> int:
    """Run a statement that writes a row for each of many, in their order; tell how many it wrote.

    Args:
        connection: The open transaction.
        table: Whose rows these are.
        sql: The statement for one row: ``INSERT INTO ... VALUES (1, ?, ?) ...``.
        rows: Whole rows.
        at_once: Most values that one statement binds; 0: a row at a time.
    """
    flat = _with_blobs if any(c.type == BLOB for c in table.columns) else _without_blobs
    several = max(1, at_once // len(table.columns))
    whole = len(rows) - len(rows) % several if several > 1 else 0
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()  # SQLAlchemy's own would take as long as a statement does
    written = 0
    for start in range(0, whole, several):
        cursor.execute(_for(several, sql), flat(rows[start : start + several]))
        written += cursor.rowcount
    if whole < len(rows):
        cursor.executemany(sql, [flat((row,)) for row in rows[whole:]])
        written += cursor.rowcount
    cursor.close()
    return written


@lru_cache(maxsize=64)
def _for(several: int, sql: str) -> str:
    """Give the statement for several rows."""
    head, values, rest = sql.partition(" VALUES ")
    one, end, more = rest.partition(")")
    return f"{head}{values}{', '.join([one + end] * several)}{more}"


def _without_blobs(rows: Sequence[Row]) -> list[Any]:
    return [nan if value is None else value for row in rows for value in row]


def _with_blobs(rows: Sequence[Row]) -> list[Any]:
    return [
        nan if value is None else bytearray(value) if type(value) is bytes else value
        for row in rows
        for value in row
    ]
