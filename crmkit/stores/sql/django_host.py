"""A host that hands Django's connection over; nothing of Django is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from crmkit.errors import StoreError
from crmkit.stores.sql.host import Host

MARKS = ("in_atomic_block", "needs_rollback", "on_commit", "vendor")
"""What a connection of Django's has, and nobody else's."""


class DjangoHost(Host):
    """A connection of Django's, or the proxy ``django.db.connection`` for each thread's own."""

    def __init__(self, connection: Any, engine: sa.Engine) -> None:
        """Take part in the atomic blocks of `connection`; `engine` connects to the same database.

        Another engine, without what listens to the first, lends the SQL of its dialect.
        """
        self._host = connection
        self._engine = sa.Engine(engine.pool, engine.dialect, engine.url, hide_parameters=True)

    def transaction(self) -> sa.Connection | None:
        """Give what Django's atomic block writes by; outside of one each write is its own."""
        host = self._host
        if not host.in_atomic_block:
            if not host.get_autocommit():
                message = "Django's autocommit is off: write inside transaction.atomic()"
                raise StoreError(message)
            return None
        if host.needs_rollback:
            message = (
                "Django undoes this atomic block, since something in it failed: nothing can be "
                "done before its end. Put what may fail into an atomic block of its own"
            )
            raise StoreError(message)
        driver, wanted = host.connection, self._engine.dialect.loaded_dbapi
        if not isinstance(driver, getattr(wanted, "Connection", object)):
            message = (
                f"Django's connection is one of {type(driver).__module__}, this store's of "
                f"{wanted.__name__}: connect to the same database by the same driver"
            )
            raise StoreError(message)
        connection = sa.Connection(self._engine, _Lent(driver, wanted.Cursor))
        connection.begin()  # SQLAlchemy's own, which asks the driver for nothing
        return connection

    def after_commit(self, call: Callable[[], object]) -> None:
        """Leave it to Django, which knows its savepoints; its own tests can look at it there."""
        self._host.on_commit(call, robust=True)


class _Lent(sa.PoolProxiedConnection):
    """A driver's connection as SQLAlchemy takes it from a pool; commit and rollback are Django's.

    One is made for every read or write, since Django may have connected anew. Cursors are the
    driver's plain ones: Django's own write values into the SQL, where -0.0 would become 0.
    """

    def __init__(self, driver: Any, cursor: Any) -> None:
        self.dbapi_connection = self.driver_connection = driver
        self._plain, self._djangos = cursor, _kind(driver)
        self._valid = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver_connection, name)

    @property
    def is_valid(self) -> bool:
        return self._valid

    def invalidate(self, e: BaseException | None = None, soft: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - SQLAlchemy's own
        self._valid = False

    def cursor(self, *_: Any, **__: Any) -> Any:
        """Give a plain cursor, unless the store wants another kind for the moment."""
        kind = _kind(self.driver_connection)
        return (self._plain if kind is self._djangos else kind)(self.driver_connection)

    def commit(self) -> None:
        """Leave it to Django."""

    def rollback(self) -> None:
        """Leave it to Django."""

    def close(self) -> None:
        """Leave it to Django."""


def _kind(driver: Any) -> Any:
    """Give the kind of cursor that psycopg makes by itself; sqlite3 has no word for it."""
    return getattr(driver, "cursor_factory", None)
