"""The simulator speaks the wire closely enough for simple-salesforce, which knows nothing of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from crmkit.testing.simulators.salesforce import Salesforce as Organisation
from crmkit.testing.simulators.salesforce import limit_exceeded

simple_salesforce = pytest.importorskip("simple_salesforce")


class Loopback(requests.Session):
    """Leads every call to the simulator: the client knows https://...salesforce.com only."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def request(self, method: str, url: str, **more: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, self.base + parts.path + query, **more)


@pytest.fixture
def client(org: Organisation) -> Any:
    with Loopback(org.url) as session:
        yield simple_salesforce.Salesforce(
            consumer_key=org.client_id,
            consumer_secret=org.client_secret,
            domain="acme.my",
            version="59.0",
            session=session,
        )


def upserted(client: Any, *records: dict[str, Any]) -> Any:
    body = {
        "allOrNone": False,
        "records": [{"attributes": {"type": "Contact"}, **one} for one in records],
    }
    return client.restful("composite/sobjects/Contact/Ext__c", method="PATCH", json=body)


def test_a_given_session_is_open(org: Organisation):
    """A session id needs no login."""
    with Loopback(org.url) as session:
        direct = simple_salesforce.Salesforce(
            instance_url=org.url, session_id=org.session_id, version="59.0", session=session
        )
        assert direct.query("SELECT COUNT() FROM Contact")["totalSize"] == 0
    assert org.logins == 0


def test_collections_are_upserted_by_external_id(org: Organisation, client: Any):
    """Each record has a result of its own, in the order of the request."""
    told = upserted(client, {"Ext__c": "c-1", "LastName": "王"}, {"Ext__c": "c-2"})
    assert told[0]["success"] is True
    assert told[0]["created"] is True
    assert told[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    again = upserted(client, {"Ext__c": "C-1", "LastName": "王芳"})
    assert (again[0]["id"], again[0]["created"]) == (told[0]["id"], False)
    assert client.Contact.get_by_custom_id("Ext__c", "c-1")["LastName"] == "王芳"
    assert client.api_usage["api-usage"].used == org.used - 1


def test_pages_have_two_thousand_rows(org: Organisation, client: Any):
    """The rest is fetched by nextRecordsUrl, and nothing comes twice."""
    for number in range(4500):
        org.book.create("Contact", {"LastName": f"N{number}"})
    found = client.query_all("SELECT Id, LastName FROM Contact ORDER BY SystemModstamp, Id")
    assert len({one["Id"] for one in found["records"]}) == 4500
    assert sum("/query" in call.path for call in org.calls) == 3


def test_rows_are_made_changed_and_deleted(org: Organisation, client: Any):
    """Single rows answer with the statuses that the client expects."""
    made = client.Contact.create({"LastName": "Lin", "Email": "lin@example.com"})
    assert client.Contact.update(made["id"], {"Title": "O'Neil's \"own\""}) == 204
    found = client.query(
        simple_salesforce.format_soql("SELECT Id FROM Contact WHERE Title = {}", "O'Neil's \"own\"")
    )
    assert [one["Id"] for one in found["records"]] == [made["id"]]
    assert client.Contact.upsert("Ext__c/x-1", {"LastName": "Chen"}) == 201
    assert client.Contact.upsert("Ext__c/x-1", {"LastName": "Chen B"}) == 204
    now = org.book.now()
    assert client.Contact.delete(made["id"]) == 204
    told = client.Contact.deleted(now - timedelta(minutes=1), now + timedelta(minutes=1))
    assert [one["id"] for one in told["deletedRecords"]] == [made["id"]]
    gone = client.query("SELECT Id FROM Contact WHERE IsDeleted = true", include_deleted=True)
    assert [one["Id"] for one in gone["records"]] == [made["id"]]


def test_a_row_that_was_changed_since_is_not_written(org: Organisation, client: Any):
    """If-Unmodified-Since is minded, to the second."""
    entry = org.book.create("Contact", {"LastName": "Lin"})
    with pytest.raises(simple_salesforce.SalesforceGeneralError) as caught:
        client.Contact.update(
            entry.id,
            {"Title": "X"},
            headers={"If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        )
    assert caught.value.status == 412


def test_the_client_logs_in_again(org: Organisation, client: Any):
    """An expired session is told as the client expects it."""
    org.expire()
    assert client.query("SELECT Id FROM Account")["done"] is True
    assert org.logins == 2


def test_errors_are_told_as_the_client_knows_them(org: Organisation, client: Any):
    """Spent limits, malformed queries and unknown objects."""
    org.fail(limit_exceeded())
    with pytest.raises(simple_salesforce.SalesforceRefusedRequest) as caught:
        client.query("SELECT Id FROM Account")
    assert caught.value.content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    for soql, code in (
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT Nothing FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 3", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name ! 'x'", "MALFORMED_QUERY"),
    ):
        with pytest.raises(simple_salesforce.SalesforceMalformedRequest) as refused:
            client.query(soql)
        assert refused.value.content[0]["errorCode"] == code
    with pytest.raises(simple_salesforce.SalesforceResourceNotFound):
        client.Nothing.describe()


def test_objects_are_described(client: Any):
    """Fields with type, length, and what may be written."""
    fields = {one["name"]: one for one in client.Contact.describe()["fields"]}
    assert (fields["Ext__c"]["externalId"], fields["Email"]["externalId"]) == (True, False)
    assert fields["LastName"]["nillable"] is False
    assert {one["name"] for one in client.describe()["sobjects"]} >= {"Contact", "Task"}
    assert client.limits()["DailyApiRequests"]["Remaining"] > 0


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("(Title = 'a' OR Title = 'b') AND LastName != 'three'", ["one", "two"]),
        ("NOT Title IN ('a', 'b')", ["three"]),
        ("Title NOT IN ('a')", ["three", "two"]),
        ("LastName LIKE 't%'", ["three", "two"]),
        ("Title = null", ["three"]),
        ("Score__c > 1 AND Score__c <= 3", ["three", "two"]),
        ("DoNotCall = false AND Birthdate >= 2000-01-01", ["one"]),
        ("LastName IN ('ONE', 'two')", ["one", "two"]),
    ],
)
def test_conditions_are_read(org: Organisation, client: Any, where: str, wanted: list[str]):
    """What programs ask to keep in step is understood, and means what it means there."""
    for name, title, score, born in (
        ("one", "a", 1, "2001-02-03"),
        ("two", "b", 2, "1990-01-01"),
        ("three", None, 3.0, None),
    ):
        values = {"LastName": name, "Title": title, "Score__c": score, "Birthdate": born}
        org.book.create("Contact", values)
    soql = f"SELECT LastName FROM Contact WHERE {where} ORDER BY LastName"
    assert [one["LastName"] for one in client.query(soql)["records"]] == wanted
