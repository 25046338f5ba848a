"""What a host's connection to PostgreSQL, or its transaction, is in, and is left in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa

from crmkit.contracts.postgres_url import Place
from crmkit.errors import StoreError
from crmkit.stores.sql.schema import PREFIX

_HOLD = (
    # The lock that stands for the row comes first. Who waits for a row itself waits for the end of
    # the transaction that has it, also when that has gone back behind it to a savepoint of the
    # host's: were it to ask again, both would wait for each other.
    "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock("  # noqa: S608 - our own names
    f"'{PREFIX}workspace'::regclass::oid::int4, %s::int4)) "
    f"SELECT current_setting('transaction_isolation') FROM turn, {PREFIX}workspace "
    f"WHERE id = %s FOR NO KEY UPDATE OF {PREFIX}workspace"
)
_POINT = "crmkit_look"
_PATIENCE = (
    # What the host is content to wait counts where it is less; 0 is for ever.
    "WITH host AS MATERIALIZED (SELECT current_setting('lock_timeout') AS wait), "
    "least AS MATERIALIZED (SELECT wait, CASE "
    "WHEN wait::interval > interval '0' AND wait::interval < (%s || ' ms')::interval "
    "THEN wait ELSE %s END AS ours FROM host) "
    "SELECT wait, set_config('lock_timeout', ours, true) FROM least"
)
_AS_BEFORE = "SELECT set_config('lock_timeout', %s, true)"


@contextmanager
def waiting(connection: sa.Connection, wait: str) -> Iterator[None]:
    """Wait for locks no longer than `wait` milliseconds in a block; then as the host has it."""
    before = connection.exec_driver_sql(_PATIENCE, (wait, wait)).scalar_one()
    yield
    connection.exec_driver_sql(_AS_BEFORE, (before,))


@contextmanager
def unharmed(connection: sa.Connection) -> Iterator[None]:
    """Keep the transaction from failing as a whole where a block fails, which only reads.

    The driver itself sets the savepoint, which is nothing that the host nests or listens to:
    SQLAlchemy would take as long for it as for what is read.
    """
    driver: Any = connection.connection.dbapi_connection
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


def hold(connection: sa.Connection, workspace: int, place: Place) -> None:
    """Hold a workspace's row until the transaction ends.

    Raises:
        StoreError: the row is gone, or the host's transaction would go on seeing what it saw
            before it was held.
    """
    found = connection.exec_driver_sql(_HOLD, (workspace, workspace)).scalar()
    if found is None:
        message = f"{place}: the workspace is not there any more: connect again"
        raise StoreError(message)
    if found != "read committed":
        message = (
            f"{place}: the host's transaction is {found}, and would not see what others "
            "wrote: begin it as READ COMMITTED"
        )
        raise StoreError(message)


def check_encoding(connection: sa.Connection, place: Place) -> None:
    """Refuse a connection that cannot carry text of every script; the server is not asked.

    Raises:
        StoreError: it is one.
    """
    driver: Any = connection.connection.dbapi_connection
    encoding = driver.info.parameter_status("client_encoding")
    if encoding not in ("UTF8", None):
        message = (
            f"{place}: the host's connection carries text as {encoding}, which cannot write every "
            "script: make its engine with client_encoding='utf8'"
        )
        raise StoreError(message)


def settle(connection: sa.Connection) -> None:
    """Commit what listeners of the host's engine began when the connection was taken.

    The level of isolation can be chosen outside a transaction only. What they set for the session
    (a time zone, a search_path, a tenant) would be gone after a rollback.
    """
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - an extra

    if connection.in_transaction():  # of an ``engine_connect``
        connection.commit()
    if _status(connection) != TransactionStatus.IDLE:
        driver: Any = connection.connection.dbapi_connection
        driver.commit()


def is_in_two_phases(connection: sa.Connection) -> bool:
    """Tell whether the transaction is to be prepared: none with a temporary table can be."""
    return isinstance(connection.get_transaction(), sa.TwoPhaseTransaction)


def has_failed(connection: sa.Connection) -> bool:
    """Tell whether a statement failed in the transaction, which then can only be rolled back."""
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - an extra

    return bool(_status(connection) == TransactionStatus.INERROR)


def _status(connection: sa.Connection) -> Any:
    driver: Any = connection.connection.dbapi_connection
    return driver.info.transaction_status
