"""COPY: rows sent to PostgreSQL in one stream; imported where it is used, since psycopg must be.

They go as PostgreSQL keeps them itself: neither side then spells numbers out or bytes in hex.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import error as too_large
from typing import Any

import sqlalchemy as sa
from psycopg import Copy, DataError
from psycopg.copy import LibpqWriter

from crmkit.contracts.store import Row
from crmkit.contracts.tables import BLOB, DECIMAL, INTEGER, REAL, TEXT, Column

_TYPES = {TEXT: "text", INTEGER: "int8", REAL: "float8", DECIMAL: "text", BLOB: "bytea"}
_NO_SUCH = (TypeError, AttributeError, too_large)  # with and without psycopg's part in C


def copy(
    connection: sa.Connection,
    name: str,
    columns: Iterable[Column],
    rows: Iterable[Row],
    workspace: int,
) -> None:
    """Send rows of these columns, with the workspace before them.

    Raises:
        psycopg.Error: the server could not take them; DataError also where a value is of another
            type than its column.
    """
    columns = tuple(columns)
    names = ", ".join(("workspace", *(column.name for column in columns)))
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor:
        into = f"COPY {name} ({names}) FROM STDIN (FORMAT BINARY)"
        with cursor.copy(into, writer=_Sender(cursor)) as stream:
            stream.set_types(("int4", *(_TYPES[column.type] for column in columns)))
            _write(stream, rows, workspace)


def _write(stream: Copy, rows: Iterable[Row], workspace: int) -> None:
    write = stream.write_row
    try:
        for row in rows:
            write((workspace, *row))
    except _NO_SUCH as error:
        message = "a value is of another type than its column, or larger than it can be"
        raise DataError(message) from error


class _Sender(LibpqWriter):
    """Sends, and on a connection that was lost ends nothing: psycopg would log that it cannot."""

    def finish(self, exc: BaseException | None = None) -> None:
        """End the stream, or tell the server what went wrong."""
        if exc is None or not self.connection.broken:
            super().finish(exc)
