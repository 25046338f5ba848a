"""Receipts and replies that Aliyun and Tencent push: read, doubled, and forged."""

import json
from datetime import UTC, datetime

import pytest
from sms_kit import CALLBACK, TOKEN, URL, Open, Write, heard

import crmkit
from crmkit.contracts.channel import Channel
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.twilio import TwilioSimulator

pytestmark = pytest.mark.row("R30")


def test_aliyun_pushes_receipts(aliyun: AliyunSimulator, by_aliyun: Channel, write: Write):
    """A receipt names our id and Aliyun's, and the instant in China's time."""
    message = write()
    (receipt,) = by_aliyun.send([message])
    aliyun.now = lambda: datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    (delivery,) = heard(by_aliyun, aliyun.report(aliyun.taken))
    assert (delivery.what, delivery.message_id, delivery.provider_id, delivery.address) == (
        "delivered",
        message.id,
        receipt.provider_id,
        message.to,
    )
    assert delivery.at == datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "what", "permanent"),
    [("MK:0001", "bounced", True), ("MK:0005", "failed", False), ("REJECT", "failed", False)],
)
def test_only_a_number_that_nobody_has_is_dead(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write, code: str, what: str, permanent: bool
):
    """A phone that is off or barred may be reached another day."""
    by_aliyun.send([write()])
    (delivery,) = heard(by_aliyun, aliyun.report(aliyun.taken, code))
    assert (delivery.what, delivery.permanent, delivery.code) == (what, permanent, code)


def test_aliyun_pushes_replies(aliyun: AliyunSimulator, by_aliyun: Channel):
    """An answer is told by its own id, and finds its customer by the number."""
    (delivery,) = heard(by_aliyun, aliyun.reply("13912345678", "退订"))
    assert (delivery.what, delivery.address, delivery.text) == (
        "replied",
        "+8613912345678",
        "退订",
    )
    assert delivery.event_id


def test_what_aliyun_wants_to_hear(by_aliyun: Channel):
    """The answer holds a number under code."""
    _, response = by_aliyun.receive({}, b"[]", url=URL)
    assert json.loads(response.body)["code"] == 0


def test_what_tencent_wants_to_hear(by_tencent: Channel):
    """The answer holds 0 under result, and OK."""
    _, response = by_tencent.receive({}, b"[]", url=URL)
    assert json.loads(response.body) == {"result": 0, "errmsg": "OK"}


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
def test_a_receipt_that_comes_twice_is_the_same_event(
    request: pytest.FixtureRequest, write: Write, name: str
):
    """Doubled and out of order, each event keeps its id; different ones differ."""
    simulator = request.getfixturevalue(name)
    channel = request.getfixturevalue(f"by_{name}")
    channel.send([write() for _ in range(5)])
    first = heard(channel, simulator.report(simulator.taken))
    again = heard(channel, simulator.report([*simulator.taken[::-1], *simulator.taken]))
    ids = {delivery.event_id for delivery in first}
    assert len(ids) == 5
    assert {delivery.event_id for delivery in again} == ids


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        CALLBACK,
        f"{CALLBACK}?token=",
        f"{CALLBACK}?token={TOKEN}x",
        f"{CALLBACK}?token={TOKEN[:-1]}",
        f"{CALLBACK}/{TOKEN}/more",
        f"{CALLBACK}#{TOKEN}",
        "https://[broken",
        f"{CALLBACK}?token=\udcff",
    ],
)
def test_a_push_without_the_token_is_a_forgery(request: pytest.FixtureRequest, name: str, url: str):
    """The provider signs nothing, so only the secret address is believed."""
    channel = request.getfixturevalue(f"by_{name}")
    body = b'[{"phone_number":"13912345678","success":true,"out_id":"m-1","biz_id":"1"}]'
    with pytest.raises(crmkit.SignatureInvalid) as refused:
        channel.receive({}, body, url=url)
    assert TOKEN not in str(refused.value)


def test_the_token_may_end_the_path(aliyun: AliyunSimulator, by_aliyun: Channel):
    """The address may hold the token as its last part."""
    assert heard(by_aliyun, aliyun.reply("13912345678", "好"), f"/hooks/sms/{TOKEN}")


def test_without_a_token_every_push_is_refused(open_channel: Open):
    """A channel that was given no token believes nobody."""
    channel = open_channel("aliyun-sms", access_key_id="a", access_key_secret=Secret("b"))
    with pytest.raises(crmkit.SignatureInvalid, match="receipt_token"):
        channel.receive({}, b"[]", url=f"{CALLBACK}?token=")


def test_a_short_token_is_a_wrong_setting(open_channel: Open):
    """What anybody could guess guards nothing, and does not show in the error."""
    with pytest.raises(crmkit.ConfigError) as refused:
        open_channel(
            "aliyun-sms",
            access_key_id="a",
            access_key_secret=Secret("b"),
            receipt_token=Secret("short-one"),
        )
    assert refused.value.key == "channels.aliyun-sms.receipt_token"
    assert "short-one" not in str(refused.value)


@pytest.mark.parametrize("method", ["GET", "HEAD", "get"])
def test_following_a_link_changes_nothing(
    by_aliyun: Channel,
    by_tencent: Channel,
    by_twilio: Channel,
    method: str,
    twilio: TwilioSimulator,
):
    """A GET or HEAD, even with the token or a signature, tells nothing."""
    body = b'[{"phone_number":"13912345678","content":"R","sequence_id":"1"}]'
    for channel in (by_aliyun, by_tencent):
        assert channel.receive({}, body, method=method, url=URL)[0] == ()
    push = twilio.incoming(CALLBACK, "+12125550100", "STOP")
    found = by_twilio.receive(push.headers, push.body, method=method, url=push.url)
    assert (found[0], found[1].status) == ((), 405)


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"null", b"7", b'"text"', b"{", b"[" * 100_000, b"[" * 10]
)
def test_a_body_that_is_none_is_refused(request: pytest.FixtureRequest, name: str, body: bytes):
    """What cannot be read is told, whoever sent it."""
    channel = request.getfixturevalue(f"by_{name}")
    with pytest.raises(crmkit.InvalidValueError, match="no JSON"):
        channel.receive({}, body, url=URL)


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'[1, null, "x", []]',
        b'[{"phone_number": null, "content": "R"}]',
        b'[{"mobile": "1;DROP", "nationcode": "86", "text": "R"}]',
    ],
)
def test_entries_that_are_none_are_left_out(request: pytest.FixtureRequest, name: str, body: bytes):
    """An entry without what makes it one tells nothing; the call itself was good."""
    assert list(heard(request.getfixturevalue(f"by_{name}"), body)) == []


def test_odd_values_in_a_receipt_do_no_harm(by_aliyun: Channel, by_tencent: Channel):
    """Instants of no calendar, numbers of no country and numbers for texts are passed over."""
    body = (
        b'[{"phone_number": 13912345678, "success": "true", "report_time": "yesterday",'
        b'"biz_id": 7, "out_id": null, "err_code": null}]'
    )
    (delivery,) = heard(by_aliyun, body)
    assert (delivery.what, delivery.at, delivery.provider_id) == ("delivered", None, "7")
    body = (
        b'[{"mobile": "x", "nationcode": 86, "report_status": "SUCCESS", "sid": "1",'
        b'"user_receive_time": 99999999999999999999}]'
    )
    (delivery,) = heard(by_tencent, body)
    assert (delivery.what, delivery.address, delivery.at) == ("delivered", None, None)


def test_a_reply_holds_nothing_that_a_database_cannot(by_aliyun: Channel, by_tencent: Channel):
    """Halves of characters, NUL and years of no calendar are gone; the rest is as written."""
    body = (
        b'[{"phone_number": "13912345678", "content": "R\\ud83e\\u0000!", "sequence_id": "1",'
        b'"send_time": "0001-01-01 00:00:00"}]'
    )
    (delivery,) = heard(by_aliyun, body)
    assert (delivery.text, delivery.at) == ("R?!", None)
    body = b'{"mobile": "13912345678", "nationcode": "86", "text": "\\udcff", "time": -5}'
    (delivery,) = heard(by_tencent, body)
    assert (delivery.text, delivery.at) == ("?", None)
