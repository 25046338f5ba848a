"""What a host's connection to PostgreSQL, or its transaction, is in, and is left in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def has_failed(connection: sa.Connection) -> bool:
    """Tell whether a statement failed in the transaction, which then can only be rolled back."""
    from psycopg.pq import TransactionStatus  # noqa: PLC0415 - an extra

    return bool(_status(connection) == TransactionStatus.INERROR)


def _status(connection: sa.Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.info.transaction_status
