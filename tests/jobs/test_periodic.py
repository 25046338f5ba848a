"""Periodic jobs: each slot is done once, on any number of workers, and missed ones by one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmkit
from crmkit.clock import SECOND, instant
from crmkit.contracts.runner import Job
from crmkit.jobs import running
from crmkit.jobs.periods import slot
from crmkit.testing.runner_base import Hands
from tests.jobs.kit import NOW, hands, opened, worked

HOUR = 3600 * SECOND


@pytest.fixture
def clock() -> Hands:
    return hands()


@pytest.fixture
def crm(clock: Hands) -> Iterator[crmkit.CRM]:
    with opened("memory://", clock, jobs={"reconcile": "off", "funnel": "off"}) as one:
        yield one


def test_a_slot_is_done_once(crm: crmkit.CRM, clock: Hands):
    """What is due is not due again within the slot of its period."""
    assert [job.id for job in crm.jobs.due()] == ["dispatch:default", "advance:default"]
    assert len(worked(crm)) == 2
    clock.move(seconds=4)
    assert worked(crm) == []
    clock.move(seconds=1)
    assert worked(crm) == ["dispatch:default"]


def test_what_comes_next_is_told_by_the_present_period(crm: crmkit.CRM, clock: Hands):
    """However long the period was when the last slot was handed in."""

    def told(one: crmkit.CRM) -> dict[str, str]:
        return {job.name: f"{job.next:%d %H:%M:%S}" for job in one.jobs.list() if job.next}

    assert told(crm) == {"dispatch": "01 12:00:05", "advance": "01 12:00:05"}
    worked(crm)
    assert told(crm) == {"dispatch": "01 12:00:10", "advance": "01 13:00:00"}
    crm.jobs._periods["advance"] = 24 * HOUR
    assert told(crm)["advance"] == "02 00:00:00"
    clock.move(days=1)
    assert told(crm)["advance"] == "02 12:00:05"


def test_what_was_missed_is_one_run(crm: crmkit.CRM, clock: Hands):
    """After three days without a worker each job is done once, for the present slot."""
    worked(crm)
    clock.move(days=3)
    assert worked(crm) == ["advance:default", "dispatch:default"]


def test_what_takes_longer_than_its_period_does_not_pile_up(crm: crmkit.CRM, clock: Hands):
    """While a job runs, its next slots become one run, which begins after it has ended."""
    worked(crm)
    clock.move(seconds=10)
    told, at_once, most = [], [0], [0]
    dispatch = crm.outreach.dispatch

    def slow(limit: int) -> dict[str, int]:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        if not told:
            for _ in range(5):
                clock.move(seconds=10)
                crm.jobs.tick()
        at_once[0] -= 1
        return dispatch(limit)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(crm.outreach, "dispatch", slow)
        crm.jobs.work(until_idle=True, told=lambda job, *_: told.append(job.id))
    assert told == ["dispatch:default"] * 2
    assert most == [1]


def _tries(crm: crmkit.CRM, clock: Hands, seconds: int) -> list[int]:
    """Tick every ten seconds; give the seconds at which `dispatch` was tried."""
    tries, began = [], clock()

    def told(job: Job, *_: object) -> None:
        if job.name == "dispatch":
            tries.append((clock() - began).seconds)

    for _ in range(0, seconds, 10):
        crm.jobs.work(until_idle=True, told=told)
        clock.move(seconds=10)
    return tries


def _failing(*_: object) -> NoReturn:
    raise OSError("nobody answers")


def test_the_clock_hurries_no_job_that_failed(
    crm: crmkit.CRM, clock: Hands, monkeypatch: pytest.MonkeyPatch
):
    """Its slots begin every ten seconds, and it is tried after 10, 20, 40 and 80 all the same."""
    monkeypatch.setattr(crm.outreach, "dispatch", _failing)
    assert _tries(crm, clock, 160) == [0, 10, 30, 70, 150]


def test_a_job_that_nobody_knows_is_not_hurried(
    crm: crmkit.CRM, clock: Hands, caplog: pytest.LogCaptureFixture
):
    """It is looked at once a minute, whatever slots of its begin meanwhile."""
    with pytest.MonkeyPatch.context() as older:
        older.setattr(running, "VERSION", 0)
        _tries(crm, clock, 120)
        lines = [one for one in caplog.messages if "dispatch:default" in one]
        assert len(lines) == 2
    assert _tries(crm, clock, 10) == [0]


def test_who_asks_for_a_job_that_failed_has_it_tried_at_once(
    crm: crmkit.CRM, clock: Hands, monkeypatch: pytest.MonkeyPatch
):
    """It has all its tries before it again."""
    monkeypatch.setattr(crm.outreach, "dispatch", _failing)
    assert _tries(crm, clock, 40) == [0, 10, 30]
    crm.jobs.submit("dispatch")
    assert _tries(crm, clock, 160) == [0, 10, 30, 70, 150]


def test_two_that_tick_submit_a_slot_once(tmp_path: Path, clock: Hands):
    """Of two workers that look at the clock, one finds nothing left to submit."""
    url = f"sqlite:///{tmp_path}/a.db"
    with opened(url, clock) as one, opened(url, clock) as other:
        assert len(one.jobs.tick()) == 4
        assert other.jobs.tick() == ()
        assert len(worked(other)) == 4
        assert worked(one) == []


def test_a_connector_and_a_channel_have_a_job_each(tmp_path: Path, clock: Hands):
    """Each connector is synced by a job of its own, and receipts are polled where they are."""
    mapping = [{"concept": "customers", "object": "people", "fields": {"email": "mail"}}]
    office = {"type": "csv", "folder": str(tmp_path), "mapping": mapping}
    mail = {"type": "email", "host": "127.0.0.1", "sender": "a@x.org", "secret": "s" * 16}
    config = {"connectors": {"a": office, "b": office}, "channels": {"mail": mail}}
    with opened("memory://", clock, **config) as crm:
        ids = {job.id for job in crm.jobs.due()}
        assert {"sync:default:a", "sync:default:b", "poll:default:mail"} < ids
        (polled,) = crm.jobs.submit("poll")
        assert polled.args == {"of": "mail"}
        assert [job.args["of"] for job in crm.jobs.submit("sync", of="b")] == ["b"]
        with pytest.raises(
            crmkit.InvalidValueError, match=r"^of must be one that sync is done for"
        ):
            crm.jobs.submit("sync", of="c")


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"type": "pigeon"}, "channel 'pigeon'"),
        ({"type": "console", "on_unknown": "guess"}, "channels.gone.on_unknown: must be hold or"),
    ],
    ids=["a missing plugin", "a wrong setting"],
)
def test_a_broken_channel_costs_only_itself(
    broken: dict[str, str], why: str, clock: Hands, caplog: pytest.LogCaptureFixture
):
    """The other channels are polled and every other job is done; one line says what is wrong."""
    mail = {"type": "email", "host": "127.0.0.1", "sender": "a@x.org", "secret": "s" * 16}
    with opened("memory://", clock, channels={"gone": broken, "mail": mail}) as crm:
        for _ in range(3):
            ids = {job.id for job in crm.jobs.tick()}
            assert {"dispatch:default", "poll:default:mail"} <= ids
            assert "poll:default:gone" not in ids
            clock.move(minutes=1)
        assert [one.of for one in crm.jobs.list() if one.name == "poll"] == ["mail"]
    (line,) = caplog.messages
    assert line.startswith("the channel gone is not polled: ")
    assert why in line


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ({"advanse": "1h"}, "jobs.advanse: is no setting; did you mean 'advance'?"),
        ({"rebuild": "1h"}, "jobs.rebuild: is no setting"),
        ({"sync": "often"}, 'jobs.sync: must be a duration such as "30s", "10m", "24h" or "3d"'),
        ({"poll": "0s"}, "jobs.poll: must be from 1s to ten years"),
        ({"dispatch": False}, "jobs.dispatch: must be a duration"),
    ],
)
def test_a_wrong_period_is_one_line(section: dict[str, object], line: str):
    """It names the key and what would be right, before any job is done."""
    with opened("memory://", jobs=section) as crm:
        for call in (crm.jobs.due, crm.jobs.tick, crm.jobs.list, crm.jobs.work):
            with pytest.raises(crmkit.ConfigError) as raised:
                call()
            assert str(raised.value).startswith(line)


@given(
    st.integers(0, 4_000_000_000),
    st.sampled_from([10 * SECOND, 60 * SECOND, HOUR, 24 * HOUR]),
    st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
)
def test_slots_go_forward(seconds: int, period: int, zone: str):
    """An instant lies in its slot, and a later one in no earlier slot, whatever clocks are set."""
    now, where = seconds * SECOND, ZoneInfo(zone)
    begins = slot(now, period, where)
    assert begins <= now < begins + period
    for later in (SECOND, period - SECOND, period, HOUR):
        assert slot(now + later, period, where) >= begins


def test_a_day_begins_where_people_work():
    """A daily job's slot begins at midnight there."""
    begins = slot(int(NOW.timestamp()) * SECOND, 24 * HOUR, ZoneInfo("Asia/Shanghai"))
    assert instant(begins).isoformat() == "2026-05-31T16:00:00+00:00"


def test_who_is_told_of_a_job_undoes_nothing(crm: crmkit.CRM, caplog: pytest.LogCaptureFixture):
    """A listener that raises is logged, and the job is done all the same."""

    def told(*_: object) -> None:
        raise RuntimeError("not my day")

    crm.jobs.work(until_idle=True, told=told)
    assert all(one.error is None for one in crm.jobs.list())
    assert worked(crm) == []
    assert "who is told of jobs failed at advance" in caplog.text
