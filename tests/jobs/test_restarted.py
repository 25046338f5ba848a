"""PostgreSQL crashes amid the jobs of a day, and comes back: the same comes of it as without."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.testing.crew import Restarting, assert_same, worked_alone, worked_by_many
from crmkit.testing.day import Day
from crmkit.testing.postgres_server import Server


@pytest.mark.row("R282")
def test_workers_wait_for_a_server_that_crashed(tmp_path: Path):
    """Each says once that it is away; nothing is lost, and nothing done twice."""
    server = Server(16)
    quiet = Day(tmp_path / "a", f"sqlite:///{tmp_path / 'a' / 'shop.db'}", 20)
    restarting = Restarting(server, "the queue cannot be read")
    restarted = worked_by_many(Day(tmp_path / "b", server.url(), 20), restarting, 2)
    assert_same(worked_alone(quiet, 2), restarted)
    assert restarting.told == 2
    server.close()
