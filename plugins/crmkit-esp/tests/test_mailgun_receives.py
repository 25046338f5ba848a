"""What Mailgun posts: events, mails of a route, forgeries and replays."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from crmkit import SignatureInvalid
from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.mailgun import Mailgun


@pytest.fixture(autouse=True)
def sent(by_mailgun: Channel, message: Callable[..., Message]) -> None:
    """Send the message that the events are about."""
    by_mailgun.send([message(name="")])


def bounce(code: int, said: str, severity: str = "permanent", reason: str = "bounce") -> Any:
    status = {"code": code, "message": said, "attempt-no": 1}
    return {"severity": severity, "reason": reason, "delivery-status": status}


@pytest.mark.parametrize(
    ("name", "more", "what", "permanent", "machine"),
    [
        ("accepted", {}, "sent", False, False),
        ("delivered", {"delivery-status": {"code": 250}}, "delivered", False, False),
        ("opened", {"client-info": {"bot": ""}}, "opened", False, False),
        ("opened", {"client-info": {"bot": "apple"}}, "opened", False, True),
        ("clicked", {"url": "https://shop.example"}, "clicked", False, False),
        ("complained", {}, "complained", False, False),
        ("unsubscribed", {}, "unsubscribed", False, False),
        ("rejected", {"reject": {"reason": "Sandbox"}}, "failed", False, False),
        ("failed", bounce(550, "5.1.1 The account does not exist"), "bounced", True, False),
        ("failed", bounce(556, "5.1.10 null MX"), "bounced", True, False),
        ("failed", bounce(550, "5.7.1 Blocked by policy"), "bounced", False, False),
        ("failed", bounce(552, "5.2.2 Mailbox full"), "bounced", False, False),
        ("failed", bounce(605, "Not delivering", reason="suppress-bounce"), "failed", False, False),
    ],
)
def test_events_are_told_in_our_words(
    mailgun: Mailgun,
    by_mailgun: Channel,
    at: int,
    name: str,
    more: dict[str, Any],
    what: str,
    permanent: bool,
    machine: bool,
):
    """Each event of Mailgun's is one of ours, with both ids and the address."""
    event = mailgun.event(name, at + 0.5, **more)
    ((told,), response) = by_mailgun.receive(*mailgun.posted(event, at))
    assert (told.what, told.permanent, told.machine) == (what, permanent, machine)
    assert (told.message_id, told.provider_id) == ("m1", "crmkit.m1@mg.shop.example")
    assert (told.address, told.event_id) == ("chen@example.com", event["id"])
    assert told.at == datetime.fromtimestamp(at + 0.5, UTC)
    assert response.status == 200


@pytest.mark.parametrize("name", ["failed", "stored", "invented-later"])
def test_what_decides_nothing_is_not_told(
    mailgun: Mailgun, by_mailgun: Channel, at: int, name: str
):
    """A deferral is tried again by Mailgun himself."""
    event = mailgun.event(name, at, **bounce(450, "Greylisted", "temporary"))
    assert by_mailgun.receive(*mailgun.posted(event, at))[0] == ()


def test_mail_sent_by_smtp_is_known_by_its_message_id(
    mailgun: Mailgun, by_mailgun: Channel, at: int
):
    """Without the variable, the Message-ID tells which message of ours it is."""
    event = mailgun.event("delivered", at, **{"user-variables": {}})
    assert by_mailgun.receive(*mailgun.posted(event, at))[0][0].message_id == "m1"
    event["message"]["headers"]["message-id"] = "20180812211713.1.DF59@example.org"
    stranger = by_mailgun.receive(*mailgun.posted(event, at))[0][0]
    assert stranger.message_id is None
    assert stranger.provider_id == "20180812211713.1.DF59@example.org"


def test_the_same_call_may_come_again(mailgun: Mailgun, by_mailgun: Channel, at: int):
    """Mailgun repeats what was not answered: the same event, under the same id."""
    call = mailgun.posted(mailgun.event("delivered", at), at)
    assert by_mailgun.receive(*call)[0] == by_mailgun.receive(*call)[0] != ()


def test_a_token_serves_one_body(mailgun: Mailgun, by_mailgun: Channel, at: int):
    """The signature covers no body: whoever saw one cannot have it say something else."""
    headers, body = mailgun.posted(mailgun.event("delivered", at), at)
    by_mailgun.receive(headers, body)
    with pytest.raises(SignatureInvalid, match="token"):
        by_mailgun.receive(headers, body.replace(b"delivered", b"unsubscribed"))


@pytest.mark.parametrize("skew", [-301, 301, -(10**9)])
def test_an_old_call_is_refused(mailgun: Mailgun, by_mailgun: Channel, at: int, skew: int):
    """Too old, or ahead of our clock."""
    with pytest.raises(SignatureInvalid):
        by_mailgun.receive(*mailgun.posted(mailgun.event("delivered", at), at + skew))


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "0" * 64},
        {"signature": None},
        {"token": "other"},
        {"token": ""},
        {"timestamp": "1"},
        {"timestamp": "nan"},
        {"signature": "é"},
    ],
)
def test_a_forgery_is_refused(
    mailgun: Mailgun, by_mailgun: Channel, at: int, change: dict[str, Any]
):
    """Nothing of the signature may be changed or missing."""
    headers, body = mailgun.posted(mailgun.event("unsubscribed", at), at)
    payload = json.loads(body)
    payload["signature"].update(change)
    with pytest.raises(SignatureInvalid):
        by_mailgun.receive(headers, json.dumps(payload).encode())


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nothing_is_believed(
    mailgun: Mailgun, opened: Callable[..., Channel], at: int, key: str | None
):
    """A channel that cannot check refuses, also what is signed with nothing."""
    mailgun.webhook_signing_key = ""
    channel = opened("mailgun", domain="d.example", api_key="k", webhook_signing_key=key)
    with pytest.raises(SignatureInvalid):
        channel.receive(*mailgun.posted(mailgun.event("delivered", at), at))


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\x00", b"[" * 2**20, b"x" * 2**20])
def test_odd_bodies_are_refused(by_mailgun: Channel, kind: str, body: bytes):
    """What has no signature is nobody's, whatever else it is."""
    with pytest.raises(SignatureInvalid):
        by_mailgun.receive({"Content-Type": kind}, body)


@pytest.mark.parametrize("event", [{}, {"event": 7}, {"event": "failed", "delivery-status": []}])
def test_odd_events_tell_nothing(
    mailgun: Mailgun, by_mailgun: Channel, at: int, event: dict[str, Any]
):
    """Signed, and of another shape than documented: nothing breaks."""
    assert by_mailgun.receive(*mailgun.posted(event, at))[0] == ()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing(mailgun: Mailgun, by_mailgun: Channel, at: int, method: str):
    """Even with a signed body."""
    call = mailgun.posted(mailgun.event("unsubscribed", at), at)
    assert by_mailgun.receive(*call, method=method)[0] == ()


MAIL = {
    "sender": "bounce+chen@example.com",
    "from": "陈 <Chen@Example.com>",
    "subject": "Re: 新年快乐",
    "body-plain": "STOP\n\nOn Mon Shop wrote:\n> Reply STOP",
    "stripped-text": "STOP",
    "Message-Id": "<reply-1@example.com>",
    "In-Reply-To": "<crmkit.m1@mg.shop.example>",
}


def test_a_reply_is_read(mailgun: Mailgun, by_mailgun: Channel, at: int):
    """What the customer wrote himself, from whom, and to which message."""
    ((told,), _) = by_mailgun.receive(*mailgun.routed(MAIL, at))
    assert (told.what, told.text, told.address) == ("replied", "STOP", "chen@example.com")
    assert (told.message_id, told.provider_id) == ("m1", "<reply-1@example.com>")


def test_an_absence_note_is_no_reply(mailgun: Mailgun, by_mailgun: Channel, at: int):
    """Machines that answer are no customers (RFC 3834)."""
    listed = json.dumps([["Auto-Submitted", "auto-replied; owner-email=x"], ["odd"], 7])
    assert by_mailgun.receive(*mailgun.routed({**MAIL, "message-headers": listed}, at))[0] == ()


def test_a_forged_mail_is_refused(mailgun: Mailgun, by_mailgun: Channel, at: int):
    """Anybody could post a form."""
    headers, body = mailgun.routed(MAIL, at)
    with pytest.raises(SignatureInvalid):
        by_mailgun.receive(headers, body.replace(b"signature=", b"signature=0"))
