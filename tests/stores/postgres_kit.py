"""What the tests of the PostgreSQL store share: stores to open, and a look at what went wrong."""

from __future__ import annotations

import time
import traceback
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.contracts.store import Store
from crmkit.contracts.tables import META, TOUCHPOINT
from crmkit.errors import StoreError
from crmkit.stores import open_store
from crmkit.stores.sql.store import SqlStore
from crmkit.testing.store_base import again
from crmkit.testing.store_sharing import increment
from tests.postgres import execute, name_of, server

SECRET = "hunter2"


def opened(url: str, **settings: Any) -> SqlStore:
    store = open_store(url, **settings)
    assert isinstance(store, SqlStore)
    return store


def as_user(url: str, name: str, password: str = SECRET) -> str:
    return url.replace("//postgres:@", f"//{name}:{password}@")


def filled(url: str) -> str:
    store = open_store(url)
    again(store, increment)
    store.close()
    return url


def refused(url: str, words: str, kind: type[StoreError] = StoreError, **settings: Any) -> None:
    """Open a store that cannot be opened, and look at what is said of it."""
    with pytest.raises(kind, match=words) as caught:
        open_store(url, **settings)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def kill(url: str, *pids: int) -> None:
    """End connections to a database, these or all, and wait until each is gone.

    Args:
        url: Which database.
        pids: The server's processes that serve them.
    """
    chosen = f"AND pid IN ({', '.join(map(str, pids))})" if pids else ""
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name_of(url)}' {chosen}"
    )
    while execute(server(), end):
        time.sleep(0.001)  # the server's own wait looks every tenth of a second


def pid_of(connection: sa.Connection) -> int:
    """Give the server's process that serves a connection."""
    driver: Any = connection.connection.driver_connection
    return int(driver.info.backend_pid)


def whole_and_working(store: Store) -> None:
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "1")]
        assert reader.count(TOUCHPOINT) == 0
    again(store, increment)
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "2")]
    store.close()
