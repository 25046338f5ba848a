"""Who holds something: judged by his process where it is counted as ours, else by his lease."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crmkit.contracts import holding
from crmkit.contracts.holding import LEASE, Hold, alive


@pytest.fixture(scope="module")
def gone() -> int:
    """Give the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def noted(gone: int, **other: Any) -> dict[str, Any]:
    """Give what a process that has ended noted, but for what is said."""
    return Hold().note() | {"token": "theirs", "pid": gone} | other


def test_who_was_killed_is_seen_where_processes_are_counted_alike(gone: int):
    """His number is nobody's any more."""
    assert alive(Hold().note())
    assert not alive(noted(gone))


@pytest.mark.parametrize("other", [{"host": "far"}, {"pids": "another:1"}, {"pids": None}])
def test_elsewhere_only_the_lease_decides(gone: int, other: dict[str, Any]):
    """A number means nothing on another machine, in another container, or where none is known."""
    held = noted(gone, **other)
    assert alive(held)
    assert not alive(held | {"until": time.time() - 1})


def test_our_own_number_in_another_container_is_not_ours():
    """The first process of each container has the same number and may have the same host name."""
    assert alive(Hold().note() | {"token": "theirs", "pids": "another:1"})
    assert not alive(Hold().note() | {"token": "theirs"})


def test_a_note_of_an_older_release_is_read(gone: int):
    """It does not say who counts: it holds until its lease is over."""
    held = noted(gone)
    del held["pids"]
    assert alive(held)
    assert not alive(held | {"until": held["until"] - LEASE - 1})


def test_where_it_cannot_be_told_the_lease_decides(gone: int, monkeypatch: pytest.MonkeyPatch):
    """A machine that hides what numbers its processes trusts no number."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(holding, "Path", lambda _: Path("/nowhere/at/all"))
    held = noted(gone)
    assert held["pids"] is None
    assert alive(held)
