"""The laws of all runners, with the queue in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from crmkit_procrastinate import hooks

import crmkit
from crmkit.contracts.runner import Runner
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Store
from crmkit.testing import RunnerSuite

_A_DAY_LATER = "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '1 day'"


class TestProcrastinate(RunnerSuite):
    @pytest.fixture
    def spec(self) -> RunnerSpec:
        (one,) = hooks.crmkit_runners()
        return one

    @pytest.fixture
    def settings(self, database: str) -> Mapping[str, Any]:
        self.database = database
        return {"interval": 0.05}

    @pytest.fixture
    def store(self, database: str) -> Iterator[Store]:
        with crmkit.connect(database, plugins=[]) as crm:
            yield crm.session.store

    def prepare(self, opened: Runner, *_: Any) -> None:
        """Tell it where the data is, as the engine does."""
        opened.location = Secret(self.database)

    def pass_time(self, runner: Runner) -> None:
        """Set back what waits: PostgreSQL goes by its own clock."""
        super().pass_time(runner)
        with psycopg.connect(self.database) as connection:
            connection.execute(_A_DAY_LATER)
