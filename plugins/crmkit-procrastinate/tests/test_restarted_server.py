"""PostgreSQL crashes amid the jobs of a day, and comes back: the same comes of it as without."""

from __future__ import annotations

from pathlib import Path

import pytest
from procrastinate_kit import hired, quiet

from crmkit.testing.crew import Restarting, assert_same, worked_alone, worked_by_many
from crmkit.testing.postgres_server import Server


@pytest.mark.row("R282")
def test_workers_wait_for_a_server_that_crashed(tmp_path: Path) -> None:
    """Each says once that it is away; nothing is lost, and nothing done twice."""
    server = Server(16)
    restarting = Restarting(server, "the queue of jobs cannot be used")
    restarted = worked_by_many(hired(tmp_path, server.url(), 20), restarting, 2)
    assert_same(worked_alone(quiet(tmp_path, 20), 2), restarted)
    assert restarting.told == 2
    server.close()
