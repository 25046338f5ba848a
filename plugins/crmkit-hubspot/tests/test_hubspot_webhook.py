"""Calls of the webhook: who signed them, how old they are, and what they say."""

from datetime import timedelta
from typing import Any

import pytest

from crmkit import InvalidValueError, SignatureInvalid
from crmkit.contracts.connector import Hint
from crmkit.contracts.signatures import base64_digest
from crmkit.testing.simulators.hubspot import HubSpot

URL = "https://shop.example/hooks/hubspot"


def event(kind: str, id_: int, **more: Any) -> dict[str, Any]:
    return {
        "eventId": id_,
        "portalId": 1,
        "occurredAt": 1,
        "subscriptionType": kind,
        "attemptNumber": 0,
        "objectId": id_,
        **more,
    }


@pytest.fixture
def connector(opened: Any) -> Any:
    return opened(client_secret="hub-secret")


def test_events_say_what_to_read_again(account: HubSpot, connector: Any):
    """Grouped by object, each id once; what is gone by itself."""
    events = [
        event("contact.creation", 1),
        event("contact.propertyChange", 1, propertyName="phone", propertyValue="1"),
        event("contact.propertyChange", 2),
        event("contact.deletion", 3),
        event("contact.privacyDeletion", 4),
        event("company.restore", 5),
        event("object.creation", 6, objectTypeId="0-46"),
        event("object.propertyChange", 7, objectTypeId="2-1234"),
        event("contact.merge", 8, primaryObjectId=8, mergedObjectIds=[9], newObjectId=10),
        event("conversation.creation", 11),
    ]
    headers, body = account.signed(events, URL)
    found, response = connector.receive(headers, body, url=URL)
    assert response.status == 200
    assert {*found} == {
        Hint(entity="contacts", ids=("1", "2", "8", "10", "9")),
        Hint(entity="contacts", ids=("3", "4"), deleted=True),
        Hint(entity="companies", ids=("5",)),
        Hint(entity="notes", ids=("6",)),
        Hint(entity="2-1234", ids=("7",)),
    }


@pytest.mark.parametrize("minutes", [-6, 6])
def test_old_and_early_calls_are_refused(account: HubSpot, connector: Any, minutes: int):
    """Five minutes to either side, although HubSpot's own client takes an hour ahead."""
    at = account.book.now() + timedelta(minutes=minutes)
    headers, body = account.signed([event("contact.creation", 1)], URL, at=at)
    with pytest.raises(SignatureInvalid):
        connector.receive(headers, body, url=URL)


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'[{"subscriptionType": "contact.deletion", "objectId": 1}]'},
        {"method": "PUT"},
        {"url": URL + "/other"},
        {"X-HubSpot-Signature-v3": "AAAA"},
        {"X-HubSpot-Signature-v3": ""},
        {"X-HubSpot-Request-Timestamp": "soon"},
        {"X-HubSpot-Request-Timestamp": ""},
        {"X-HubSpot-Request-Timestamp": "9" * 400},
    ],
)
def test_forged_calls_are_refused(account: HubSpot, connector: Any, change: dict[str, Any]):
    """Whatever of it is another than what was signed."""
    headers, body = account.signed([event("contact.creation", 1)], URL)
    call = {"body": body, "method": "POST", "url": URL}
    call |= {name: value for name, value in change.items() if name in call}
    headers |= {name: value for name, value in change.items() if name not in call}
    with pytest.raises(SignatureInvalid):
        connector.receive(headers, call.pop("body"), **call)


def test_the_older_signature_is_refused(connector: Any):
    """It has no instant, so it could be played again for ever."""
    headers = {"X-HubSpot-Signature-Version": "v1", "X-HubSpot-Signature": "00"}
    with pytest.raises(SignatureInvalid):
        connector.receive(headers, b"[]", url=URL)


def test_without_the_secret_nothing_is_taken(account: HubSpot, opened: Any):
    """A webhook that cannot be checked is not believed."""
    headers, body = account.signed([], URL)
    with pytest.raises(SignatureInvalid, match="client_secret"):
        opened().receive(headers, body, url=URL)


def test_the_address_is_signed_decoded(account: HubSpot, connector: Any):
    """HubSpot decodes some characters of it, and leaves others as they are."""
    sent = URL + "?shop=%E5%8C%97&to=a%40b%3Ac%2Fd%20e"
    signed = URL + "?shop=%E5%8C%97&to=a@b:c/d%20e"
    headers, body = account.signed([event("contact.creation", 1)], signed)
    (hint,), _ = connector.receive({k.lower(): v for k, v in headers.items()}, body, url=sent)
    assert hint.ids == ("1",)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b'"x"'])
def test_a_body_that_is_nothing_is_named(account: HubSpot, connector: Any, body: bytes):
    """Although it is rightly signed."""
    headers, _ = account.signed([], URL)
    stamp = headers["X-HubSpot-Request-Timestamp"].encode()
    signature = base64_digest("hub-secret", b"POST" + URL.encode() + body + stamp)
    with pytest.raises(InvalidValueError):
        connector.receive({**headers, "X-HubSpot-Signature-v3": signature}, body, url=URL)


@pytest.mark.parametrize(
    "odd", [[1], [{}], [{"subscriptionType": 7, "objectId": [1]}], [{"objectId": True}], {}]
)
def test_odd_events_say_nothing(account: HubSpot, connector: Any, odd: Any):
    """A format that changes breaks nothing; the next run finds what they meant."""
    events = odd if isinstance(odd, list) else [odd]
    headers, body = account.signed(events, URL)
    assert connector.receive(headers, body, url=URL)[0] == []
