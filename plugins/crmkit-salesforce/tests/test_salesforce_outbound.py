"""Outbound messages: who posts them must know the token, and nothing in them can do harm."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit import SignatureInvalid
from crmkit.testing.simulators.salesforce import Salesforce as Organisation
from crmkit.testing.simulators.salesforce import outbound

TOKEN = "agreed-word"
URL = f"https://shop.example/hooks/salesforce?token={TOKEN}"
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<x>&b;</x>"""


@pytest.fixture
def listening(opened: Any) -> Any:
    return opened(webhook_token=TOKEN, organization=Organisation.organization[:15])


def test_a_message_names_what_to_read_again(listening: Any):
    """Ids by object, each once; it is acknowledged in the words that end the retries."""
    records = [("Contact", "0035g0000000001AAA"), ("Contact", "0035g0000000002AAA")]
    headers, body = outbound([*records, ("Account", "0015g0000000001AAA"), records[0]])
    hints, response = listening.receive(headers, body, url=URL)
    assert [(one.entity, one.ids, one.deleted) for one in hints] == [
        ("Contact", ("0035g0000000001AAA", "0035g0000000002AAA"), False),
        ("Account", ("0015g0000000001AAA",), False),
    ]
    assert response.status == 200
    assert b"<Ack>true</Ack>" in response.body
    assert response.headers["Content-Type"].startswith("text/xml")


def test_what_it_hints_at_is_read(listening: Any, org: Organisation):
    """The values come from a read of our own."""
    entry = org.book.create("Contact", {"LastName": "Lin"}, id="0035g0000000001AAA")
    (hint,) = listening.receive(*outbound([("Contact", entry.id)]), url=URL)[0]
    (record,) = listening.fetch(hint.entity, hint.ids, fields=("LastName",))
    assert record.values == {"LastName": "Lin"}


@pytest.mark.parametrize(
    "url", ["", "https://shop.example/hooks", URL + "x", "https://shop.example/?token="]
)
def test_who_does_not_know_the_token_is_refused(listening: Any, url: str):
    """It carries no signature: the address is the secret."""
    headers, body = outbound([("Contact", "0035g0000000001AAA")])
    with pytest.raises(SignatureInvalid):
        listening.receive(headers, body, url=url)


def test_without_a_token_nothing_is_taken(connector: Any):
    """Who set none has none to be known."""
    headers, body = outbound([("Contact", "0035g0000000001AAA")])
    with pytest.raises(SignatureInvalid, match="webhook_token"):
        connector.receive(headers, body, url=URL)


def test_another_organisations_message_is_refused(listening: Any, opened: Any):
    """The id may be written with 15 letters or 18; without one any organisation's is taken."""
    headers, body = outbound([("Contact", "0035g0000000001AAA")], organization="00D000000000002AAA")
    with pytest.raises(SignatureInvalid, match="another organisation"):
        listening.receive(headers, body, url=URL)
    assert opened(webhook_token=TOKEN).receive(headers, body, url=URL)[0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<a><b></a>",
        BOMB,
        b"<x/>",
        b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="nonsense"?><x/>',
        b"\x00" * 100,
        b"x" * (4 * 1024 * 1024 + 1),
    ],
)
def test_what_is_no_message_is_refused(listening: Any, body: bytes):
    """Half an XML, entities that expand, nesting, and whatever else somebody thinks of."""
    with pytest.raises(SignatureInvalid, match="no outbound message"):
        listening.receive({}, body, url=URL)


def test_only_a_post_is_a_message(listening: Any):
    """A GET of the address is nobody's message."""
    headers, body = outbound([("Contact", "0035g0000000001AAA")])
    with pytest.raises(SignatureInvalid):
        listening.receive(headers, body, method="GET", url=URL)


def test_ids_that_are_none_are_left_out(listening: Any):
    """What would not be an id in a query is no hint."""
    headers, body = outbound([("Contact", "x') OR ("), ("Contact", "0035g0000000001AAA")])
    (hint,) = listening.receive(headers, body, url=URL)[0]
    assert hint.ids == ("0035g0000000001AAA",)
