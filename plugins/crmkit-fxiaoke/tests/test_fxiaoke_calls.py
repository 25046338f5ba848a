"""Tokens, schema, checks and odd answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crmkit_fxiaoke.objects import _described
from fxiaoke_kit import deeds, read_on

from crmkit import ConfigError
from crmkit.contracts.connector import RetryLater, SyncAborted, Token, Tokens
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.fxiaoke import Fxiaoke

Open = Callable[..., Any]
pytestmark = pytest.mark.row("R280")


def test_one_login_serves_all_calls(company: Fxiaoke, opened: Open):
    """The token and the employee are asked for once; the account is the company's id."""
    connector = opened()
    assert connector.account() == "FSCID_1"
    for _ in range(5):
        read_on(connector)
    paths = [call.path for call in company.calls]
    assert paths.count("/cgi/corpAccessToken/get/V2") == 1
    assert paths.count("/cgi/user/getByMobile") == 1
    assert company.calls[0].json() == {
        "appId": "FSAID_1",
        "appSecret": "app-secret",
        "permanentCode": "permanent-code",
    }


def test_who_makes_the_calls_may_be_named_by_id(company: Fxiaoke, opened: Open):
    """Then nobody is asked for him."""
    connector = opened(mobile=None, open_user_id="FSUID_ADMIN")
    read_on(connector)
    assert "/cgi/user/getByMobile" not in [call.path for call in company.calls]


@pytest.mark.parametrize("code", [20016, 20005])
def test_a_token_that_ended_is_fetched_once_and_the_call_made_again(
    company: Fxiaoke, opened: Open, code: int
):
    """In the middle of a run; a second refusal stops it."""
    company.book.create("AccountObj", {"name": "甲"})
    connector = opened()
    connector.schema("AccountObj")
    company.forget_token()
    records, _ = read_on(connector)
    assert len(records) == 1
    assert company.tokens == 2
    ended = Fault(answer=Answer({"errorCode": code, "errorMessage": "已经过期"}), on="query")
    company.fail(ended)
    assert len(read_on(connector)[0]) == 1
    company.fail(ended, ended)
    with pytest.raises(SyncAborted, match="credentials"):
        read_on(connector)


def test_a_token_is_renewed_before_its_end(company: Fxiaoke, opened: Open):
    """200 seconds early, as the platform's people advise; one that lasts short is used up."""
    connector = opened()
    connector.schema("AccountObj")
    company.book.advance(timedelta(seconds=7200 - 100))
    connector.schema("AccountObj")
    # before its end the platform gives the same token again
    assert company.tokens == 1
    assert [call.path for call in company.calls].count("/cgi/corpAccessToken/get/V2") == 2


def test_short_tokens_are_not_fetched_for_every_call(opened: Open):
    """However short they last."""
    with Fxiaoke(lasts=30) as company:
        connector = opened(base_url=company.url)
        for _ in range(4):
            connector.schema("AccountObj")
        paths = [call.path for call in company.calls]
        assert paths.count("/cgi/corpAccessToken/get/V2") == 1


def test_the_engine_s_tokens_and_meter_are_used(opened: Open):
    """A token that another process fetched serves here; a spent day stops before a call."""

    class Kept(Tokens):
        asked = 0

        def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
            del stale
            self.asked += 1
            return refresh()

    class Spent:
        def take(self, calls: int = 1) -> None:
            raise RetryLater("no calls are left today", after=60.0, kind="daily", calls=calls)

    connector = opened()
    kept = connector.tokens = Kept()
    connector.schema("AccountObj")
    assert kept.asked > 0
    connector.meter = Spent()
    with pytest.raises(RetryLater):
        connector.changes("AccountObj", None, fields=["name"])


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"app_secret": "wrong"}, "appSecret"),
        ({"permanent_code": "wrong"}, "appSecret"),
        ({"mobile": "10000000000"}, "mobile"),
    ],
)
def test_wrong_credentials_stop_the_run(opened: Open, setting: Any, says: str):
    """What is wrong is said in the platform's words, and no secret with it."""
    connector = opened(**setting)
    with pytest.raises(SyncAborted, match=says) as error:
        connector.schema("AccountObj")
    assert "wrong" not in str(error.value)
    (finding,) = connector.check()
    assert says in finding.what
    assert finding.fatal


def test_a_login_too_many_is_tried_later(company: Fxiaoke, opened: Open):
    """Ten tokens a minute are all that the platform gives."""
    busy = {"errorCode": 30004, "errorMessage": "秒频次超限"}
    company.fail(Fault(answer=Answer(busy), on="corpAccessToken"))
    with pytest.raises(RetryLater):
        opened().schema("AccountObj")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html><title>Login</title></html>", 200),
        Answer(b'{"errorCode":0,"data":{"dataLi', 200),
        Answer(b"", 503),
        Answer({"errorCode": -1, "errorMessage": "系统繁忙"}),
    ],
)
def test_garbled_answers_are_asked_for_again(company: Fxiaoke, opened: Open, answer: Answer):
    """And stop the run where they go on."""
    company.book.create("AccountObj", {"name": "甲"})
    connector = opened()
    connector.schema("AccountObj")
    company.fail(*[Fault(answer=answer, on="query")] * 2)
    assert len(read_on(connector)[0]) == 1
    company.fail(*[Fault(answer=answer, on="query")] * 5)
    with pytest.raises(SyncAborted, match="5 tries"):
        read_on(connector)


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_that_is_another_one_is_told(company: Fxiaoke, opened: Open, status: int):
    """JSON without an errorCode, or a page that is not there."""
    body = {"hello": "world"} if status == 200 else b"<html>no</html>"
    company.fail(Fault(answer=Answer(body, status), on="describe"))
    with pytest.raises(SyncAborted, match="base_url"):
        opened().schema("AccountObj")


def test_the_schema_says_what_the_engine_must_know(opened: Open):
    """Types, labels, what is required, what is not to be written, lengths and choices."""
    schema = opened(page_size=50).schema("AccountObj")
    fields = {field.name: field for field in schema.fields}
    assert (schema.entity, schema.batch, schema.page) == ("AccountObj", 1, 50)
    types = {name: field.type for name, field in fields.items()}
    assert types["name"] == types["remark"] == types["tel"] == "text"
    assert types["industry"] == "choice"
    assert types["owner"] == "reference"
    assert (types["tags"], types["listed"], types["score__c"]) == ("list", "flag", "number")
    assert (types["founded"], types["last_followed_time"]) == ("date", "instant")
    assert fields["industry"].choices == ("hotel", "retail")
    assert (fields["name"].label, fields["name"].length) == ("名称", 100)
    assert fields["name"].required
    # Given by the connector where the mapping has none.
    assert not fields["owner"].required
    assert not fields["record_type"].required
    readonly = {name for name, field in fields.items() if field.readonly}
    assert {"_id", "create_time", "last_modified_time", "life_status", "account_no"} <= readonly
    assert not {"name", "owner", "score__c"} & readonly
    assert opened(page_size=500).schema("Shop__c").page == 100
    assert opened(page_size=500).schema("AccountObj").page == 500


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"describe": {"fields": {"name": {"type": "text"}}}}},
        {"data": {"describe": {"fields": [{"api_name": "name", "type": "text"}]}}},
        {"data": {"objectDescribe": {"fields": {"name": {"api_name": "name"}}}}},
        {"data": {"fields": [{"apiName": "name"}]}},
        {"describe": {"fields": {"name": {}}}},
        {"fields": [{"fieldName": "name"}, "noise"]},
    ],
)
def test_descriptions_are_read_however_they_are_wrapped(body: Any):
    """As a map or a list, at any of the depths that clients report."""
    assert len(list(_described(body))) == 1


def test_an_object_that_is_not_there_is_named(company: Fxiaoke, opened: Open):
    """Before anything is written."""
    with pytest.raises(SyncAborted, match="Nowhere__c"):
        opened().schema("Nowhere__c")
    told = {"errorCode": 0, "data": {"describe": {}}}
    company.fail(Fault(answer=Answer(told), on="describe"))
    with pytest.raises(SyncAborted, match="names no fields"):
        opened().schema("AccountObj")


def test_a_check_finds_what_is_missing(company: Fxiaoke, opened: Open):
    """Nothing where all is well; the employee's rights where an object is not seen."""
    assert opened(objects=["Shop__c"]).check() == ()
    del company.fields["AccountObj"]
    (finding,) = opened().check()
    assert "AccountObj" in finding.what
    told = {"errorCode": 32000, "errorMessage": "没有权限"}
    company.fail(Fault(answer=Answer(told), on="list"))
    (finding,) = opened().check()
    assert not finding.fatal


def test_another_spelling_is_a_setting(company: Fxiaoke, opened: Open):
    """What could not be confirmed can be set: names, operators, codes, states."""
    company.book.create("AccountObj", {"name": "甲", "life_status": "under_review"})
    connector = opened(
        names={"changed": "create_time"},
        operators={"at_least": "GTE", "equal": "BETWEEN"},
        voided=["under_review"],
        codes={"throttled": [77], "throttle_words": ["慢"]},
        trace=True,
    )
    connector.schema("AccountObj")
    assert len(company.calls[-1].query["thirdTraceId"]) == 36
    company.fail(Fault(answer=Answer({"errorCode": 77, "errorMessage": "?"}), on="query"))
    records, _ = read_on(connector)
    assert [one.deleted for one in records] == [True]
    orders = company.calls[-1].json()["data"]["search_query_info"]["orders"]
    assert orders == [{"fieldName": "create_time", "isAsc": True}]
    assert deeds(company) == ["query", "query"]


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ({"mobile": None}, "mobile"),
        ({"encoding_aes_key": "short"}, "encoding_aes_key"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 1001}, "page_size"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"on_delete": "keep"}, "on_delete"),
        ({"nonsense": 1}, "nonsense"),
        ({"codes": {"throtled": [1]}}, "throtled"),
    ],
)
def test_a_wrong_setting_is_named(opened: Open, setting: Any, key: str):
    """Before anything is called."""
    with pytest.raises(ConfigError, match=key):
        opened(**setting)
