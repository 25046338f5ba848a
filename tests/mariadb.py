"""The MariaDB server that all tests share, started with the first that wants one."""

from __future__ import annotations

import time
from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa

from crmkit.stores import open_store
from tests.mariadb_server import Server

_number = count(1)


@cache
def server() -> Server:
    """Start the one server that all tests share; skips where none is installed."""
    # The server's own character set keeps few scripts: what crmkit makes names its own.
    return Server("--character-set-server=latin1", "--max-connections=200")


def database(how: str = "") -> str:
    """Make an empty database and give its URL.

    Args:
        how: What stands behind its name in CREATE DATABASE.
    """
    name = f"crmkit_{next(_number)}"
    server().execute(f"CREATE DATABASE {name} {how}")
    return server().url(name)


@cache
def _used() -> str:
    url = database()
    open_store(url).close()
    return url


def emptied() -> str:
    """Give the URL of a database with the schema and no row, quicker made than a new one.

    It is one and the same each time: no two can be used at once.
    """
    tables = execute(_used(), "SHOW TABLES")
    rows = [f"DELETE FROM {name}" for (name,) in tables if name != "crmkit_fact"]
    execute(_used(), *rows, "DELETE FROM crmkit_fact WHERE name LIKE 'seq:%'")
    return _used()


def name_of(url: str) -> str:
    """Give the name of the database that a URL leads to."""
    return str(sa.make_url(url).database)


def driven(url: str, more: str = "") -> str:
    """Name the driver in a URL, as SQLAlchemy wants it."""
    return url.replace("mariadb:", "mysql+pymysql:") + more


def execute(url: str, *statements: str) -> list[Any]:
    """Run statements in a database, each committed by itself, and give what the last one gave."""
    return server().execute(*statements, database=name_of(url))


def kill(url: str, *pids: int) -> None:
    """End connections to a database, these or all, and wait until each is gone.

    Args:
        url: Which database.
        pids: The server's numbers of them.
    """
    chosen = f"AND id IN ({', '.join(map(str, pids))})" if pids else ""
    those = f"WHERE db = '{name_of(url)}' AND id <> CONNECTION_ID() {chosen}"
    while found := server().execute(f"SELECT id FROM information_schema.processlist {those}"):
        for (number,) in found:
            try:
                server().execute(f"KILL CONNECTION {number}")
            except Exception as error:
                if error.args[0] != 1094:  # it is gone by now
                    raise
        time.sleep(0.001)


def pid_of(connection: sa.Connection) -> int:
    """Give the server's number of a connection."""
    driver: Any = connection.connection.driver_connection
    return int(driver.thread_id())
