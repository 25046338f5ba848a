"""Rows into MariaDB: one INSERT for as many as a packet takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from crmkit.contracts.store import Row
from crmkit.errors import StoreError
from crmkit.stores.mariadb_values import writer

PACKET = 1_000_000
"""Most bytes of one statement: larger ones are no faster."""
_ROOM = 1_000
"""Bytes that the server counts beside a statement's own."""
_VALUES = " VALUES ("


def insert(connection: sa.Connection, sql: str, rows: list[Row], most: int) -> None:
    """Run an INSERT that binds one row, with the values of all in its place.

    Args:
        connection: Where to.
        sql: The text that adds one row, its values bound as ``%s``.
        rows: What to add.
        most: Bytes that the server takes at once.

    Raises:
        StoreError: one row is longer than that: the server would hang up.
    """
    head, _, rest = sql.partition(_VALUES)
    one, _, tail = rest.partition(")")
    fixed = one.partition("%s")[0]  # the workspace
    driver: Any = connection.connection.dbapi_connection
    quoted = writer(backslash=not _is_plain(driver))
    texts = (f"({fixed}{quoted(row)})".encode() for row in rows)
    start, end = f"{head} VALUES ".encode(), tail.encode()
    with driver.cursor() as cursor:
        room = most - len(start) - len(end) - _ROOM
        for part in _parts(texts, min(room, PACKET)):
            if len(part[0]) > room:
                message = (
                    f"A row of {len(part[0]):,} bytes is more than the server takes: raise its "
                    f"max_allowed_packet, which is {most:,}; nothing of this write was kept"
                )
                raise StoreError(message)
            cursor.execute(start + b",".join(part) + end)


def _is_plain(driver: Any) -> bool:
    """Tell whether the session takes a backslash for a backslash (NO_BACKSLASH_ESCAPES)."""
    from pymysql.constants.SERVER_STATUS import (  # noqa: PLC0415 - an extra
        SERVER_STATUS_NO_BACKSLASH_ESCAPES,
    )

    return bool(driver.server_status & SERVER_STATUS_NO_BACKSLASH_ESCAPES)


def _parts(texts: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for text in texts:
        if part and size + len(text) >= most:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text) + 1
    if part:
        yield part
