"""Writing: one call a changed record, nothing made twice, and each refusal in their words."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from fxiaoke_kit import change, deeds, new, read_on
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.connector import Upsert, WriteLost
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")
ADMIN = ["FSUID_ADMIN"]


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


def test_a_number_that_json_would_round_is_a_text(company: Fxiaoke, opened: Open):
    """Elsewhere numbers in JSON have 53 bits."""
    connector = opened()
    for number, wire in ((2**53, 2**53), (2**53 + 1, str(2**53 + 1)), (Decimal("0.10"), 0.1)):
        (made,) = connector.upsert("AccountObj", [new("甲", turnover=number)])
        assert company.book.of("AccountObj")[made.remote_id].values["turnover"] == wire
        (found,) = connector.fetch("AccountObj", [made.remote_id], fields=["turnover"])
        assert Decimal(str(found.values["turnover"])) == number
    (refused,) = connector.upsert("AccountObj", [new("甲", turnover="many")])
    assert (refused.done, refused.field) == (None, "turnover")


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
