"""What comes in: receipts in any order, replies, forgeries, and the challenge."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crmkit import InvalidValueError, SignatureInvalid
from crmkit.contracts.channel import Channel, Message, Template
from crmkit.testing.simulators.whatsapp import WhatsApp

Make = Callable[..., Message]
AT = 1750857384


@pytest.fixture
def wamid(meta: WhatsApp, channel: Channel, message: Make) -> str:
    """Give WhatsApp's id of a message that was sent."""
    meta.templates["hello", "en_US"] = 0
    (receipt,) = channel.send([message(template=Template(code="hello"))])
    assert receipt.provider_id is not None
    return receipt.provider_id


def reply(**more: object) -> dict[str, object]:
    return {"from": "8613800138000", "id": "wamid.in", "timestamp": str(AT), **more}


def test_receipts_carry_both_ids(meta: WhatsApp, channel: Channel, wamid: str):
    """Several receipts in one call, out of order and twice, are each told as they are."""
    names = ("read", "sent", "delivered", "sent", "deleted")
    got, response = channel.receive(*meta.posted([meta.status(wamid, n, AT) for n in names]))
    assert [one.what for one in got] == ["opened", "sent", "delivered", "sent"]
    assert {(one.message_id, one.provider_id) for one in got} == {("m1", wamid)}
    assert got[0].at == datetime.fromtimestamp(AT, UTC)
    assert got[1].event_id == got[3].event_id != got[0].event_id
    assert response.status == 200


def test_a_failure_has_its_code(meta: WhatsApp, channel: Channel, wamid: str):
    """Undeliverable is a failure, and no proof of a dead number."""
    failed = meta.status(wamid, "failed", AT, errors=[{"code": 131026, "title": "Undeliverable"}])
    ((told,), _) = channel.receive(*meta.posted([failed]))
    assert (told.what, told.code, told.permanent) == ("failed", "131026", False)


def test_who_stopped_marketing_is_unsubscribed(meta: WhatsApp, channel: Channel, wamid: str):
    """Told by a failure or by WhatsApp's own switch, it is a withdrawal."""
    failed = meta.status(wamid, "failed", AT, errors=[{"code": 131050}])
    wish = {"wa_id": "8613800138000", "category": "marketing_messages", "timestamp": str(AT)}
    wishes = [{**wish, "value": "stop"}, {**wish, "value": "resume"}]
    got, _ = channel.receive(*meta.posted([failed], user_preferences=wishes))
    assert [one.what for one in got] == ["failed", "unsubscribed", "unsubscribed"]
    assert {one.address for one in got} == {"+8613800138000"}


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"type": "text", "text": {"body": "STOP"}}, "STOP"),
        ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "Yes"),
        (
            {
                "type": "interactive",
                "interactive": {"type": "list_reply", "list_reply": {"id": "9", "title": "Nine"}},
            },
            "Nine",
        ),
        ({"type": "image", "image": {"caption": "看这个"}}, "看这个"),
        ({"type": "image", "image": {"id": "1"}}, "[image]"),
        ({"type": "reaction", "reaction": {"emoji": "👍"}}, "👍"),
        ({"type": "text", "text": "odd"}, "[text]"),
        ({}, "[message]"),
    ],
)
def test_a_reply_is_read(meta: WhatsApp, channel: Channel, part: dict[str, object], text: str):
    """Whatever a customer sends or presses is an answer, with his number."""
    ((told,), _) = channel.receive(*meta.posted((), [reply(**part)]))
    assert (told.what, told.text, told.address) == ("replied", text, "+8613800138000")
    assert (told.provider_id, told.event_id, told.message_id) == ("wamid.in", "wamid.in", None)


def test_an_old_call_is_taken(meta: WhatsApp, channel: Channel):
    """Meta repeats calls for days: age is no forgery."""
    old = reply(type="text", text={"body": "hi"}, timestamp="1500000000")
    ((told,), _) = channel.receive(*meta.posted((), [old]))
    assert told.at == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)


def test_another_number_of_the_app_is_left_out(meta: WhatsApp, channel: Channel):
    """An app is told of all its numbers; a channel is one of them."""
    other = meta.posted((), [reply(type="text")], metadata={"phone_number_id": "7"})
    assert channel.receive(*other)[0] == ()


@pytest.mark.parametrize("change", ["missing", "forged", "other body", "other key", "no hash"])
def test_a_forgery_is_refused(meta: WhatsApp, channel: Channel, change: str):
    """Every call must be signed with the app's secret, over the bytes that came."""
    headers, body = meta.posted((), [reply(type="text", text={"body": "STOP"})])
    mark = headers.pop("X-Hub-Signature-256")
    changed = {
        "missing": {},
        "forged": {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        "other body": {"X-Hub-Signature-256": mark},
        "other key": {"X-Hub-Signature-256": mark[:-1] + "é"},
        "no hash": {"X-Hub-Signature-256": mark.removeprefix("sha256=")},
    }[change]
    with pytest.raises(SignatureInvalid):
        channel.receive(changed, body + b" " * (change == "other body"))


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_nothing_is_believed(
    meta: WhatsApp, opened: Callable[..., Channel], secret: str | None
):
    """A channel that cannot check refuses; an empty key is one that everybody knows."""
    channel = opened(app_secret=secret, verify_token=secret)
    meta.app_secret = ""
    with pytest.raises(SignatureInvalid):
        channel.receive(*meta.posted())
    with pytest.raises(SignatureInvalid):
        channel.receive({}, b"", method="GET", url="/w?hub.mode=subscribe&hub.verify_token=")


@pytest.mark.parametrize("payload", [[], {"entry": 3}, {"entry": [{"changes": [7]}]}])
def test_odd_bodies_change_nothing(meta: WhatsApp, channel: Channel, payload: object):
    """Signed, and of another shape: nothing is told, and nothing breaks."""
    assert channel.receive(*meta.signed(payload))[0] == ()


@pytest.mark.parametrize("payload", [b"", b"<xml/>", b"\xff", b"x" * 2**20, b"[" * 20_000, b"7"])
def test_a_body_that_is_no_json_is_told(meta: WhatsApp, channel: Channel, payload: bytes):
    """It is WhatsApp's own, but nobody can read it."""
    with pytest.raises(InvalidValueError, match="no JSON"):
        channel.receive(*meta.signed(payload))


def test_header_names_come_in_any_case(meta: WhatsApp, channel: Channel):
    """Servers spell headers as they like."""
    headers, body = meta.posted((), [reply(type="text", text={"body": "hi"})])
    shouted = {name.upper(): value for name, value in headers.items()}
    assert len(channel.receive(shouted, body)[0]) == 1


def test_the_challenge_is_echoed(meta: WhatsApp, channel: Channel):
    """As plain text, for the agreed word only; a call without a challenge says nothing."""
    url = "https://shop.example/hooks/wa?hub.mode=subscribe&hub.challenge=11582&hub.verify_token="
    got, response = channel.receive({}, b"", method="GET", url=url + meta.verify_token)
    assert (got, response.status, response.body) == ((), 200, b"11582")
    assert response.headers["Content-Type"].startswith("text/plain")
    with pytest.raises(SignatureInvalid):
        channel.receive({}, b"", method="GET", url=url + "guess")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_changes_nothing(meta: WhatsApp, channel: Channel, method: str):
    """Even a signed body tells nothing where it is not posted."""
    headers, body = meta.posted((), [reply(type="text", text={"body": "STOP"})])
    assert channel.receive(headers, body, method=method, url="/w")[0] == ()
