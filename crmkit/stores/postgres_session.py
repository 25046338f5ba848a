"""What a host's connection to PostgreSQL, or its transaction, is in, and is left in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa

_POINT = "crmkit_look"


@contextmanager
def unharmed(connection: sa.Connection) -> Iterator[None]:
    """Keep the transaction from failing as a whole where a block fails, which only reads.

    The driver itself sets the savepoint, which is nothing that the host nests or listens to:
    SQLAlchemy would take as long for it as for what is read.
    """
    driver: Any = connection.connection.driver_connection
    ask = partial(driver.execute, prepare=False)
    ask(f"SAVEPOINT {_POINT}")
    try:
        yield
    except BaseException:
        with suppress(Exception):  # of a connection that was lost nothing is left to go back to
            ask(f"ROLLBACK TO SAVEPOINT {_POINT}")
            ask(f"RELEASE SAVEPOINT {_POINT}")
        raise
    ask(f"RELEASE SAVEPOINT {_POINT}")


def settle(connection: sa.Connection) -> None:
    """Commit what listeners of the host's engine began when the connection was taken.

    The level of isolation can be chosen outside a transaction only. What they set for the session
    (a time zone, a search_path, a tenant) would be gone after a rollback.
    """
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - an extra

    if connection.in_transaction():  # of an ``engine_connect``
        connection.commit()
    if _status(connection) != TransactionStatus.IDLE:
        driver: Any = connection.connection.driver_connection
        driver.commit()


def has_failed(connection: sa.Connection) -> bool:
    """Tell whether a statement failed in the transaction, which then can only be rolled back."""
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - an extra

    return bool(_status(connection) == TransactionStatus.INERROR)


def _status(connection: sa.Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.info.transaction_status
