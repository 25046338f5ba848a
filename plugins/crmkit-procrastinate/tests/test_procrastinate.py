"""The runner on a real PostgreSQL: jobs wait in the transaction of the data, and none is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from crmkit_procrastinate.runner import Procrastinate
from crmkit_procrastinate.settings import ProcrastinateSettings

import crmkit
from crmkit import ConfigError, JobUnknown, PluginError
from crmkit.contracts.runner import Job
from crmkit.contracts.settings import Secret
from crmkit.contracts.tables import META
from crmkit.testing import postgres

Open = Callable[..., Procrastinate]


def job(id_: str, **more: Any) -> Job:
    return Job(id=id_, name="advance", **more)


def waiting(database: str) -> list[tuple[str, str]]:
    """Give ids and states of what Procrastinate keeps, in order."""
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT args->'job'->>'id', status::text FROM procrastinate_jobs ORDER BY id"
        )
        return [(row[0], row[1]) for row in found]


def done_by(runner: Procrastinate) -> list[str]:
    done: list[str] = []
    runner.work(lambda one: done.append(one.id), until_idle=True)
    return done


def test_what_is_queued_in_a_transaction_is_queued_where_it_is_committed(
    opened: Open, database: str
) -> None:
    runner = opened()
    with runner.store.write() as writer:
        writer.put(META, [("told", "1")])
        runner.submit([job("kept")], writer=writer)
        assert waiting(database) == []  # by anybody else
    with pytest.raises(KeyError), runner.store.write() as writer:  # noqa: PT012 - its block
        writer.put(META, [("told", "2")])
        runner.submit([job("undone")], writer=writer)
        raise KeyError
    assert waiting(database) == [("kept", "todo")]
    with runner.store.read() as reader:
        assert [row[1] for row in reader.fetch(META, [("told",)])] == ["1"]
    assert done_by(runner) == ["kept"]
    assert waiting(database) == []  # what was done is not kept


def test_a_queue_in_another_database_is_told_after_the_commit(database: str) -> None:
    """Where the host undoes his transaction, it is told nothing."""
    elsewhere = postgres.database()
    config = {"runner": {"type": "procrastinate", "url": elsewhere}}
    engine = sa.create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    with crmkit.connect(database, config=config, plugins=["procrastinate"]) as crm:
        crm.jobs.submit("funnel")
        for name, kept in (("advance", False), ("rebuild", True)):
            with engine.connect() as connection:
                crm.using(connection).jobs.submit(name)
                assert len(waiting(elsewhere)) == 1
                connection.commit() if kept else connection.rollback()
    engine.dispose()
    names = [name.partition(":")[0] for name, _ in waiting(elsewhere)]
    assert names == ["funnel", "rebuild"]


def test_the_same_work_waits_once_and_is_done_again_where_it_runs_already(opened: Open) -> None:
    runner, done = opened(), []
    runner.submit([job("a"), job("a")])
    runner.submit([job("b"), job("a")])

    def run(one: Job) -> None:
        done.append(one.id)
        if done == ["a"]:
            runner.submit([job("a")])  # it may be needed after what this one has read

    runner.work(run, until_idle=True)
    assert sorted(done) == ["a", "a", "b"]


def test_a_job_that_fails_while_it_waits_again_is_tried_as_that(
    opened: Open, database: str
) -> None:
    runner, tries = opened(), []
    runner.submit([job("a")])

    def run(one: Job) -> None:
        tries.append(one.id)
        if len(tries) == 1:
            runner.submit([job("a")])
            raise ValueError("not now")

    runner.work(run, until_idle=True)
    assert tries == ["a", "a"]
    assert waiting(database) == []


def test_one_that_never_works_is_given_up_and_stays_to_be_looked_at(
    opened: Open, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    runner, tries = opened(attempts=3, backoff=0.0), []
    runner.submit([job("bad"), job("good")])

    def run(one: Job) -> None:
        tries.append(one.id)
        if one.id == "bad":
            raise ValueError("never")

    runner.work(run, until_idle=True)
    assert sorted(tries) == ["bad", "bad", "bad", "good"]
    assert waiting(database) == [("bad", "failed")]
    assert "bad failed 3 times and is given up: never" in caplog.text


def test_a_job_of_a_newer_crmkit_waits_for_a_newer_worker(
    opened: Open, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    runner = opened(attempts=1)
    runner.submit([job("a")])

    def run(one: Job) -> None:
        raise JobUnknown("left to a newer worker", job=one.to_dict())

    runner.work(run, until_idle=True)
    assert waiting(database) == [("a", "todo")]
    assert "left to a newer worker" in caplog.text


def test_jobs_of_another_workspace_are_left_to_its_workers(opened: Open) -> None:
    first, second = opened(workspace="first"), opened(workspace="第二家 a very long name, and odd")
    first.submit([job("a")])
    second.submit([job("a"), job("b")])
    assert done_by(first) == ["a"]
    assert sorted(done_by(second)) == ["a", "b"]


def test_what_is_not_due_by_the_engines_clock_waits(opened: Open) -> None:
    runner = opened()
    now = datetime(2031, 1, 1, tzinfo=UTC)  # years from the server's
    runner.clock = lambda: now
    runner.submit([job("early", not_before=now), job("late", not_before=now + timedelta(hours=1))])
    assert done_by(runner) == ["early"]


def test_a_worker_that_waits_hears_of_a_job_and_stops_when_told(opened: Open) -> None:
    """PostgreSQL notifies it: it would look by itself in ten minutes.

    What came before it listened is not told, so that there is always one more.
    """
    runner, host, done, stop = opened(interval=600.0), opened(), Event(), Event()
    worker = Thread(
        target=runner.work, args=(lambda _: done.set(),), kwargs={"stop": stop}, daemon=True
    )
    worker.start()
    for number in range(200):
        host.submit([job(f"a{number}")])
        if done.wait(0.1):
            break
    stop.set()
    worker.join(20)
    assert done.is_set()
    assert not worker.is_alive()


_VICTIM = """
import sys, time
import crmkit
from crmkit.contracts.settings import Secret
from crmkit_procrastinate.runner import Procrastinate
from crmkit_procrastinate.settings import ProcrastinateSettings
runner = Procrastinate(ProcrastinateSettings(interval=0.05, heartbeat=0.2, lost_after=0.6))
crm = crmkit.connect(sys.argv[1], plugins=[])
runner.store, runner.location = crm.session.store, Secret(sys.argv[1])
def run(job):
    print(job.id, flush=True)
    time.sleep(600)
runner.work(run)
"""


def test_what_a_killed_worker_held_is_done_by_another(opened: Open, database: str) -> None:
    runner, done, stop = opened(), [], Event()
    runner.submit([job("a")])
    victim = subprocess.Popen(
        [sys.executable, "-c", _VICTIM, database], stdout=subprocess.PIPE, text=True
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == "a\n"
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()

    def run(one: Job) -> None:
        done.append(one.id)
        stop.set()

    runner.work(run, stop=stop)
    assert done == ["a"]


def test_a_database_that_is_away_is_one_error_that_shows_no_password(opened: Open) -> None:
    gone = "postgresql://ann:hunter2@127.0.0.1:1/nowhere"
    runner = opened(url=Secret(gone), connect_timeout=1.0)
    with pytest.raises(PluginError, match=r"nothing was queued.*see that PostgreSQL runs") as first:
        runner.submit([job("a")])
    with pytest.raises(PluginError, match=r"no job is done.*see that PostgreSQL runs") as second:
        runner.work(print, until_idle=True)
    for error in (first.value, second.value):
        assert "hunter2" not in str(error) + repr(error) + json.dumps(str(error.__dict__))


def test_a_worker_waits_for_a_database_that_is_away(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    runner, stop = opened(url=Secret("postgresql://127.0.0.1:1/nowhere")), Event()
    worker = Thread(target=runner.work, args=(print,), kwargs={"stop": stop}, daemon=True)
    worker.start()
    while "tried again" not in caplog.text:
        assert worker.is_alive()
    time.sleep(0.3)  # it looks again and again, and says no more
    stop.set()
    worker.join(20)
    assert not worker.is_alive()
    assert caplog.text.count("tried again") == 1


def test_a_store_that_is_no_postgresql_needs_the_url_of_a_queue(opened: Open) -> None:
    runner = opened(on="memory://")
    with pytest.raises(ConfigError, match=r"set url = \"postgresql://"):
        runner.submit([job("a")])
    with pytest.raises(ConfigError, match="url is of another database"):
        opened(url=Secret("mysql://localhost/shop")).work(print, until_idle=True)


@pytest.mark.parametrize(
    "spelt",
    ["postgresql+psycopg2://ann:50%zz@h/d", "postgres://ann:50%zz@h:x/d", "postgresql://ann:50%zz"],
)
def test_a_url_is_read_as_the_store_s_and_never_shown(opened: Open, spelt: str) -> None:
    runner = opened(url=Secret(spelt), connect_timeout=1.0)
    with pytest.raises((ConfigError, PluginError)) as raised:
        runner.submit([job("a")])
    assert "50%zz" not in str(raised.value) + repr(raised.value.__dict__)


def test_any_spelling_of_the_database_will_do(opened: Open, database: str) -> None:
    spelt = database.replace("postgresql:", "postgres+psycopg:") + "&timeout=5"
    runner = opened(url=Secret(spelt))
    runner.submit([job("a")])
    assert done_by(opened()) == ["a"]


def test_several_that_take_over_at_once_put_a_job_back_once(opened: Open, database: str) -> None:
    """A worker died; four start, and none of them falls over what another was faster at."""
    runner, done = opened(), []
    runner.submit([job(str(number)) for number in range(30)])
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    workers = [
        Thread(
            target=opened().work,
            args=(lambda one: done.append(one.id),),
            kwargs={"until_idle": True},
        )
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(done, key=int) == [str(number) for number in range(30)]


def test_tables_of_an_older_procrastinate_are_named(opened: Open, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE procrastinate_jobs (id bigint)")
    with pytest.raises(PluginError, match="belong to an older one"):
        opened().submit([job("a")])


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="lost_after at least twice heartbeat"):
        ProcrastinateSettings(heartbeat=10.0, lost_after=15.0)


def test_it_is_offered_as_a_plugin() -> None:
    with crmkit.connect("memory://", plugins=["procrastinate"]) as crm:
        (row,) = (one for one in crm.plugins.report() if one.name == "procrastinate")
        assert (row.status, row.hooks) == ("ok", ("crmkit_runners",))
