"""What SendGrid posts: lists of events, parsed mails, forgeries."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crmkit import ConfigError, InvalidValueError, SignatureInvalid
from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.sendgrid import SendGrid

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


@pytest.fixture(autouse=True)
def sent(by_sendgrid: Channel, message: Callable[..., Message]) -> None:
    """Send the message that the events are about."""
    by_sendgrid.send([message()])


@pytest.mark.parametrize(
    ("name", "more", "what", "permanent", "machine"),
    [
        ("processed", {}, "sent", False, False),
        ("delivered", {"response": "250 2.0.0 OK"}, "delivered", False, False),
        ("open", {"sg_machine_open": False}, "opened", False, False),
        ("open", {"sg_machine_open": True}, "opened", False, True),
        ("click", {"url": "https://shop.example"}, "clicked", False, False),
        ("spamreport", {}, "complained", False, False),
        ("unsubscribe", {}, "unsubscribed", False, False),
        ("group_unsubscribe", {"asm_group_id": 10}, "unsubscribed", False, False),
        ("dropped", {"reason": "Unsubscribed Address"}, "failed", False, False),
        ("bounce", {"type": "bounce", "status": "5.1.1"}, "bounced", True, False),
        ("bounce", {"type": "bounce", "reason": "550 5.1.1 no user"}, "bounced", True, False),
        ("bounce", {"type": "bounce", "status": "5.7.1"}, "bounced", False, False),
        ("bounce", {"type": "bounce", "status": "5.0.0"}, "bounced", False, False),
        ("bounce", {"type": "blocked", "status": "5.1.1"}, "bounced", False, False),
    ],
)
def test_events_are_told_in_our_words(
    sendgrid: SendGrid,
    by_sendgrid: Channel,
    at: int,
    name: str,
    more: dict[str, Any],
    what: str,
    permanent: bool,
    machine: bool,
):
    """Each event of SendGrid's is one of ours, with both ids and the address."""
    event = sendgrid.event(name, at, **more)
    ((told,), response) = by_sendgrid.receive(*sendgrid.posted([event], at))
    assert (told.what, told.permanent, told.machine) == (what, permanent, machine)
    assert (told.message_id, told.provider_id) == ("m1", "sg1")
    assert (told.address, told.event_id) == ("chen@example.com", event["sg_event_id"])
    assert (told.at, response.status) == (datetime.fromtimestamp(at, UTC), 200)


def test_many_come_at_once_in_any_order(sendgrid: SendGrid, by_sendgrid: Channel, at: int):
    """Later ones first, some twice, some that decide nothing, some of no shape."""
    names = ("click", "delivered", "deferred", "delivered", "group_resubscribe", "processed")
    events: list[Any] = [sendgrid.event(name, at) for name in names]
    got, _ = by_sendgrid.receive(*sendgrid.posted([*events, 7, {}, {"event": ["x"]}], at))
    assert [one.what for one in got] == ["clicked", "delivered", "delivered", "sent"]


def test_mail_sent_by_smtp_is_known_by_its_message_id(
    sendgrid: SendGrid, by_sendgrid: Channel, at: int
):
    """``smtp-id`` is the Message-ID that was given."""
    event = {"event": "delivered", "email": "a@b.c", "smtp-id": "<crmkit.m9@shop.example>"}
    stranger = {"event": "delivered", "smtp-id": "<x@ismtpd0006p1sjc2.sendgrid.net>"}
    got, _ = by_sendgrid.receive(*sendgrid.posted([event, stranger], at))
    assert [one.message_id for one in got] == ["m9", None]
    assert got[0].at is None


@pytest.mark.parametrize("skew", [-301, 301])
def test_an_old_call_is_refused(sendgrid: SendGrid, by_sendgrid: Channel, at: int, skew: int):
    """Too old, or ahead of our clock."""
    with pytest.raises(SignatureInvalid):
        by_sendgrid.receive(*sendgrid.posted([sendgrid.event("open", at)], at + skew))


@pytest.mark.parametrize(
    "change",
    [
        {SIGNATURE: ""},
        {SIGNATURE: "é"},
        {SIGNATURE: "AAAA"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "1798000000"},
        {TIMESTAMP: "é"},
        {TIMESTAMP: "\ud83d"},
    ],
)
def test_a_forgery_is_refused(
    sendgrid: SendGrid, by_sendgrid: Channel, at: int, change: dict[str, str]
):
    """Nothing of the signature, the timestamp or the body may be changed."""
    headers, body = sendgrid.posted([sendgrid.event("open", at)], at)
    assert by_sendgrid.receive({k.upper(): v for k, v in headers.items()}, body)[0]
    with pytest.raises(SignatureInvalid):
        by_sendgrid.receive({**headers, **change}, body)
    with pytest.raises(SignatureInvalid):
        by_sendgrid.receive(headers, body + b" ")


def test_a_key_may_be_pem(
    sendgrid: SendGrid, opened: Callable[..., Channel], verification_key: str, at: int
):
    """With the lines around it, as other tools want it."""
    pem = f"-----BEGIN PUBLIC KEY-----\n{verification_key}\n-----END PUBLIC KEY-----\n"
    channel = opened("sendgrid", api_key="k", webhook_verification_key=pem)
    assert channel.receive(*sendgrid.posted([sendgrid.event("open", at)], at))[0]


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nothing_is_believed(
    sendgrid: SendGrid, opened: Callable[..., Channel], at: int, key: str | None
):
    """A channel that cannot check refuses."""
    channel = opened("sendgrid", api_key="k", webhook_verification_key=key)
    with pytest.raises(SignatureInvalid):
        channel.receive(*sendgrid.posted([], at))


def test_a_wrong_key_is_named(
    sendgrid: SendGrid, opened: Callable[..., Channel], rsa_key: rsa.RSAPrivateKey, at: int
):
    """No base64, no key, or a key of another kind: the setting is named."""
    der = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for key in ("x", "AAAA", der.decode()):
        channel = opened("sendgrid", api_key="k", webhook_verification_key=key)
        with pytest.raises(ConfigError, match="webhook_verification_key"):
            channel.receive(*sendgrid.posted([], at))


@pytest.mark.parametrize("body", [b"{}", b"[7, {}]"])
def test_odd_bodies_tell_nothing(sendgrid: SendGrid, by_sendgrid: Channel, at: int, body: bytes):
    """Signed, and no list of events: nothing breaks."""
    assert by_sendgrid.receive(*sendgrid.signed(body, at, "application/json"))[0] == ()


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"x" * 2**20])
def test_a_body_that_is_no_json_is_told(
    sendgrid: SendGrid, by_sendgrid: Channel, at: int, body: bytes
):
    """It is SendGrid's own, but nobody can read it."""
    with pytest.raises(InvalidValueError, match="no JSON"):
        by_sendgrid.receive(*sendgrid.signed(body, at, "application/json"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing(sendgrid: SendGrid, by_sendgrid: Channel, at: int, method: str):
    """Even with a signed body."""
    call = sendgrid.posted([sendgrid.event("unsubscribe", at)], at)
    assert by_sendgrid.receive(*call, method=method)[0] == ()


MAIL = {
    "headers": "Message-ID: <reply-1@example.com>\nReferences: <crmkit.m1@shop.example>\n",
    "from": "陈 <Chen@Example.com>",
    "text": "谢谢!\n\n在 2027年1月4日,Shop 写道:\n> 拒收请回复R",
}


def test_a_reply_is_read(sendgrid: SendGrid, by_sendgrid: Channel, now: datetime, at: int):
    """What the customer wrote himself, without the message he answers."""
    ((told,), _) = by_sendgrid.receive(*sendgrid.parsed(MAIL, at))
    assert (told.what, told.text, told.address) == ("replied", "谢谢!", "chen@example.com")
    assert (told.message_id, told.event_id) == ("m1", "<reply-1@example.com>")
    assert told.at == now


@pytest.mark.parametrize(
    "line", ["Auto-Submitted: auto-generated", "Precedence: bulk", "Return-Path: <>"]
)
def test_a_machine_is_no_customer(sendgrid: SendGrid, by_sendgrid: Channel, at: int, line: str):
    """Absence notes, lists and bounces are not told as replies."""
    mail = {**MAIL, "headers": f"{line}\n{MAIL['headers']}"}
    assert by_sendgrid.receive(*sendgrid.parsed(mail, at))[0] == ()


def test_an_unsigned_mail_is_refused(sendgrid: SendGrid, by_sendgrid: Channel, at: int):
    """The Inbound Parse webhook must be signed as well: anybody could post a form."""
    headers, body = sendgrid.parsed(MAIL, at)
    with pytest.raises(SignatureInvalid):
        by_sendgrid.receive({"Content-Type": headers["Content-Type"]}, body)
