"""Workers killed at random moments of a day: the same comes of it as without."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.crew import worked_by_many
from tests.jobs.day import HOURS, Day, alone
from tests.postgres import database

SEED = 20261122
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'shop.db'}"


def assert_same(undisturbed: dict[str, Any], killed: Any) -> None:
    """Compare both ends of the day, part by part; nobody got a message twice."""
    assert set(killed) == set(undisturbed)
    for part, found in undisturbed.items():
        assert killed[part] == found, part
    assert set(killed["sent"].values()) == {1}
    assert {state for *_, state in killed["messages"]} == {"accepted"}


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
    undisturbed = alone(tmp_path / "a", url(tmp_path / "a"), people, hours)
    there = url(tmp_path / "b") if where == "sqlite" else database()
    killed, busy = worked_by_many(Day(tmp_path / "b", there, people), kills, SEED, hours)
    assert_same(undisturbed, killed)
    print(f"seed {SEED}: {kills} kills, {busy} of them of somebody at work")  # noqa: T201
    assert busy or kills < HOURS
