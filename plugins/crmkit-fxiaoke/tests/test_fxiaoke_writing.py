"""Writing: one call a changed record, nothing made twice, and each refusal in their words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from crmkit_fxiaoke.settings import LIMITS
from fxiaoke_kit import deeds, read_on
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.connector import RetryLater, SyncAborted, Upsert, WriteLost
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")
ADMIN = ["FSUID_ADMIN"]


def new(name: str, **values: Any) -> Upsert:
    return Upsert(key=name, match=("email", f"{name}@example.cn"), values={"name": name, **values})


def change(id_: str, **values: Any) -> Upsert:
    return Upsert(key=f"k{id_}", remote_id=id_, values=values)


def test_one_call_a_changed_record_and_no_more(company: Fxiaoke, opened: Open):
    """To create and to update alike; a record without changes is no call at all."""
    connector = opened()
    assert connector.schema("AccountObj").batch == 1
    created = [connector.upsert("AccountObj", [new(f"客户{n}")])[0] for n in range(20)]
    assert {one.done for one in created} == {"created"}
    assert deeds(company) == ["create"] * 20
    ids = [one.remote_id for one in created]
    assert ids == list(company.book.of("AccountObj"))
    company.calls.clear()
    updated = [connector.upsert("AccountObj", [change(id_, tel="10086")])[0] for id_ in ids]
    assert {one.done for one in updated} == {"updated"}
    assert deeds(company) == ["update"] * 20
    assert connector.upsert("AccountObj", [change(ids[0])])[0].done == "unchanged"
    assert len(deeds(company)) == 20


def test_what_is_written_goes_over_the_wire_as_documented(company: Fxiaoke, opened: Open):
    """The envelope with token, company and employee; workflows and approvals are left alone."""
    connector = opened()
    (made,) = connector.upsert("AccountObj", [new("王女士", email="wang@example.cn")])
    body = company.calls[-1].json()
    assert company.calls[-1].path == "/cgi/crm/v2/data/create"
    assert body["corpAccessToken"] == "TOKEN_1"
    assert (body["corpId"], body["currentOpenUserId"]) == ("FSCID_1", "FSUID_ADMIN")
    assert (body["triggerWorkFlow"], body["triggerApprovalFlow"]) == (False, False)
    told = body["data"]["object_data"]
    assert told["dataObjectApiName"] == "AccountObj"
    assert (told["name"], told["owner"], told["record_type"]) == ("王女士", ADMIN, "default__c")
    connector.upsert("AccountObj", [change(made.remote_id, remark="第一行\n第二行 🎂")])
    assert company.calls[-1].path == "/cgi/crm/v2/data/update"
    assert company.calls[-1].json()["data"] == {
        "object_data": {
            "_id": made.remote_id,
            "dataObjectApiName": "AccountObj",
            "remark": "第一行\n第二行 🎂",
        }
    }


def test_objects_of_the_company_have_paths_of_their_own(company: Fxiaoke, opened: Open):
    """Read, written and deleted under custom."""
    connector = opened(objects=["Shop__c"], on_delete="delete")
    assert connector.entities()[0] == "AccountObj"
    assert connector.entities()[-1] == "Shop__c"
    (made,) = connector.upsert("Shop__c", [new("分店")])
    connector.upsert("Shop__c", [change(made.remote_id, name="总店")])
    records, _ = read_on(connector, "Shop__c")
    assert records[0].values == {"name": "总店"}
    connector.delete("Shop__c", [made.remote_id])
    paths = [call.path for call in company.calls if "/data/" in call.path]
    assert {path.rpartition("/")[0] for path in paths} == {"/cgi/crm/custom/v2/data"}
    assert company.book.of("Shop__c") == {}


VALUES = {
    "name": "王女士 & Söhne 🎂",
    "remark": "一\r\n二\t\u2028三",
    "industry": "hotel",
    "tags": ["vip", "chain"],
    "employees": 12,
    "turnover": 1234567.89,
    "listed": False,
    "founded": "1999-12-31",
    "last_followed_time": "2026-05-01T23:59:59.123000+00:00",
    "owner": "FSUID_LIN",
}


def test_values_come_back_as_they_went(company: Fxiaoke, opened: Open):
    """Of every type, in both ways of writing numbers."""
    for numbers in ("number", "text"):
        connector = opened(numbers=numbers)
        (made,) = connector.upsert("AccountObj", [Upsert(key="k", values=VALUES)])
        (found,) = connector.fetch("AccountObj", [made.remote_id], fields=list(VALUES))
        assert found.values == VALUES
        stored = company.book.of("AccountObj")[made.remote_id].values
        assert stored["owner"] == ["FSUID_LIN"]
        assert stored["founded"] == datetime(1999, 12, 30, 16, tzinfo=UTC).timestamp() * 1000
        assert isinstance(stored["turnover"], str) == (numbers == "text")


def test_fields_are_emptied(company: Fxiaoke, opened: Open):
    """None clears a field; a new record is simply made without it."""
    connector = opened()
    (made,) = connector.upsert("AccountObj", [new("甲", remark=None, tel="10086")])
    assert "remark" not in company.calls[-1].json()["data"]["object_data"]
    connector.upsert("AccountObj", [change(made.remote_id, tel=None, tags=None)])
    assert company.book.of("AccountObj")[made.remote_id].values["tel"] is None
    (found,) = connector.fetch("AccountObj", [made.remote_id], fields=["name", "tel", "tags"])
    assert found.values == {"name": "甲", "tel": None, "tags": None}
    opened(empty="text").upsert("AccountObj", [change(made.remote_id, name="乙", tel=None)])
    assert company.book.of("AccountObj")[made.remote_id].values["tel"] == ""


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
    )
)
def test_no_number_is_rounded(number: Decimal):
    """Whatever a Decimal holds stands on the wire, as a number or as a text."""
    import json  # noqa: PLC0415 - what the wire makes of it
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from crmkit_fxiaoke.values import Values  # noqa: PLC0415

    for as_text in (True, False):
        values = Values(ZoneInfo("Asia/Shanghai"), numbers_as_text=as_text)
        wire = json.loads(json.dumps(values.write(number, "currency", "number")))
        assert Decimal(str(values.read(wire, "currency", "number"))) == number


def test_a_record_that_is_refused_fails_alone(opened: Open):
    """With the platform's code, words and field; the others of the batch are written."""
    connector = opened()
    results = connector.upsert(
        "AccountObj",
        [
            new("好"),
            new("坏", industry="nowhere"),
            new("长" * 101),
            new("数", employees="many"),
            new("末"),
        ],
    )
    found = {one.key: one for one in results}
    assert [one.done for one in results] == ["created", None, None, None, "created"]
    assert (found["坏"].field, found["坏"].code) == ("industry", "32000")
    assert "选项不存在" in found["坏"].reason
    assert found["长" * 101].field == "name"
    assert "长度" in found["长" * 101].reason
    assert found["数"].field == "employees"
    (gone,) = connector.upsert("AccountObj", [change("nobody", name="甲")])
    assert (gone.done, gone.code) == (None, "32000")
    assert "数据不存在" in gone.reason


def test_nothing_is_made_twice_when_the_connection_is_cut(company: Fxiaoke, opened: Open):
    """A create that may have arrived is in doubt; an update is made again."""
    connector = opened()
    connector.schema("AccountObj")
    company.fail(Fault(cut=True, on="create"))
    with pytest.raises(WriteLost):
        connector.upsert("AccountObj", [new("甲")])
    (id_,) = company.book.of("AccountObj")
    company.fail(Fault(cut=True, on="update"), Fault(refuse=True, on="update"))
    (done,) = connector.upsert("AccountObj", [change(id_, name="乙")])
    assert done.done == "updated"
    assert len(company.book.of("AccountObj")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html><title>Bad Gateway</title></html>", 502),
        Answer(b'{"errorCode":0,"dataI', 200),
        Answer({"errorCode": -1, "errorMessage": "系统繁忙"}),
        Answer({"errorCode": 50009, "errorMessage": "服务异常"}),
        Answer({"traceId": "E-O"}),
    ],
)
def test_an_answer_that_says_nothing_leaves_a_create_in_doubt(
    company: Fxiaoke, opened: Open, answer: Answer
):
    """It is not made again by the connector; a read with such an answer is."""
    connector = opened()
    connector.schema("AccountObj")
    company.fail(Fault(answer=answer, on="create"))
    with pytest.raises(WriteLost):
        connector.upsert("AccountObj", [new("甲")])
    assert deeds(company) == ["create"]


def test_a_create_without_an_id_is_in_doubt(company: Fxiaoke, opened: Open):
    """As in the vendor's own sample for custom objects."""
    company.tells_ids = False
    with pytest.raises(WriteLost, match="id"):
        opened().upsert("Shop__c", [new("分店")])


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
    for n in range(250):
        (done,) = connector.upsert("AccountObj", [new(f"客户{n}")])
        assert done.done == "created"
    assert deeds(company) == ["create"] * 250
    assert now[0] == 40
    assert connector.seconds(250) == 40
    read_on(connector)
    assert now[0] == 40


def test_the_time_that_a_run_takes_is_known_before():
    """100,000 customers are 999 windows of 20 seconds after the first."""
    assert LIMITS.seconds(100) == 0
    assert LIMITS.seconds(101) == 20
    assert LIMITS.seconds(100_000) == 999 * 20


def test_deleting_voids_and_can_be_repeated(company: Fxiaoke, opened: Open):
    """Who is void or gone already is unchanged; nothing is ever recovered."""
    connector = opened()
    kept, voided, lost = (company.book.create("AccountObj", {"name": n}).id for n in "甲乙丙")
    company.book.delete("AccountObj", voided)
    company.book.forget("AccountObj", lost)
    results = connector.delete("AccountObj", [kept, voided, lost])
    assert [(one.key, one.done) for one in results] == [
        (kept, "deleted"),
        (voided, "unchanged"),
        (lost, "unchanged"),
    ]
    assert set(company.book.of("AccountObj")) == {kept, voided}
    company.fail(Fault(cut=True, on="invalid"))
    other = company.book.create("AccountObj", {"name": "丁"}).id
    (done,) = connector.delete("AccountObj", [other])
    assert done.done in ("deleted", "unchanged")
    assert company.book.of("AccountObj")[other].deleted is not None
    assert "recover" not in deeds(company)


def test_deleting_for_good_is_a_setting(company: Fxiaoke, opened: Open):
    """Void, then deleted; one that was void already is deleted too."""
    first, second = (company.book.create("AccountObj", {"name": n}).id for n in "甲乙")
    company.book.delete("AccountObj", second)
    results = opened(on_delete="delete").delete("AccountObj", [first, second, "nobody"])
    assert [one.done for one in results] == ["deleted", "deleted", "unchanged"]
    assert company.book.of("AccountObj") == {}


def test_a_refused_deletion_is_told(company: Fxiaoke, opened: Open):
    """A record that may not be voided stays, and the reason is the platform's."""
    id_ = company.book.create("AccountObj", {"name": "甲"}).id
    told = {"errorCode": 32000, "errorMessage": "无此操作的数据权限"}
    company.fail(Fault(answer=Answer(told), on="invalid"))
    (result,) = opened().delete("AccountObj", [id_])
    assert (result.done, result.reason) == (None, "无此操作的数据权限")


def test_a_void_record_is_not_brought_back_by_writing(company: Fxiaoke, opened: Open):
    """The platform refuses it, and no call recovers it."""
    id_ = company.book.create("AccountObj", {"name": "甲"}).id
    company.book.delete("AccountObj", id_)
    (result,) = opened().upsert("AccountObj", [change(id_, name="乙")])
    assert result.done is None
    assert company.book.of("AccountObj")[id_].deleted is not None
    assert deeds(company) == ["update"]


def test_an_owner_is_changed_by_the_call_that_works(company: Fxiaoke, opened: Open):
    """Where update changes him, it is looked at once; where it does not, changeOwner does."""
    ids = [company.book.create("AccountObj", {"name": n, "owner": ADMIN}).id for n in "甲乙丙"]
    connector = opened()
    for id_ in ids:
        connector.upsert("AccountObj", [change(id_, owner="FSUID_LIN", tel="1")])
    assert deeds(company) == ["update", "query", "update", "update"]
    company.keeps_owner = True
    company.calls.clear()
    connector = opened()
    for id_ in ids:
        connector.upsert("AccountObj", [change(id_, owner="FSUID_CHEN", tel="2")])
    assert deeds(company) == ["update", "query", "changeOwner", *["update", "changeOwner"] * 2]
    connector.upsert("AccountObj", [change(ids[0], owner="FSUID_MEI")])
    assert deeds(company)[-1:] == ["changeOwner"]
    assert len(deeds(company)) == 8
    owners = [one.values["owner"] for one in company.book.live("AccountObj")]
    assert owners == [["FSUID_MEI"], ["FSUID_CHEN"], ["FSUID_CHEN"]]
    opened(owner_by="update").upsert("AccountObj", [change(ids[0], owner="FSUID_X")])
    assert deeds(company)[-1] == "update"
