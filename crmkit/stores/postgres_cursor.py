"""Rows of PostgreSQL as it keeps them itself; imported where it is used, since psycopg must be.

Spelt out, bytes are twice as long and numbers are read anew: that costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from psycopg import Cursor
from psycopg.pq import Format


class _Binary(Cursor[Any]):
    """Asks for everything in the server's own form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.format = Format.BINARY


@contextmanager
def binary(connection: sa.Connection) -> Iterator[None]:
    """Let the queries of a block give binary rows, whoever's connection it is.

    SQLAlchemy asks them, so that its events, and what it knows of a lost connection, are as ever.
    """
    driver: Any = connection.connection.dbapi_connection
    usual, driver.cursor_factory = driver.cursor_factory, _Binary
    try:
        yield
    finally:
        driver.cursor_factory = usual
