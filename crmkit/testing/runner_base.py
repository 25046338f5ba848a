"""What every part of the runner suite builds on: what the author gives, and what he may."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, ClassVar

import attrs
import pytest

from crmkit.clock import system_clock
from crmkit.contracts import runner as contract
from crmkit.contracts.runner import Job, Runner
from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Store
from crmkit.errors import JobUnknown
from crmkit.stores import open_store
from crmkit.testing.kit_opening import KitLaws

Open = Callable[..., Runner]


@attrs.define
class Hands:
    """A clock that stands until it is moved."""

    at: datetime = attrs.field(factory=system_clock)

    def __call__(self) -> datetime:
        """Give the instant it shows."""
        return self.at

    def move(self, **by: float) -> None:
        """Move it on; the arguments are those of a timedelta."""
        self.at += timedelta(**by)


class RunnerLaws(KitLaws):
    """What the author overrides; the laws stand in the subclasses."""

    contract = Runner
    methods: ClassVar[Mapping[str, str]] = {}

    tries: ClassVar[int] = 30
    """More often than this no job that fails is tried, with the settings of the suite."""

    @pytest.fixture
    def spec(self) -> RunnerSpec:
        """Override: give the `RunnerSpec` that the hook offers."""
        raise NotImplementedError("Override the fixture spec: see crmkit.testing.RunnerSuite")

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """Give the workspace's store, empty; override it where the queue lies in a database."""
        made = open_store("memory://")
        yield made
        made.close()

    @pytest.fixture
    def clock(self) -> Hands:
        """Give the clock that runners go by: it shows now, and stands."""
        return Hands()

    @pytest.fixture
    def opened(
        self, spec: RunnerSpec, settings: Mapping[str, Any], store: Store, clock: Hands
    ) -> Iterator[Open]:
        """Give a function that opens one on the same queue; closed after the test."""
        with ExitStack() as stack:

            def open_one(**changes: Any) -> Runner:
                one = spec.open(spec.configure({**settings, **changes}, "runner"))
                stack.callback(one.close)
                one.store, one.clock = store, clock
                self.prepare(one, None)
                return one

            yield open_one

    @pytest.fixture
    def runner(self, opened: Open) -> Runner:
        """Give the opened runner."""
        return opened()

    def pass_time(self, runner: Runner) -> None:
        """Let a day pass in the queue: what waits for its instant, or for another try, is due.

        By default the clock is moved. Override it where your queue goes by a clock of its own.
        """
        assert isinstance(runner.clock, Hands)
        runner.clock.move(days=1)

    def use(self, opened: Runner, spec: RunnerSpec, turn: int = 0) -> None:  # noqa: ARG002
        """Have a job done."""
        done = Done()
        opened.submit([job(turn)])
        opened.work(done, until_idle=True)
        assert done.numbers() == [turn]


def job(number: int = 0, **facts: Any) -> Job:
    """Make a job; another one for each number."""
    return Job(**{"id": f"advance:{number}", "name": "advance", "args": {"n": number}} | facts)


class Done:
    """Does jobs as the engine does, and keeps what it was handed; safe in several threads."""

    def __init__(self, do: Callable[[Job], object] = lambda _: None) -> None:
        """Do `do` with each job, once it was kept."""
        self.jobs: list[Job] = []
        self._do = do
        self._lock = Lock()

    def __call__(self, job: Job) -> None:
        """Keep a job and do it; one of a newer release is not known."""
        if job.version > contract.VERSION:
            raise JobUnknown("a newer release made it", job=job)
        with self._lock:
            self.jobs.append(job)
        self._do(job)

    def numbers(self) -> list[int]:
        """Give the numbers of what was done, sorted."""
        return sorted(one.args["n"] for one in self.jobs)
