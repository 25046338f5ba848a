"""Laws of working: what is tried again, what ends a worker, and what does not."""

# ruff: noqa: S101, PLR2004 - a law is an assertion, and its numbers are its point
from __future__ import annotations

from threading import Event, Thread
from time import monotonic

import pytest

from crmkit.contracts import runner as contract
from crmkit.contracts.runner import Job, Runner
from crmkit.errors import JobUnknown
from crmkit.testing.runner_base import Done, Open, RunnerLaws, job

PATIENCE = 60.0
"""Seconds that a thread may take to do what it does at once."""
_NEWER = 99


class WorkLaws(RunnerLaws):
    """One law a test."""

    def work_on(self, runner: Runner, done: Done, rounds: int) -> None:
        """Work until idle, a day after the other."""
        for _ in range(rounds):
            runner.work(done, until_idle=True)
            self.pass_time(runner)

    def test_an_empty_queue_is_idle(self, runner: Runner) -> None:
        """Who works until nothing is due returns where nothing ever was."""
        done = Done()
        runner.work(done, until_idle=True)
        assert done.jobs == []

    def test_what_a_job_submits_is_done_too(self, runner: Runner) -> None:
        """It is not idle as long as jobs make jobs."""
        done = Done(lambda one: runner.submit([job(one.args["n"] - 1)]) if one.args["n"] else None)
        runner.submit([job(5)])
        runner.work(done, until_idle=True)
        assert done.numbers() == [0, 1, 2, 3, 4, 5]

    def test_a_job_that_raises_comes_back(self, runner: Runner) -> None:
        """It is tried again later, the others are done meanwhile, and the worker lives."""

        def fail_at_first(one: Job) -> None:
            if one.args["n"] == 1 and done.numbers().count(1) < 3:
                raise OSError("the network is away")

        done = Done(fail_at_first)
        runner.submit([job(0), job(1), job(2)])
        runner.work(done, until_idle=True)
        assert {0, 2} < set(done.numbers())
        self.work_on(runner, done, 5)
        assert done.numbers() == [0, 1, 1, 1, 2]

    def test_a_job_that_always_fails_is_given_up(
        self, runner: Runner, caplog: pytest.LogCaptureFixture
    ) -> None:
        """After a few times it is reported, and tried no more."""

        def fail(_: Job) -> None:
            raise ValueError("nothing can be done about this")

        done = Done(fail)
        runner.submit([job(1)])
        self.work_on(runner, done, self.tries + 2)
        tried = len(done.jobs)
        assert 1 <= tried <= self.tries
        self.work_on(runner, done, 2)
        assert len(done.jobs) == tried
        assert any("nothing can be done about this" in line for line in _lines(caplog))

    def test_a_job_that_nobody_knows_waits_for_a_newer_worker(self, runner: Runner) -> None:
        """However often a worker leaves it, it is not lost."""

        def leave(_: Job) -> None:
            if len(done.jobs) <= self.tries + 5:
                raise JobUnknown("another release made it", job=None)

        done = Done(leave)
        runner.submit([job(1)])
        self.work_on(runner, done, self.tries + 8)
        assert len(done.jobs) == self.tries + 6

    def test_a_job_of_a_newer_release_is_kept(
        self, runner: Runner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker that cannot read a job leaves it, goes on, and its successor does it."""
        done = Done()
        runner.submit([job(1, version=_NEWER), job(2)])
        self.work_on(runner, done, 3)
        assert done.numbers() == [2]
        monkeypatch.setattr(contract, "VERSION", _NEWER)
        self.work_on(runner, done, 3)
        assert done.numbers() == [1, 2]

    def test_stop_stops(self, runner: Runner) -> None:
        """Told to stop, a worker takes no further job and returns; the rest is done by the next."""
        stop = Event()
        done = Done(lambda _: stop.set())
        runner.submit([job(number) for number in range(300)])
        runner.work(done, stop=stop)
        assert 1 <= len(done.jobs) < 300
        self.work_on(runner, done, 2)
        assert set(done.numbers()) == set(range(300))

    def test_who_was_told_to_stop_before_does_nothing(self, runner: Runner) -> None:
        """A worker that begins after it was told to stop returns at once."""
        stop = Event()
        stop.set()
        done = Done()
        runner.submit([job(1)])
        runner.work(done, stop=stop)
        assert done.jobs == []
        runner.work(done, until_idle=True)
        assert done.numbers() == [1]

    def test_a_worker_waits_for_work_until_it_is_told_to_stop(self, opened: Open) -> None:
        """It does what is submitted while it waits, and ends when it is told to."""
        worker, host = opened(), opened()
        stop, came = Event(), Event()
        done = Done(lambda _: came.set())
        thread = Thread(target=worker.work, args=(done,), kwargs={"stop": stop})
        thread.start()
        try:
            host.submit([job(1)])
            ends = monotonic() + PATIENCE
            while thread.is_alive() and not came.wait(0.05) and monotonic() < ends:
                pass
        finally:
            stop.set()
            thread.join(PATIENCE)
        assert not thread.is_alive(), "it did not stop"
        assert done.numbers() == [1], "it ended before it was told to, or waits for ever"

    def test_two_workers_lose_nothing(self, opened: Open) -> None:
        """Two that work at once do everything between them."""
        workers = [opened(), opened()]
        done = Done()
        workers[0].submit([job(number) for number in range(100)])
        threads = [
            Thread(target=one.work, args=(done,), kwargs={"until_idle": True}) for one in workers
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)
        self.work_on(workers[0], done, 2)
        assert set(done.numbers()) == set(range(100))


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what was logged as a warning or worse, with what was raised."""
    return [caplog.handler.format(one) for one in caplog.records if one.levelname != "INFO"]
