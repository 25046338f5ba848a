"""Zoho posts what changed; who does not know the token is not heard."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from crmkit_zoho.connector import Zoho as Connector

from crmkit import ConfigError, SignatureInvalid
from crmkit.contracts.connector import Hint, SyncAborted
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.zoho import Zoho

Open = Callable[..., Connector]
URL = "https://shop.example/hooks/zoho"


@pytest.fixture
def watching(opened: Open) -> Connector:
    connector = opened(notify_token="n0tify")
    connector.watch(URL, ("Contacts", "Deals"))
    return connector


@pytest.mark.row("R281")
@pytest.mark.parametrize(
    ("operation", "deleted"),
    [
        ("insert", False),
        ("create", False),
        ("update", False),
        ("edit", False),
        ("delete", True),
        ("something new", False),
    ],
)
def test_a_notification_names_records_to_read_again(
    watching: Connector, zoho: Zoho, operation: str, deleted: bool
):
    """In both of Zoho's spellings; it is answered at once."""
    body = json.loads(zoho.watches.callbacks("Contacts", "update", ["111", "112"])[0])
    told = json.dumps({**body, "operation": operation}).encode()
    hints, response = watching.receive({}, told)
    assert hints == [Hint(entity="Contacts", ids=("111", "112"), deleted=deleted)]
    assert response.status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "guess"},
        {"token": None},
        {"token": ""},
        {"token": ["n0tify"]},
        {"channel_id": "7"},
    ],
)
def test_who_does_not_know_the_token_is_refused(opened: Open, wrong: dict[str, Any]):
    """As is what comes by another channel, where one is set."""
    connector = opened(notify_token="n0tify", channel_id="1000000068001")
    good = {
        "module": "Contacts",
        "ids": [111],
        "operation": "insert",
        "token": "n0tify",
        "channel_id": 1000000068001,
    }
    hints, _ = connector.receive({}, json.dumps(good).encode())
    assert hints == [Hint(entity="Contacts", ids=("111",))]
    with pytest.raises(SignatureInvalid):
        connector.receive({}, json.dumps({**good, **wrong}).encode())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>", b'"n0tify"', b"\xff"])
def test_what_is_no_notification_is_refused(watching: Connector, body: bytes):
    """Anybody may post anything."""
    with pytest.raises(SignatureInvalid):
        watching.receive({}, body)


@pytest.mark.parametrize("missing", [{"module": None}, {"ids": None}, {"ids": []}, {"module": 7}])
def test_a_notification_of_nothing_gives_no_hint(watching: Connector, missing: dict[str, Any]):
    """It is Zoho's, and tells of no record."""
    told = {"token": "n0tify", "module": "Contacts", "ids": ["1"], **missing}
    assert watching.receive({}, json.dumps(told).encode())[0] == []


def test_without_a_token_nothing_is_taken(opened: Open):
    """Neither is anything watched."""
    connector = opened()
    with pytest.raises(SignatureInvalid):
        connector.receive({}, b'{"token": ""}')
    with pytest.raises(SyncAborted, match="notify_token"):
        connector.watch(URL)
    with pytest.raises(ConfigError, match="1 to 50"):
        opened(notify_token="x" * 51)


def test_watching_again_goes_on(watching: Connector, zoho: Zoho):
    """For a week at most, and until it is ended."""
    (first,) = zoho.watches.channels.values()
    zoho.book.advance(timedelta(days=3))
    until = watching.watch(URL, ("Contacts",), days=30)
    (watched,) = zoho.watches.channels.values()
    assert datetime.fromisoformat(watched["channel_expiry"]) == until
    assert first["channel_expiry"] < watched["channel_expiry"]
    assert timedelta(days=6) < until - zoho.book.now() <= timedelta(days=7)
    assert watched["notify_url"] == URL
    watching.unwatch()
    watching.unwatch()
    assert zoho.watches.channels == {}


def test_a_channel_that_is_watched_already_is_prolonged(watching: Connector, zoho: Zoho):
    """Where Zoho does not take it twice, it is asked to go on."""
    zoho.fail(Fault(answer=Answer({"watch": [{"code": "DUPLICATE", "status": "error"}]}, 400)))
    watching.watch(URL)
    assert [call.method for call in zoho.calls][-2:] == ["POST", "PUT"]
    with pytest.raises(SyncAborted, match="watch Kontakte"):
        watching.watch(URL, ("Kontakte",))
