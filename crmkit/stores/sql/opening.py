"""Opening a SQL store: by its own engine, or by the host's of the same database."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

import sqlalchemy as sa

from crmkit.errors import ConfigError
from crmkit.stores.sql.store import SqlStore

S = TypeVar("S", bound=SqlStore)


def check_engine(engine: sa.Engine | None, scheme: str, names: Collection[str]) -> None:
    """Refuse a host's engine of another database than the URL's.

    Raises:
        ConfigError: it speaks none of `names`, as SQLAlchemy calls them; `key` is ``engine``.
    """
    if engine is not None and engine.dialect.name not in names:
        message = f"engine speaks {engine.dialect.name}, but the URL is one of {scheme}"
        raise ConfigError(message, key="engine")


def check_driver(engine: sa.Engine | None, driver: str) -> None:
    """Refuse a host's engine that connects by another driver: ``postgresql+psycopg`` is ours.

    Raises:
        ConfigError: it does; `key` is ``engine``.
    """
    if engine is not None and engine.dialect.driver != driver.partition("+")[2]:
        message = f"engine connects by {engine.dialect.driver}: make it of {driver}://"
        raise ConfigError(message, key="engine")


def migrated(store: S, migrate: str) -> S:
    """Bring the schema up as the configuration says; a store that cannot be used is closed.

    Raises:
        SchemaError, StoreError: those of `SqlStore.migrate`.
    """
    try:
        store.migrate(migrate)
    except BaseException:
        store.close()
        raise
    return store
