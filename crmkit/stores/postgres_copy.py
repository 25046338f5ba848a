"""COPY: rows sent to PostgreSQL in one stream; imported where it is used, since psycopg must be."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.copy import LibpqWriter

from crmkit.contracts.store import Row


def copy(
    connection: sa.Connection,
    name: str,
    columns: tuple[str, ...],
    rows: list[Row],
    workspace: int,
) -> None:
    """Send rows of these columns, with the workspace before them."""
    into = f"COPY {name} (workspace, {', '.join(columns)}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.adapters.register_dumper(bytes, _Hex)
        with cursor.copy(into, writer=_Sender(cursor)) as stream:
            write = stream.write_row
            for row in rows:
                write((workspace, *row))


class _Hex(Dumper):
    """Writes bytes in hex.

    psycopg's own doubles the backslash where strings are escaped by one in the session
    (standard_conforming_strings = off), and in COPY that stands for other bytes.
    """

    def dump(self, obj: bytes) -> Buffer:
        """Give the text that stands for bytes."""
        return b"\\x" + obj.hex().encode()


class _Sender(LibpqWriter):
    """Sends, and on a connection that was lost ends nothing: psycopg would log that it cannot."""

    def finish(self, exc: BaseException | None = None) -> None:
        """End the stream, or tell the server what went wrong."""
        if exc is None or not self.connection.broken:
            super().finish(exc)
