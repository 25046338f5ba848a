"""Limits: calls that are too many are waited for, and as few as that are made."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crmkit_fxiaoke.settings import LIMITS
from fxiaoke_kit import change, deeds, new, read_on

from crmkit.contracts.connector import RetryLater, SyncAborted
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")


def test_too_many_calls_are_waited_for(company: Fxiaoke, opened: Open, waits: list[float]):
    """By code or by words; a create too, since it was surely not taken."""
    connector = opened()
    connector.schema("AccountObj")
    company.fail(
        Fault(answer=Answer({"errorCode": 14001, "errorMessage": "接口调用超过限制"}), on="create"),
        Fault(answer=Answer({"errorCode": 7, "errorMessage": "请求频率过高"}), on="create"),
        Fault(answer=Answer({"errorCode": 8, "errorMessage": "Rate limit exceeded"}), on="create"),
        Fault(answer=Answer({}, 429), on="create"),
    )
    (done,) = connector.upsert("AccountObj", [new("甲")])
    assert done.done == "created"
    assert len(company.book.of("AccountObj")) == 1
    assert waits == [5, 10, 20, 40]


def test_limits_of_other_kinds_are_refusals(company: Fxiaoke, opened: Open, waits: list[float]):
    """A text beyond its limit of length is not tried again for ever."""
    connector = opened()
    connector.schema("AccountObj")
    told = {"errorCode": 32000, "errorMessage": "name exceeds the length limit"}
    company.fail(Fault(answer=Answer(told), on="create"))
    (done,) = connector.upsert("AccountObj", [new("甲")])
    assert (done.done, done.field, waits) == (None, "name", [])


def test_who_calls_too_often_for_long_comes_back_later(company: Fxiaoke, opened: Open):
    """Nothing was taken; in the middle of a batch the rest is to be tried again."""
    connector = opened()
    connector.schema("AccountObj")
    busy = Fault(answer=Answer({"errorCode": 30004, "errorMessage": "秒频次超限"}), on="create")
    company.fail(*[busy] * 5)
    with pytest.raises(RetryLater) as error:
        connector.upsert("AccountObj", [new("甲")])
    assert error.value.kind == "burst"
    (first,) = connector.upsert("AccountObj", [new("甲")])
    company.fail(*[busy] * 5)
    results = connector.upsert(
        "AccountObj", [change(first.remote_id, tel="1"), new("乙"), new("丙")]
    )
    assert [(one.done, one.retry) for one in results] == [
        ("updated", False),
        (None, True),
        (None, True),
    ]


def test_the_day_s_calls_end_at_midnight(company: Fxiaoke, opened: Open):
    """08:00 UTC is 16:00 in Shanghai; what was never bought stops the run instead."""
    connector = opened()
    connector.schema("AccountObj")
    spent = {"errorCode": 30002, "errorMessage": "当天访问频次超限"}
    company.fail(Fault(answer=Answer(spent), on="create"))
    with pytest.raises(RetryLater) as error:
        connector.upsert("AccountObj", [new("甲")])
    assert error.value.kind == "daily"
    assert error.value.after == pytest.approx(8 * 3600, abs=60)
    none = {"errorCode": 30003, "errorMessage": "客户没有购买openapi配额"}
    company.fail(Fault(answer=Answer(none), on="create"))
    with pytest.raises(SyncAborted, match="配额"):
        connector.upsert("AccountObj", [new("甲")])


def test_the_limit_of_100_calls_in_20_seconds_is_kept(
    company: Fxiaoke, opened: Open, monkeypatch: pytest.MonkeyPatch
):
    """Each interface by itself: nobody has to be told that it was too much."""
    company.window = (100, 20.0)
    company.book.step = timedelta(0)
    now = [0.0]
    monkeypatch.setattr("crmkit.contracts.limits.time.monotonic", lambda: now[0])
    connector = opened(limits={"per_second": 5, "burst": 100})
    pace = connector._platform.service._pace

    def sleep(seconds: float) -> None:
        now[0] += seconds
        company.book.advance(timedelta(seconds=seconds))

    pace._sleep, pace._monotonic = sleep, lambda: now[0]
    for n in range(300):
        (done,) = connector.upsert("AccountObj", [new(f"客户{n}")])
        assert done.done == "created"
    assert deeds(company) == ["create"] * 300
    assert now[0] == 40
    assert connector.seconds(300) == 40
    read_on(connector)
    assert now[0] == 40


def test_the_time_that_a_run_takes_is_known_before():
    """100,000 customers are 999 windows of 20 seconds after the first."""
    assert LIMITS.seconds(100) == 0
    assert LIMITS.seconds(101) == 20
    assert LIMITS.seconds(100_000) == 999 * 20
