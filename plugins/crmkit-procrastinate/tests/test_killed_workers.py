"""Workers of Procrastinate killed at random moments of a day: the same comes of it as without."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from procrastinate_kit import hired, quiet

from crmkit.testing.crew import Killing, assert_same, worked_alone, worked_by_many
from crmkit.testing.day import HOURS

SEED = 20261122
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
DAY = pytest.mark.slow("a day of two workers of Procrastinate, who are killed fifty times")


@pytest.mark.row("R282")
@pytest.mark.parametrize(
    ("people", "kills", "hours"),
    [
        pytest.param(20, 5, 1, id="5 kills in an hour"),
        pytest.param(150, 50, HOURS, id="50 kills in a day", marks=DAY),
    ],
)
def test_workers_killed_at_random_moments(
    tmp_path: Path, database: str, people: int, kills: int, hours: int
) -> None:
    """Everything is as after a day of one worker on SQLite, whom nobody disturbs."""
    killing = Killing(kills, SEED, hours)
    killed = worked_by_many(hired(tmp_path, database, people), killing, hours)
    assert_same(worked_alone(quiet(tmp_path, people), hours), killed)
    print(f"seed {SEED}: {kills} kills, {killing.busy} of them of somebody at work")  # noqa: T201
    assert killing.busy or kills < HOURS
