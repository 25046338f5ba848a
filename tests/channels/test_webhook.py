"""The ``webhook`` channel: signed out, classified back, and no private address by accident."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.channels.standard_webhooks import keys, sign, verify
from crmkit.channels.webhook import WebhookChannel
from crmkit.contracts.channel import DELIVERIES, OUTCOMES, Message, Template
from crmkit.contracts.settings import Secret
from crmkit.errors import ConfigError, InvalidValueError, SignatureInvalid
from crmkit.testing.simulators.base import Answer, Fault, busy
from crmkit.testing.simulators.webhook import SECRET, WebhookReceiver
from tests.channels.opening import NOW, SPECS, message, opened, outcomes

OTHER = "whsec_" + base64.b64encode(b"another secret of 32 bytes here!").decode()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver(clock=lambda: NOW) as server:
        yield server


@pytest.fixture
def channel(receiver: WebhookReceiver) -> Iterator[WebhookChannel]:
    channel = opened("webhook", endpoint=receiver.url, secret=SECRET, allow_private=True)
    yield channel
    channel.close()
    channel.close()


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature by the specification's own words, with nothing of crmkit."""
    key = base64.b64decode(secret.split("_", 1)[1])
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    versions = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    return ["v1", wanted] in versions


# -- signatures ------------------------------------------------------------------------


def test_the_signature_is_the_specifications() -> None:
    """The example that Standard Webhooks' own libraries are tested with comes out the same."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = sign(keys([SECRET]), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(
    secret=st.binary(min_size=24, max_size=64),
    name=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    body=st.binary(),
    at=st.integers(0, 2**33),
)
def test_any_body_is_signed_as_the_specification_says(
    secret: bytes, name: str, body: bytes, at: int
) -> None:
    """A checker written from the specification accepts every body, and none that was changed."""
    now = datetime.fromtimestamp(at, UTC)
    text = "whsec_" + base64.b64encode(secret).decode()
    headers = sign(keys([text]), name, now, body)

    assert verified(text, headers, body)
    assert not verified(text, headers, body + b" ")
    assert verify(keys([text]), headers, body, now) == name
    with pytest.raises(SignatureInvalid):
        verify(keys([text]), headers, body + b" ", now)


def test_either_secret_is_taken_while_one_replaces_the_other() -> None:
    """Out goes a signature with each; in comes whichever the other side signs with."""
    both = keys([f"{SECRET} {OTHER}"])
    headers = sign(both, "m1", NOW, b"{}")

    assert verified(SECRET, headers, b"{}")
    assert verified(OTHER, headers, b"{}")
    for secret in (SECRET, OTHER):
        assert verify(both, sign(keys([secret]), "m1", NOW, b"{}"), b"{}", NOW) == "m1"
    assert keys([SECRET, OTHER]) == both


def test_a_damaged_secret_is_told_without_being_shown() -> None:
    """Too short, no base64 or empty: one line that names the key, and not its value."""
    for secret in ("whsec_c2hvcnQ=", "whsec_*hunter2hunter2hunter2*", "", "  "):
        with pytest.raises(ConfigError, match=r"^channels\.w\.secret: ") as caught:
            _configured(secret)
        assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"^channels\.w\.endpoint: is required"):
        _configured(SECRET, endpoint=None)
    with pytest.raises(ConfigError, match=r"^channels\.w\.endpoint: "):
        _configured(SECRET, endpoint="ftp://x.cn")
    with pytest.raises(ConfigError) as caught:
        _configured(SECRET, endpoint="htp://ann:hunter2@x.cn")
    assert "hunter2" not in str(caught.value)
    assert SECRET not in repr(_configured(SECRET))
    assert _configured([SECRET, Secret(OTHER)]).keys() == keys([SECRET, OTHER])


def _configured(secret: Any, endpoint: str | None = "https://x.cn/in") -> Any:
    settings = {"secret": secret} | ({"endpoint": endpoint} if endpoint else {})
    return SPECS["webhook"].configure(settings, "channels.w")


# -- sending ---------------------------------------------------------------------------


@pytest.mark.row("R31", "R33")
def test_each_message_is_posted_once_with_all_it_holds(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """The host's own service gets every field, signed, and its own id is kept."""
    full = message(
        "m1",
        to="u7",
        text="你好 👋\nשלום",
        template=Template(code="T", values={"n": "1"}),
        due=NOW,
        brief={"why": "x"},
    )
    receipts = channel.send([full, message("m2")])

    assert outcomes(receipts) == {"m1": "accepted", "m2": "accepted"}
    assert receipts[0].provider_id == "theirs-m1"
    taken = receiver.taken["m1"]
    assert taken.pop("type") == "message.send"
    assert taken.pop("timestamp") == NOW.isoformat()
    assert Message.from_dict(taken) == full
    assert all(verified(SECRET, dict(call.headers), call.body) for call in receiver.calls)


def test_one_person_refused_costs_no_other(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """The receiver's words are the reason."""
    receiver.refusals["m2"] = "blocked us"
    first, second, third = channel.send([message("m1"), message("m2"), message("m3")])

    assert (first.outcome, second.outcome, third.outcome) == ("accepted", "refused", "accepted")
    assert (second.code, second.reason) == ("422", "HTTP 422 blocked us")


STATUSES = {
    200: "accepted",
    204: "accepted",
    301: "misconfigured",
    307: "misconfigured",
    400: "refused",
    401: "misconfigured",
    403: "misconfigured",
    404: "misconfigured",
    405: "misconfigured",
    409: "refused",
    410: "misconfigured",
    413: "refused",
    422: "refused",
    408: "retry",
    429: "retry",
    503: "retry",
    500: "unknown",
    502: "unknown",
    504: "unknown",
}


@pytest.mark.parametrize(("status", "outcome"), STATUSES.items())
def test_a_status_says_what_became_of_it(
    receiver: WebhookReceiver, channel: WebhookChannel, status: int, outcome: str
) -> None:
    """Each status of HTTP is one of the outcomes, and its words are kept, shortened."""
    body = b"" if status in (200, 204) else b"<h1>" + b"x" * 9000
    headers = {"Location": f"{receiver.url}/elsewhere"} if 300 <= status < 400 else {}
    receiver.fail(Fault(answer=Answer(body, status, headers)))

    (receipt,) = channel.send([message()])
    assert receipt.outcome == outcome
    assert outcome in OUTCOMES
    if outcome != "accepted":
        assert receipt.code == str(status)
        assert len(receipt.reason) < 300
    assert len(receiver.calls) == 1, "a redirect is not followed"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"error": "no such user"}, "refused"),
        ({"error": {"message": "no such user"}}, "refused"),
        ({"ok": False}, "refused"),
        ({"success": False}, "refused"),
        ({"error": None, "ok": True, "id": 7}, "accepted"),
        ([1], "accepted"),
        (b"OK", "accepted"),
        (b"\xff", "accepted"),
    ],
)
def test_a_200_with_an_error_inside_is_an_error(
    receiver: WebhookReceiver, channel: WebhookChannel, body: Any, outcome: str
) -> None:
    """What the body says counts, where it is a JSON object."""
    receiver.fail(Fault(answer=Answer(body, 200)))

    (receipt,) = channel.send([message()])
    assert receipt.outcome == outcome
    assert receipt.provider_id == ("7" if isinstance(body, dict) and "id" in body else None)


def test_a_busy_receiver_is_left_alone_for_as_long_as_it_asks(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """After a 429 the rest of the batch is not tried; each says when it may be."""
    receiver.fail(busy(7))
    receipts = channel.send([message("m1"), message("m2")])

    assert [(one.message_id, one.outcome, one.after) for one in receipts] == [
        ("m1", "retry", 7.0),
        ("m2", "retry", 7.0),
    ]
    assert len(receiver.calls) == 1


def test_a_date_to_wait_for_is_counted_from_our_clock(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """``Retry-After`` may be a date."""
    headers = {"Retry-After": "Fri, 20 Nov 2026 08:30:40 GMT"}
    receiver.fail(Fault(answer=Answer(b"", 503, headers)))

    assert channel.send([message()])[0].after == 40.0


def test_an_endpoint_switched_off_is_not_tried_again(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """410 is how a receiver says that it wants no more; the whole batch waits for a person."""
    receiver.fail(Fault(answer=Answer(b"", 410)))

    assert set(outcomes(channel.send([message("m1"), message("m2")])).values()) == {"misconfigured"}
    assert len(receiver.calls) == 1


def test_a_cut_connection_is_unknown_and_the_second_try_changes_nothing(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """The receiver has it; the same id again is accepted, and counts once."""
    receiver.fail(Fault(cut=True))
    first = channel.send([message("m1"), message("m2")])
    assert outcomes(first) == {"m1": "unknown", "m2": "retry"}
    assert list(receiver.taken) == ["m1"]

    assert set(outcomes(channel.send([message("m1"), message("m2")])).values()) == {"accepted"}
    assert list(receiver.taken) == ["m1", "m2"]


def test_nobody_there_is_a_retry() -> None:
    """A connection that never stood took nothing."""
    with WebhookReceiver() as gone:
        url = gone.url
    channel = opened("webhook", endpoint=url, secret=SECRET, allow_private=True)

    assert set(outcomes(channel.send([message("m1"), message("m2")])).values()) == {"retry"}


def test_the_own_network_is_not_called_unless_it_is_allowed(receiver: WebhookReceiver) -> None:
    """A setting that leads to a private address sends nothing and says what to set."""
    channel = opened("webhook", endpoint=receiver.url, secret=SECRET)

    (receipt,) = channel.send([message()])
    assert receipt.outcome == "misconfigured"
    assert "allow_private" in receipt.reason
    assert receiver.calls == []


def test_a_wrong_secret_is_a_mistake_in_the_settings(receiver: WebhookReceiver) -> None:
    """401 stops the batch, and no secret is in the reason."""
    channel = opened("webhook", endpoint=receiver.url, secret=OTHER, allow_private=True)

    (receipt,) = channel.send([message()])
    assert receipt.outcome == "misconfigured"
    assert OTHER not in repr(receipt)


def test_an_id_that_would_begin_a_header_is_refused(channel: WebhookChannel) -> None:
    """Ids go into ``webhook-id``; one with a line break is not sent."""
    assert outcomes(channel.send([message("m1\r\nX: y")])) == {"m1\r\nX: y": "refused"}


def test_a_megabyte_and_half_a_character_go_through(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """Every text can be posted."""
    texts = {"m1": "漢" * 400_000, "m2": "half \ud83d"}
    channel.send([message(name, text=text) for name, text in texts.items()])

    assert {name: taken["text"] for name, taken in receiver.taken.items()} == texts


# -- receiving -------------------------------------------------------------------------


@pytest.mark.row("R31", "R33")
def test_receipts_and_replies_come_back(receiver: WebhookReceiver, channel: WebhookChannel) -> None:
    """One event or a list; each field under its own name; headers in any case."""
    events = [
        {"type": "delivered", "message_id": "m1", "at": "2026-11-20T16:29:00+08:00"},
        {"type": "replied", "address": "u7", "text": "退订", "event_id": "e9"},
        {"type": "bounced", "provider_id": "p1", "permanent": True, "code": "5", "reason": "gone"},
    ]
    headers, body = receiver.event(events)
    shouted = {name.upper(): value for name, value in headers.items()}

    found, response = channel.receive(shouted, body)

    assert response.status == 204
    assert [one.what for one in found] == ["delivered", "replied", "bounced"]
    assert [one.event_id for one in found] == ["evt_1#0", "e9", "evt_1#2"]
    assert found[0].at == NOW - timedelta(minutes=1)
    assert (found[1].address, found[1].text) == ("u7", "退订")
    assert (found[2].permanent, found[2].code, found[2].reason) == (True, "5", "gone")
    assert channel.receive(*receiver.event(events[0]))[0][0].event_id == "evt_1"


@pytest.mark.parametrize(
    "event",
    [
        {"what": "delivered", "message_id": "m1", "at": "2026-11-20T16:29:00+08:00"},
        {
            "type": "delivered",
            "timestamp": "2026-11-20T08:29:00Z",
            "data": {"message_id": "m1", "reason": "by hand"},
        },
    ],
)
def test_an_event_may_be_spelled_otherwise(
    receiver: WebhookReceiver, channel: WebhookChannel, event: Any
) -> None:
    """As `Delivery` names its word, or in the envelope that Standard Webhooks proposes."""
    (found,), response = channel.receive(*receiver.event(event))
    assert response.status == 204
    assert (found.what, found.message_id, found.at) == (
        "delivered",
        "m1",
        NOW - timedelta(minutes=1),
    )


@pytest.mark.parametrize("what", DELIVERIES)
def test_every_word_of_the_vocabulary_is_understood(
    receiver: WebhookReceiver, channel: WebhookChannel, what: str
) -> None:
    """The types are crmkit's own words."""
    found, _ = channel.receive(*receiver.event({"type": what, "message_id": "m1"}))
    assert [one.what for one in found] == [what]


def test_the_same_event_twice_is_the_same_event(
    receiver: WebhookReceiver, channel: WebhookChannel
) -> None:
    """A call that is made again carries the same event ids, by which it is known."""
    call = receiver.event([{"type": "opened", "message_id": "m1"}])
    assert channel.receive(*call) == channel.receive(*call)


def test_a_forgery_is_refused(receiver: WebhookReceiver, channel: WebhookChannel) -> None:
    """Missing, changed, signed with another secret or by another version: nothing is read."""
    headers, body = receiver.event({"type": "delivered", "message_id": "m1"})
    with WebhookReceiver(OTHER, clock=lambda: NOW) as stranger:
        foreign = stranger.event({"type": "delivered", "message_id": "m1"})
    signature = headers["webhook-signature"]

    for forged in (
        ({}, body),
        (headers, body + b" "),
        ({**headers, "webhook-id": "evt_2"}, body),
        ({**headers, "webhook-timestamp": str(int(NOW.timestamp()) + 1)}, body),
        ({**headers, "webhook-signature": signature.replace("v1,", "v1a,")}, body),
        ({**headers, "webhook-signature": signature[3:]}, body),
        ({**headers, "webhook-signature": "é"}, body),
        ({**headers, "webhook-timestamp": "\ud83d"}, body),
        foreign,
    ):
        with pytest.raises(SignatureInvalid):
            channel.receive(*forged)


@pytest.mark.parametrize("minutes", [-60, -6, 6, 60])
def test_a_replay_is_refused(
    receiver: WebhookReceiver, channel: WebhookChannel, minutes: int
) -> None:
    """A call kept for later, or from a clock far ahead, is refused although it is well signed."""
    call = receiver.event({"type": "delivered", "message_id": "m1"})
    channel.clock = lambda: NOW + timedelta(minutes=minutes)  # type: ignore[method-assign]

    with pytest.raises(SignatureInvalid, match=r"old|ahead"):
        channel.receive(*call)
    channel.clock = lambda: NOW + timedelta(minutes=minutes / 60)  # type: ignore[method-assign]
    assert channel.receive(*call)[1].status == 204


@pytest.mark.parametrize("method", ["GET", "HEAD", "get", "OPTIONS"])
def test_what_machines_follow_changes_nothing(
    receiver: WebhookReceiver, channel: WebhookChannel, method: str
) -> None:
    """Only a POST tells anything, however well the rest is signed."""
    headers, body = receiver.event({"type": "unsubscribed", "message_id": "m1"})

    found, response = channel.receive(headers, body, method=method, url="https://x.cn/in")
    assert (list(found), response.status, response.headers["Allow"]) == ([], 405, "POST")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"type": "exploded", "message_id": "m1"}, "type must be one of"),
        ({"message_id": "m1"}, "type must be one of"),
        ({"type": "delivered"}, "must say what it is about"),
        ({"type": "delivered", "message_id": 7}, "message_id must be text"),
        ({"type": "delivered", "message_id": "m1", "at": "soon"}, "at must be ISO 8601"),
        ({"type": "delivered", "message_id": "m1", "at": "2026-11-20T08:00:00"}, "UTC offset"),
        ({"type": "delivered", "message_id": "m1", "at": 1614265330}, "at must be ISO 8601"),
        ({"type": "bounced", "message_id": "m1", "permanent": "yes"}, "permanent must be True"),
        ("delivered", "an event is an object"),
        (None, "an event is an object"),
        ([{"type": "replied", "address": "a\x00b"}], "NUL"),
    ],
)
def test_what_cannot_be_understood_is_told(
    receiver: WebhookReceiver, channel: WebhookChannel, content: Any, why: str
) -> None:
    """The answer names the event and the field; what is understood beside it is taken."""
    good = {"type": "delivered", "message_id": "m0"}
    items = content if isinstance(content, list) else [content]

    found, response = channel.receive(*receiver.event([good, *items]))

    assert [one.message_id for one in found] == ["m0"]
    assert response.status == 400
    (told,) = json.loads(response.body)["error"]
    assert told.startswith("[1]: ")
    assert why in told


def test_no_json_at_all_is_told(channel: WebhookChannel) -> None:
    """A signed body that is none, or nests without end, tells nothing that could be taken."""
    for body in (b"", b"\xff", b"{", b"7", b"[" * 100_000):
        with pytest.raises(InvalidValueError, match="no JSON"):
            channel.receive(sign(keys([SECRET]), "e", NOW, body), body)
