"""Who holds something: judged by his process where it is counted as ours, else by his lease."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crmkit.contracts import holding
from crmkit.contracts.holding import LEASE, Hold, alive
from crmkit.contracts.runner import Job
from crmkit.contracts.store import Store, Writer
from crmkit.contracts.tables import META
from crmkit.errors import StoreError
from crmkit.runners.queue import Queue
from crmkit.stores import open_store
from crmkit.sync.leases import Lease


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


class Away(StoreError):  # noqa: N818 - as its siblings
    """Says that the database went away."""


class Leaving:
    """A store that goes away: `losing` the answer to a commit, or before anything is written."""

    def __init__(self, store: Store) -> None:
        self.losing = self.gone = False
        self._store = store

    def read(self) -> Any:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        if self.gone:
            raise Away("gone")
        with self._store.write() as writer:
            yield writer
        if self.losing:
            raise Away("committed, and nobody heard of it")


@pytest.fixture
def leaving() -> Iterator[Any]:
    store = open_store("memory://")
    yield Leaving(store)
    store.close()


def test_a_job_taken_by_a_commit_that_nobody_heard_of_is_taken_again(leaving: Any):
    """It was kept: the job would wait for its own holder until the lease is over."""
    queue = Queue(leaving)
    with leaving.write() as writer:
        queue.enter(writer, [Job(id="a", name="advance")], now=0)
    leaving.losing = True
    with pytest.raises(Away):
        queue.take(1, now=1)
    leaving.losing = False
    assert [one.job["id"] for one in queue.take(1, now=1)] == ["a"]


def test_a_run_that_could_not_give_back_its_lease_does_so_once_the_database_is_back(leaving: Any):
    """Another process sees that this one is alive, and waits."""
    lease = Lease(leaving, "office")
    lease.take()
    leaving.gone = True
    with pytest.raises(Away):
        lease.give_back()
    leaving.gone = False
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with leaving.read() as reader:
            if not list(reader.fetch(META, [("sync.office.run",)])):
                return
        time.sleep(0.01)
    pytest.fail("it is still held")


def test_a_run_whose_beginning_nobody_heard_of_holds_nothing(leaving: Any):
    """The next one of this process begins."""
    leaving.losing = True
    with pytest.raises(Away):
        Lease(leaving, "office").take()
    leaving.losing = False
    Lease(leaving, "office").take()
