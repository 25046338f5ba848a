"""Runners on a database of its own for each test, of a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crmkit_procrastinate.runner import Procrastinate
from crmkit_procrastinate.settings import ProcrastinateSettings

import crmkit
from crmkit.contracts.settings import Secret

pytest_plugins = ["crmkit.testing.fixtures"]
QUICK = {"interval": 0.05, "backoff": 0.01, "heartbeat": 0.2, "lost_after": 0.6}


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
