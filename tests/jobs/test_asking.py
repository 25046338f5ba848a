"""Asking for work: in a host's transaction, in parts, of an older worker, of a queue that fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from crmkit import Job, JobUnknown
from crmkit.contracts.holding import LEASE, RENEWED
from crmkit.contracts.runner import VERSION, Runner
from crmkit.contracts.specs import RunnerSpec
from crmkit.contracts.store import Writer
from crmkit.contracts.tables import META, STATE
from crmkit.jobs.declared import JOBS, Declared
from crmkit.plugins import PluginManager, hookimpl
from crmkit.runners import embedded
from crmkit.runners.queue import Queue, Ticket
from crmkit.testing.day import captured, mail
from tests.jobs.kit import NOW, hands, opened, worked

QUIET = dict.fromkeys(("dispatch", "reconcile", "advance", "funnel"), "off")


class Far(Runner):
    """A queue that takes no part in transactions, and may be down."""

    def __init__(self, _: object) -> None:
        self.jobs: list[Job] = []
        self.is_down = False

    def submit(self, jobs: Sequence[Job], *, writer: Writer | None = None) -> None:
        assert writer is None
        if self.is_down:
            raise crmkit.PluginError("the queue at far.example cannot be reached", plugin="far")
        self.jobs += jobs

    def work(
        self, run: Callable[[Job], object], *, until_idle: bool = False, stop: Event | None = None
    ) -> None:
        del until_idle, stop
        while self.jobs:
            run(self.jobs.pop(0))


@pytest.fixture
def far() -> Far:
    return Far(None)


@pytest.fixture(params=["never", "not as it is configured"])
def distant(request: pytest.FixtureRequest, far: Far, tmp_path: Path) -> Iterator[crmkit.CRM]:
    """Give a workspace whose jobs wait far away, in no transaction of the store's."""
    words = set() if request.param == "never" else {"transactional"}
    far.transactional = request.param == "never"

    class Offer:
        @hookimpl
        def crmkit_runners(self) -> list[RunnerSpec]:
            return [RunnerSpec(name="far", open=lambda _: far, capabilities=words)]

    plugins = PluginManager(discover=False, strict=True)
    plugins.register(Offer())
    config = {"runner": {"type": "far"}, "jobs": {**QUIET, "advance": "1h"}}
    url = f"sqlite:///{tmp_path}/shop.db"
    with crmkit.connect(url, config=config, plugins=plugins, clock=hands()) as crm:
        yield crm


# -- the host's transaction ------------------------------------------------------------


@pytest.mark.parametrize("is_far", [False, True])
def test_a_job_goes_with_the_host_s_transaction(
    is_far: bool, distant: crmkit.CRM, far: Far, tmp_path: Path
):
    """It is done where the host commits, and was never asked for where the host does not."""
    near = opened(f"sqlite:///{tmp_path}/near.db", jobs=QUIET)
    crm = distant if is_far else near
    engine = sa.create_engine(str(crm.config.url))
    with engine.connect() as connection:
        joined = crm.using(connection)
        joined.jobs.submit("funnel")
        connection.rollback()
        joined.jobs.submit("rebuild", shards=2)
        assert far.jobs == []
        connection.commit()
    engine.dispose()
    if is_far:
        assert [job.id for job in far.jobs] == ["rebuild:default:0of2", "rebuild:default:1of2"]
    else:
        assert worked(crm) == ["rebuild:default:0of2", "rebuild:default:1of2"]
    near.close()


def test_a_queue_that_is_away_after_the_commit_loses_the_job(
    distant: crmkit.CRM, far: Far, caplog: pytest.LogCaptureFixture
):
    """The commit stands and the log says what was lost; a periodic job comes with a later tick."""
    far.is_down = True
    engine = sa.create_engine(str(distant.config.url))
    with engine.begin() as connection:
        distant.using(connection).jobs.submit("rebuild")
    engine.dispose()
    assert "far.example cannot be reached" in caplog.text
    far.is_down = False
    assert (
        [job.name for job in distant.jobs.tick()] == [job.name for job in far.jobs] == ["advance"]
    )


def test_nobody_works_inside_a_host_s_transaction(tmp_path: Path):
    """What jobs do is committed as they go: the connection of a host's refuses, in one line."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with crmkit.connect(engine=engine, plugins=[]) as crm, engine.begin() as connection:
        jobs = crm.using(connection).jobs
        for call in (jobs.tick, jobs.work, lambda: jobs.run(Job(id="a", name="advance"))):
            with pytest.raises(crmkit.RefusedError, match=r"the connection that crmkit\.connect"):
                call()
    engine.dispose()


# -- in parts --------------------------------------------------------------------------


def test_a_rebuild_in_parts_is_a_rebuild(tmp_path: Path):
    """Every customer is in one part, and all states are what they were."""
    with opened(f"sqlite:///{tmp_path}/shop.db", jobs=QUIET) as crm:
        captured(
            crm,
            (
                {"id": f"{n}", "kind": "visit", "at": NOW, "customer": {"email": mail(n % 30)}}
                for n in range(90)
            ),
        )
        with crm.session.store.read() as reader:
            before = sorted(reader.scan(STATE))
        with crm.session.store.write() as writer:
            writer.put(STATE, [(row[0], 0, *row[2:]) for row in before])
        parts: list[int] = []
        crm.jobs.submit("rebuild", shards=4)
        crm.jobs.work(until_idle=True, told=lambda _, came, __: parts.append(came["customers"]))
        assert (len(parts), sum(parts)) == (4, 30)
        with crm.session.store.read() as reader:
            assert sorted(reader.scan(STATE)) == before


@pytest.mark.parametrize(
    ("name", "how", "line"),
    [
        ("advanse", {}, "name must be one of dispatch, poll"),
        ("advance", {"shards": 2}, "shards must be 1: only rebuild is split"),
        ("rebuild", {"shards": 1001}, "shards must be 1: only rebuild is split, into 1000 at most"),
        ("rebuild", {"shards": 0}, "shards must be a whole number from 1"),
        ("sync", {"of": "office"}, "of must be one that sync is done for, got 'office'"),
        ("advance", {"of": "mail"}, "of must be one that advance is done for, got 'mail'"),
        ("advance", {"not_before": NOW.replace(tzinfo=None)}, "not_before must be a datetime with"),
    ],
)
def test_what_cannot_be_done_is_refused(name: str, how: dict[str, Any], line: str):
    """One line says which argument is wrong, and nothing is queued."""
    with opened("memory://", jobs=QUIET) as crm:
        with pytest.raises(crmkit.InvalidValueError) as raised:
            crm.jobs.submit(name, **how)
        assert str(raised.value).startswith(line)
        assert worked(crm) == []


# -- an older worker -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (Job(id="a", name="segments"), "there are dispatch, poll"),
        (Job(id="a", name="advance", args={"tier": "key"}), "this release cannot do"),
        (Job(id="a", name="advance", shards=2), "this release cannot do"),
        (Job(id="a", name="advance", version=VERSION + 1), "this release cannot do"),
        (Job(id="a", name="advance", workspace="other"), "it is of workspace 'other'"),
    ],
    ids=["name", "args", "shards", "version", "workspace"],
)
def test_a_job_of_another_release_is_left_to_it(job: Job, why: str):
    """One line names the job, says why it is not known here, and who can do it."""
    with opened("memory://") as crm, pytest.raises(JobUnknown, match=why) as raised:
        crm.jobs.run(job)
    assert "run the release that submitted it" in str(raised.value)


def test_a_job_that_cannot_be_read_is_left(caplog: pytest.LogCaptureFixture):
    """A newer release's job, with a field nobody here knows: one line, and it stays."""
    plain = Job(id="a", name="advance").to_dict()
    for strange in (plain | {"version": 2}, plain | {"tenant": "x"}, {"name": "advance"}, {}):
        with pytest.raises(JobUnknown, match=r"left to a newer worker.*upgrade crmkit here"):
            Job.from_dict(strange)
    with opened("memory://", jobs=QUIET) as crm:
        crm.jobs.submit("advance")
        with crm.session.store.write() as writer:
            ((name, text),) = writer.scan(META, low="job:", high="job;")
            writer.put(META, [(name, text.replace('"version": 1', '"version": 2'))])
        assert worked(crm) == []
        with crm.session.store.read() as reader:
            assert len(list(reader.scan(META, low="job:", high="job;"))) == 1
    assert len(caplog.messages) == 1


def test_a_newer_worker_does_what_an_older_one_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Workers are upgraded one after the other, and nothing is lost meanwhile."""
    new = Declared(name="segments", summary="Of a newer release.", do=lambda *_: {"made": 3})
    clock = hands()
    with opened("memory://", clock, jobs=QUIET) as crm:
        with monkeypatch.context() as newer:
            newer.setitem(JOBS, "segments", new)
            crm.jobs.submit("segments")
        for _ in range(20):
            assert worked(crm) == []
            clock.move(minutes=2)
        assert len(caplog.messages) == 20
        monkeypatch.setitem(JOBS, "segments", new)
        assert worked(crm) == ["segments:default"]


# -- what is down, or full -------------------------------------------------------------


def test_a_queue_that_is_down_loses_no_slot(distant: crmkit.CRM, far: Far):
    """One clear line, nothing half noted: the slot is submitted once the queue is back."""
    far.is_down = True
    for call in (distant.jobs.tick, lambda: distant.jobs.work(until_idle=True)):
        with pytest.raises(crmkit.PluginError, match=r"^the queue at far\.example"):
            call()
    with pytest.raises(crmkit.PluginError, match=r"^the queue at far\.example"):
        distant.jobs.submit("advance")
    assert len(distant.jobs.due()) == 1
    far.is_down = False
    assert len(distant.jobs.tick()) == len(far.jobs) == 1
    assert distant.jobs.due() == ()


def test_a_database_that_is_away_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """A worker says so once, however often it looks, and goes on when it is back."""
    looks: list[int] = []

    def take(queue: Queue, most: int, now: int) -> list[Ticket]:
        looks.append(now)
        if len(looks) < 5:
            raise crmkit.StoreError("the database cannot be reached")
        return there(queue, most, now)

    there = Queue.take
    monkeypatch.setattr(Queue, "take", take)
    stop = Event()
    with opened("memory://", jobs=QUIET, runner={"interval": 0.01}) as crm:
        crm.jobs.submit("advance")
        crm.jobs.work(stop=stop, told=lambda *_: stop.set())
        assert [one for one in caplog.messages if "cannot be reached" in one] == [
            "the queue cannot be read, and is tried again: the database cannot be reached"
        ]
        looks.clear()
        with pytest.raises(crmkit.StoreError, match="cannot be reached"):
            crm.jobs.work(until_idle=True)


def test_a_job_is_held_however_long_the_interval(monkeypatch: pytest.MonkeyPatch):
    """What runs is renewed between two looks at the queue that are an hour apart."""
    renewed = Event()
    monkeypatch.setattr(embedded, "RENEWED", 0.01)
    monkeypatch.setattr(Queue, "renew", lambda *_: renewed.set())
    slow = Declared(name="slow", summary="Takes long.", do=lambda *_: {"held": renewed.wait(10)})
    monkeypatch.setitem(JOBS, "slow", slow)
    came: list[Any] = []
    with opened("memory://", jobs=QUIET, runner={"interval": 3600}) as crm:
        crm.jobs.submit("slow")
        crm.jobs.work(until_idle=True, told=lambda _, result, __: came.append(result))
    assert came == [{"held": True}]
    assert RENEWED < LEASE / 5


def test_a_missing_runner_is_named():
    """One line says what is offered; nothing else of crmkit needs it."""
    with opened("memory://", runner={"type": "procrastinate"}) as crm:
        assert crm.value.pyramid()[0].count == 0
        with pytest.raises(crmkit.PluginError, match=r"runner 'procrastinate'; there are embedded"):
            crm.jobs.work(until_idle=True)


def test_a_full_disk_costs_a_try(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The worker lives, says which job failed and why; with room again all is done, and once."""
    clock = hands()
    with opened(f"sqlite:///{tmp_path}/shop.db", clock, jobs={**QUIET, "advance": "1h"}) as crm:
        captured(
            crm,
            (
                {"id": f"{n}", "kind": "visit", "at": NOW, "customer": {"email": mail(n)}}
                for n in range(400)
            ),
        )
        crm.jobs.tick()
        room = {"pages": 1}

        def limit(connection: Any, *_: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {room['pages']}")

        engine = crm.session.store.engine  # type: ignore[attr-defined]
        sa.event.listen(engine, "checkout", limit)
        with caplog.at_level(logging.WARNING, "crmkit"):
            crm.jobs.work(until_idle=True)
        assert any("advance:default" in one and "full" in one for one in caplog.messages)
        assert crm.lifecycle.history(crm.customers.find(email=mail(1)).id) == ()  # type: ignore[union-attr]
        room["pages"] = 1_000_000
        clock.move(minutes=10)
        assert worked(crm) == ["advance:default"]
        moves = [crm.lifecycle.history(one.id) for one in crm.customers.search(limit=400).items]
        assert {len(one) for one in moves} == {2}
