"""Workers killed at random moments of a day: the same comes of it as without."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.crew import worked_by_many
from tests.jobs.day import HOURS, Day, alone

SEED = 20261122
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")


def url(folder: Path) -> str:
    folder.mkdir()
    return f"sqlite:///{folder / 'shop.db'}"


def assert_same(undisturbed: dict[str, Any], killed: Any) -> None:
    """Compare both ends of the day, part by part; nobody got a message twice."""
    assert set(killed) == set(undisturbed)
    for part, found in undisturbed.items():
        assert killed[part] == found, part
    assert set(killed["sent"].values()) == {1}
    assert {state for *_, state in killed["messages"]} == {"accepted"}


@pytest.mark.row("R282")
@pytest.mark.parametrize(
    ("people", "kills", "hours"),
    [
        pytest.param(40, 5, 2, id="5 kills in 2 hours"),
        pytest.param(
            150, 50, HOURS, id="50 kills in a day", marks=pytest.mark.slow("a day of two workers")
        ),
    ],
)
def test_workers_killed_at_random_moments(tmp_path: Path, people: int, kills: int, hours: int):
    """Decisions, touchpoints, messages, scores, stages and the office's file: all are the same."""
    undisturbed = alone(tmp_path / "a", url(tmp_path / "a"), people, hours)
    day = Day(tmp_path / "b", url(tmp_path / "b"), people)
    killed, busy = worked_by_many(day, kills, SEED, hours)
    assert_same(undisturbed, killed)
    print(f"seed {SEED}: {kills} kills, {busy} of them of somebody at work")  # noqa: T201
    assert busy or kills < HOURS
