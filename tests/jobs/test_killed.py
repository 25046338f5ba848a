"""Workers killed at random moments of a day: the same comes of it as without."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from crmkit.testing.crew import Killing, assert_same, worked_alone, worked_by_many
from crmkit.testing.day import HOURS, Day
from tests.postgres import database

SEED = 20261122
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'shop.db'}"


DAY = pytest.mark.slow("a day of two workers, who are killed fifty times")


@pytest.mark.row("R282")
@pytest.mark.parametrize(
    ("where", "people", "kills", "hours"),
    [
        pytest.param("sqlite", 40, 5, 2, id="sqlite, 5 kills in 2 hours"),
        pytest.param("sqlite", 150, 50, HOURS, id="sqlite, 50 kills in a day", marks=DAY),
        pytest.param("postgresql", 150, 50, HOURS, id="postgresql, 50 kills in a day", marks=DAY),
    ],
)
def test_workers_killed_at_random_moments(
    tmp_path: Path, where: str, people: int, kills: int, hours: int
):
    """Decisions, touchpoints, messages, scores, stages and the office's file: all are the same.

    The undisturbed day is one worker's on SQLite, whatever database the others work on.
    """
    undisturbed = worked_alone(Day(tmp_path / "a", url(tmp_path / "a"), people), hours)
    there = url(tmp_path / "b") if where == "sqlite" else database()
    killing = Killing(kills, SEED, hours)
    killed = worked_by_many(Day(tmp_path / "b", there, people), killing, hours)
    assert_same(undisturbed, killed)
    print(f"seed {SEED}: {kills} kills, {killing.busy} of them of somebody at work")  # noqa: T201
    assert killing.busy or kills < HOURS
