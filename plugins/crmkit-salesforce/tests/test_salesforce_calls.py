"""Tokens, limits, addresses and the schema."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from crmkit_salesforce import hooks
from crmkit_salesforce.api import judge

from crmkit import ConfigError
from crmkit.contracts.connector import (
    Cursor,
    Meter,
    RetryLater,
    SyncAborted,
    SyncError,
    Token,
    Tokens,
    Upsert,
)
from crmkit.contracts.exchange import Answer as Said
from crmkit.contracts.service import OwnTokens
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.salesforce import Column, limit_exceeded, unavailable
from crmkit.testing.simulators.salesforce import Salesforce as Organisation

EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]


def test_a_token_is_fetched_once(connector: Any, org: Organisation):
    """It names no end, so it serves until it is refused, and is then fetched once more."""
    for _ in range(3):
        connector.changes("Contact", None, fields=("LastName",))
    assert org.logins == 1
    org.expire()
    connector.changes("Contact", None, fields=("LastName",))
    assert org.logins == 2


def test_a_token_that_ends_in_the_middle_costs_nothing(connector: Any, org: Organisation):
    """A batch whose call meets a dead session is written once."""
    connector.schema("Contact")
    org.expire()
    batch = [Upsert(key=str(n), values={"LastName": "x"}) for n in range(5)]
    assert {one.done for one in connector.upsert("Contact", batch)} == {"created"}
    assert len(org.book.of("Contact")) == 5


def test_a_session_that_stays_refused_ends_the_run(connector: Any, org: Organisation):
    """One refresh, and no endless recursion."""
    connector.schema("Contact")
    org.fail(*[Fault(answer=Answer(EXPIRED, 401), on="/query")] * 9)
    with pytest.raises(SyncAborted, match="INVALID_SESSION_ID"):
        connector.changes("Contact", None, fields=("LastName",))
    assert org.logins == 2


def test_threads_refresh_together(connector: Any, org: Organisation):
    """Five threads that meet a dead session log in once."""
    connector.schema("Contact")
    org.expire()
    ready, errors = Barrier(5), []

    def read() -> None:
        ready.wait()
        try:
            connector.changes("Contact", None, fields=("LastName",))
        except SyncError as error:
            errors.append(error)

    threads = [Thread(target=read) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors, org.logins) == ([], 2)


def test_the_engine_keeps_the_token_and_counts(opened: Any, org: Organisation):
    """What the engine sets is used from the first call: its tokens, and its meter."""

    class Kept(Tokens):
        def __init__(self) -> None:
            self.own = OwnTokens()

        def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
            return self.own.get(refresh, stale=stale)

    class Counted(Meter):
        taken = 0

        def take(self, calls: int = 1) -> None:
            self.taken += calls

    kept, meter = Kept(), Counted()
    for _ in range(2):
        connector = opened()
        connector.tokens, connector.meter = kept, meter
        connector.schema("Contact")
        connector.changes("Contact", None, fields=("LastName",))
    assert (org.logins, meter.taken) == (1, 4)


def test_an_access_token_is_used_as_it_is(opened: Any, org: Organisation):
    """Nobody logs in; where it has ended, the run ends and says so."""
    connector = opened(access_token=org.session_id, client_id=None, refresh_token=None)
    assert connector.account() == org.organization[:15]
    assert (org.logins, org.calls) == (0, [])
    other = opened(access_token="ended", client_id=None, refresh_token=None)
    with pytest.raises(SyncAborted, match="credentials"):
        other.schema("Contact")
    assert len([call for call in org.calls if "describe" in call.path]) == 1


def test_an_account_may_have_to_be_asked_for(opened: Any, org: Organisation):
    """A session that does not begin with the organisation's id costs a call."""
    org.session_id = "opaque"
    connector = opened(access_token="opaque", client_id=None, refresh_token=None)
    assert connector.account() == org.organization[:15]
    org.fail(Fault(answer=Answer([{"errorCode": "INVALID_TYPE"}], 400), on="/query"))
    assert connector.account() is None


def test_an_app_may_log_in_by_itself(opened: Any, org: Organisation):
    """Without a refresh token the client credentials are used."""
    connector = opened(refresh_token=None)
    assert connector.account() == org.organization[:15]
    assert org.calls[0].form()["grant_type"] == "client_credentials"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"refresh_token": "another"}, "invalid_grant"),
        ({"client_secret": "another"}, "invalid_client_id"),
    ],
)
def test_refused_credentials_are_named(opened: Any, settings: dict[str, str], words: str):
    """Salesforce's own words, and where to look; no secret is told."""
    with pytest.raises(SyncAborted, match=words) as caught:
        opened(**settings).changes("Contact", None, fields=("LastName",))
    assert "another" not in str(caught.value)
    (finding,) = opened(**settings).check()
    assert words in finding.what


def test_spent_limits_are_no_stale_session(connector: Any, org: Organisation):
    """403 REQUEST_LIMIT_EXCEEDED: the day's calls, or too many at once; no token is fetched."""
    connector.schema("Contact")
    org.fail(limit_exceeded())
    with pytest.raises(RetryLater) as caught:
        connector.changes("Contact", None, fields=("LastName",))
    assert caught.value.kind == "daily"  # type: ignore[attr-defined]
    org.fail(limit_exceeded(concurrent=True))
    connector.changes("Contact", None, fields=("LastName",))
    org.fail(*[limit_exceeded(concurrent=True)] * 9)
    with pytest.raises(RetryLater) as caught:
        connector.changes("Contact", None, fields=("LastName",))
    assert caught.value.kind == "concurrent"  # type: ignore[attr-defined]
    assert org.logins == 1


def test_the_day_is_over_when_the_organisation_says_so(connector: Any, org: Organisation):
    """The calls of others count as well."""
    org.per_day = 2
    connector.schema("Contact")
    connector.changes("Contact", None, fields=("LastName",))
    with pytest.raises(RetryLater, match="day"):
        connector.changes("Contact", None, fields=("LastName",))


def test_a_server_that_is_unwell_is_asked_again(connector: Any, org: Organisation):
    """A few 503 delay a read; they do not end the run."""
    connector._calls.service._sleep = lambda _seconds: None
    org.fail(unavailable(), unavailable())
    assert connector.schema("Contact").entity == "Contact"


def test_only_salesforce_itself_sends_elsewhere(opened: Any):
    """An instance_url counts at Salesforce's own door, and only if it is Salesforce's."""
    at_door = opened(base_url=None)
    at_own = opened(base_url="https://shop.my.salesforce.com/")

    def address(connector: Any, told: str) -> str:
        token = Token(value=Secret("t"), facts={"instance_url": told})
        return str(connector._calls._address(token))

    own = "https://eu12.my.salesforce.com"
    assert address(at_door, own) == own
    assert address(at_own, own) == "https://shop.my.salesforce.com"
    for other in ("https://salesforce.com.evil.example", "http://a.salesforce.com", "", "x"):
        with pytest.raises(SyncAborted, match="none of its own"):
            address(at_door, other)


def test_settings_that_cannot_work_are_named(opened: Any):
    """Each is one line that names the key."""
    for settings, key in (
        ({"client_id": None}, "client_id"),
        ({"client_id": None, "access_token": "t", "base_url": None}, "base_url"),
        ({"base_url": "shop.my.salesforce.com"}, "base_url"),
        ({"version": "latest"}, "version"),
        ({"page_size": 0}, "page_size"),
        ({"objects": []}, "objects"),
    ):
        with pytest.raises(ConfigError, match=key):
            opened(**settings)


def test_the_schema_says_what_may_be_written(connector: Any):
    """Types, lengths, choices, what is required, read only, and what finds a record."""
    schema = connector.schema("Contact")
    fields = {field.name: field for field in schema.fields}
    assert (schema.batch, schema.page) == (200, 2000)
    assert {
        name: fields[name].type for name in ("Email", "Score__c", "DoNotCall", "Birthdate")
    } == {
        "Email": "text",
        "Score__c": "number",
        "DoNotCall": "flag",
        "Birthdate": "date",
    }
    assert fields["Next_Contact__c"].type == "instant"
    assert (fields["Interests__c"].type, fields["AccountId"].type) == ("list", "reference")
    assert fields["Tier__c"].choices == ("key", "core", "potential")
    assert (fields["LeadSource"].type, fields["LeadSource"].choices) == ("choice", ())
    assert fields["LastName"].required
    assert fields["LastName"].length == 80
    assert not fields["OwnerId"].required
    assert not fields["DoNotCall"].required
    assert [name for name in ("Id", "Name", "SystemModstamp") if not fields[name].readonly] == []
    assert [name for name, field in fields.items() if field.unique] == ["Id", "Email", "Ext__c"]
    assert fields["DoNotCall"].never_empty
    assert not fields["Email"].never_empty


def test_a_changed_schema_is_seen(connector: Any, org: Organisation):
    """A field that was added shows in the next description, and is converted by it."""
    assert "Level__c" not in {field.name for field in connector.schema("Contact").fields}
    org.define("Contact", Column(name="Level__c", type="multipicklist"))
    connector.schema("Contact")
    values = {"LastName": "x", "Level__c": ["a", "b"]}
    connector.upsert("Contact", [Upsert(key="a", values=values)])
    (record,) = connector.changes("Contact", None, fields=("Level__c",)).records
    assert record.values == {"Level__c": ["a", "b"]}


def test_custom_objects_are_kept_in_step(opened: Any, org: Organisation):
    """Any object that the settings name."""
    org.define("Visit__c", Column(name="Name", required=True), Column(name="At__c", type="date"))
    connector = opened(objects=["Visit__c"])
    assert connector.entities() == ("Visit__c",)
    values = {"Name": "A-1", "At__c": "2026-03-01"}
    connector.upsert("Visit__c", [Upsert(key="a", values=values)])
    (record,) = connector.changes("Visit__c", Cursor(), fields=("Name", "At__c")).records
    assert record.values == values


def test_a_check_changes_nothing(connector: Any, org: Organisation):
    """Credentials and the calls that are left; each trouble with its remedy."""
    assert list(connector.check()) == []
    assert len([call for call in org.calls if "/data/" in call.path]) == 1
    org.used, org.per_day = 95, 100
    (scarce,) = connector.check()
    assert (scarce.fatal, "API calls" in scarce.what) == (False, True)
    org.used = 100
    (spent,) = connector.check()
    assert (spent.fatal, "day" in spent.what) == (True, True)
    org.fail(*[Fault(answer=Answer(EXPIRED, 401), on="describe")] * 2)
    (ended,) = connector.check()
    assert (ended.fatal, "INVALID_SESSION_ID" in ended.what) == (True, True)
    assert {call.method for call in org.calls if "/data/" in call.path} == {"GET"}


def test_calls_are_foretold(opened: Any):
    """So many calls take so long, by the limits of the settings."""
    assert opened().seconds(1000) == 0.0
    assert opened(limits={"per_second": 10}).seconds(100) == 9.0


def test_what_is_judged_is_the_code_not_the_words():
    """Another 403 is no limit."""
    forbidden = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "concurrent"}]
    assert judge(Said(status=403, headers={}, data=forbidden, body=b"")) == "ok"


def test_the_connector_is_offered():
    """By its name, with what it can do and what it cannot."""
    (spec,) = hooks.crmkit_connectors()
    assert (spec.name, spec.thread_safe) == ("salesforce", True)
    assert {"merge", "if_unchanged"} & spec.capabilities == set()
