"""Runners that each break one law, and the suite run on them: see test_runner_suite_bites.

Each class says what is wrong with it and which test must notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event
from typing import Any, ClassVar

import attrs
import pytest

from crmkit.contracts.runner import Job
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Store, Writer
from crmkit.contracts.tables import META
from crmkit.errors import JobUnknown
from crmkit.runners.embedded import Embedded
from crmkit.runners.queue import Queue, Ticket
from crmkit.runners.settings import EmbeddedSettings
from crmkit.stores import open_store
from crmkit.testing import RunnerSuite

Run = Callable[[Job], object]


@attrs.frozen(kw_only=True)
class Settings(EmbeddedSettings):
    """As a plugin's that logs in somewhere."""

    token: Secret = attrs.field(factory=lambda: Secret("quetzal-feather"))


class Sound(Embedded):
    """A runner whose queue may be of another class."""

    Queue: ClassVar[type[Queue]] = Queue
    notices: ClassVar[str]

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self.settings = config

    @property
    def _queue(self) -> Queue:  # type: ignore[override]
        return self.Queue(self.store)


class Broken(Sound):
    """One of those below."""


class Loses(Broken):
    """A job that fails is gone."""

    notices = "test_a_job_that_raises_comes_back"

    def _failed(self, ticket: Ticket, error: Exception) -> None:  # noqa: ARG002
        self._queue.done(ticket, self._now())


class AtMostOnce(Broken):
    """It forgets a job once it has taken it."""

    notices = "test_a_job_that_raises_comes_back"

    class Queue(Queue):
        def take(self, most: int, now: int) -> list[Ticket]:
            taken = super().take(most, now)
            for one in taken:
                self.done(one, now)
            return taken


class Dies(Broken):
    """What a job raises ends the worker."""

    notices = "test_a_job_that_raises_comes_back"

    def _settled(self, future: Any, ticket: Ticket) -> None:  # noqa: ARG002
        future.result()

    def _do(self, run: Run, ticket: Ticket) -> None:
        run(Job.from_dict(ticket.job))
        self._queue.done(ticket, self._now())


class ForEver(Broken):
    """It never gives up."""

    notices = "test_a_job_that_always_fails_is_given_up"

    def _failed(self, ticket: Ticket, error: Exception) -> None:  # noqa: ARG002
        self._queue.back(ticket, self._now() + 1_000_000, 0)


class Silent(Broken):
    """It gives up without a word."""

    notices = "test_a_job_that_always_fails_is_given_up"

    def _failed(self, ticket: Ticket, error: Exception) -> None:  # noqa: ARG002
        if ticket.tries > 3:
            self._queue.done(ticket, self._now())
        else:
            self._queue.back(ticket, self._now() + 1_000_000, ticket.tries + 1)


class GivesUpUnknown(Broken):
    """What nobody knows is a failure as any other."""

    notices = "test_a_job_that_nobody_knows_waits_for_a_newer_worker"

    def _do(self, run: Run, ticket: Ticket) -> None:
        try:
            run(Job.from_dict(ticket.job))
        except Exception as error:  # noqa: BLE001
            self._failed(ticket, error)
        else:
            self._queue.done(ticket, self._now())


class LosesNewer(Broken):
    """What it cannot read is thrown away."""

    notices = "test_a_job_of_a_newer_release_is_kept"

    def _do(self, run: Run, ticket: Ticket) -> None:
        try:
            Job.from_dict(ticket.job)
        except JobUnknown:
            self._queue.done(ticket, self._now())
        else:
            super()._do(run, ticket)


class OneByOne(Broken):
    """It queues jobs one after the other."""

    notices = "test_submit_is_all_or_none"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        for job in jobs:
            super().submit([job], writer=writer)


class Impatient(Broken):
    """It does not wait for a job's instant."""

    notices = "test_it_waits_for_its_instant"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        super().submit([attrs.evolve(job, not_before=None) for job in jobs], writer=writer)


class Waits(Broken):
    """A job that waits for its instant is never done."""

    notices = "test_it_waits_for_its_instant"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        super().submit([job for job in jobs if job.not_before is None], writer=writer)


class Deaf(Broken):
    """What is submitted while the same job runs is dropped."""

    notices = "test_what_is_submitted_during_its_own_run_is_done_again"

    class Queue(Queue):
        def done(self, ticket: Ticket, now: int) -> None:
            with self._store.write() as writer:
                writer.delete(META, [(ticket.name,)])
            del now


class Remembers(Broken):
    """An id that was done once is never done again."""

    notices = "test_a_job_is_submitted_anew_once_it_was_done"

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self._seen: set[str] = set()

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        super().submit([job for job in jobs if job.id not in self._seen], writer=writer)
        self._seen |= {job.id for job in jobs}


class GoesOn(Broken):
    """Told to stop, it does everything that is there first."""

    notices = "test_stop_stops"

    def work(self, run: Run, *, until_idle: bool = False, stop: Event | None = None) -> None:
        super().work(run, until_idle=until_idle or stop is not None)


class BeginsAnyway(Broken):
    """It looks at who stops it only after the first job."""

    notices = "test_who_was_told_to_stop_before_does_nothing"

    def work(self, run: Run, *, until_idle: bool = False, stop: Event | None = None) -> None:
        if stop is not None and stop.is_set():
            super().work(run, until_idle=True)
        super().work(run, until_idle=until_idle, stop=stop)


class Hasty(Broken):
    """It ends where there is nothing to do."""

    notices = "test_a_worker_waits_for_work_until_it_is_told_to_stop"

    def work(self, run: Run, *, until_idle: bool = False, stop: Event | None = None) -> None:
        del until_idle
        super().work(run, until_idle=True, stop=stop)
        if stop is not None:
            stop.wait(0.2)


class OnlyOnce(Broken):
    """It looks at the queue once."""

    notices = "test_what_a_job_submits_is_done_too"

    def work(self, run: Run, *, until_idle: bool = False, stop: Event | None = None) -> None:
        del until_idle, stop
        for one in self._take(100, patient=False):
            self._do(run, one)


class Apart(Broken):
    """Its queue lies beside the data, and in a transaction of its own."""

    notices = "test_a_transaction_that_is_undone_takes_its_job_along"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        del writer
        self._own.extend(jobs)

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self._own: list[Job] = []

    def work(self, run: Run, *, until_idle: bool = False, stop: Event | None = None) -> None:
        super().submit(self._own)
        super().work(run, until_idle=until_idle, stop=stop)


class Private(Broken):
    """Each has a queue of its own."""

    notices = "test_another_process_s_job_is_done"

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self._mine = open_store("memory://")

    @property
    def _queue(self) -> Queue:  # type: ignore[override]
        return Queue(self._mine)

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        del writer
        with self._mine.write() as own:
            self._queue.enter(own, jobs, self._now())


class Garbles(Broken):
    """It keeps texts as ASCII, and what is not ASCII is lost."""

    notices = "test_a_job_arrives_as_it_was_submitted"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        changed = [
            attrs.evolve(
                job,
                args={
                    name: value.encode("ascii", "replace").decode()
                    if isinstance(value, str)
                    else value
                    for name, value in job.args.items()
                },
            )
            for job in jobs
        ]
        super().submit(changed, writer=writer)


class ShortNames(Broken):
    """Two jobs whose ids begin alike are one."""

    notices = "test_a_job_has_the_longest_id"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        super().submit([attrs.evolve(job, id=job.id[:128]) for job in jobs], writer=writer)


class Few(Broken):
    """It takes a hundred jobs, and no more."""

    notices = "test_many_at_once"

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        super().submit(jobs[:100], writer=writer)


class Duplicates(Broken):
    """What waits already is refused, and so is what comes with it."""

    notices = "test_the_same_id_twice_does_no_harm"

    class Queue(Queue):
        def enter(self, writer: Writer, jobs: Sequence[Job], now: int) -> None:
            if {job.id for job in jobs}.isdisjoint(one.job["id"] for one in self.waiting(writer)):
                super().enter(writer, jobs, now)


class ClosesOnce(Broken):
    """Closing it twice is a mistake."""

    notices = "test_closing_twice"
    closed = False

    def close(self) -> None:
        if self.closed:
            raise RuntimeError("it is closed")
        self.closed = True


class Shows(Broken):
    """Its repr tells the token."""

    notices = "test_a_secret_is_never_shown"

    def __repr__(self) -> str:
        return f"Shows({self.settings.token.reveal()})"


BROKEN = [
    one
    for one in vars().copy().values()
    if isinstance(one, type) and issubclass(one, Broken) and one is not Broken
]


def suite(kind: type[Sound]) -> type[RunnerSuite]:
    class Suite(RunnerSuite):
        @pytest.fixture
        def spec(self) -> RunnerSpec:
            words = {"transactional"}
            return RunnerSpec(name="flock", open=kind, config=Settings, capabilities=words)

        @pytest.fixture
        def settings(self) -> Mapping[str, Any]:
            return {"interval": 0.01, "token": "quetzal-feather"}

        @pytest.fixture
        def store(self) -> Iterator[Store]:
            made = open_store("memory://")
            yield made
            made.close()

    return Suite


TestSound = suite(Sound)
for _runner in BROKEN:
    globals()[f"Test{_runner.__name__}"] = suite(_runner)
