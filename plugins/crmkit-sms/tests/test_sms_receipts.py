"""Receipts and replies: pushed, fetched, forged, doubled and out of order."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sms_kit import CALLBACK, TOKEN, Open, Write

import crmkit
from crmkit.contracts.channel import Channel, Delivery
from crmkit.contracts.http import NotSent, Unclear
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.base import Fault
from crmkit.testing.simulators.tencent import TencentSimulator
from crmkit.testing.simulators.tencent import error as tencent_error
from crmkit.testing.simulators.twilio import Push, TwilioSimulator

pytestmark = pytest.mark.row("R30")
URL = f"{CALLBACK}?token={TOKEN}"


def heard(channel: Channel, body: bytes, url: str = URL) -> Sequence[Delivery]:
    deliveries, response = channel.receive({}, body, url=url)
    assert response.status == 200
    return deliveries


def called(channel: Channel, push: Push) -> Sequence[Delivery]:
    deliveries, response = channel.receive(push.headers, push.body, url=push.url)
    assert response.status == 200
    assert b"<Response>" in response.body
    return deliveries


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
    """What cannot be read tells nothing, and the provider is told so."""
    channel = request.getfixturevalue(f"by_{name}")
    deliveries, response = channel.receive({}, body, url=URL)
    assert (tuple(deliveries), response.status) == ((), 400)


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


def test_tencent_gives_the_same_pushed_and_fetched(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """A receipt and a reply that come both ways are the same events."""
    message = write()
    (receipt,) = by_tencent.send([message])
    pushed = heard(by_tencent, tencent.report(tencent.taken))
    pushed = [*pushed, *heard(by_tencent, tencent.reply(message.to, "R"))]
    fetched = by_tencent.poll(None).deliveries
    assert [one.event_id for one in pushed] == [one.event_id for one in fetched]
    assert [one.what for one in fetched] == ["delivered", "replied"]
    assert [one.address for one in pushed] == [one.address for one in fetched] == [message.to] * 2
    assert fetched[0].provider_id == receipt.provider_id
    assert fetched[0].message_id == message.id
    assert fetched[1].text == "R"
    assert by_tencent.poll(None).deliveries == []


def test_tencent_is_asked_until_it_has_no_more(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """More than a page of receipts is fetched in one poll."""
    by_tencent.send([write(values={"1": "x"}) for _ in range(150)])
    tencent.report(tencent.taken)
    assert len(by_tencent.poll(None).deliveries) == 150


def test_what_tencent_gave_before_a_fault_is_not_lost(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """Each receipt is given once only, so a fault after it must not swallow it."""
    by_tencent.send([write()])
    tencent.report(tencent.taken)
    tencent.fail(Fault(), Fault(refuse=True))
    assert len(by_tencent.poll(None).deliveries) == 1
    tencent.fail(Fault(answer=tencent_error("AuthFailure.SignatureFailure")))
    with pytest.raises(NotSent, match="AuthFailure"):
        by_tencent.poll(None)
    tencent.fail(Fault(refuse=True))
    with pytest.raises(Unclear):
        by_tencent.poll(None)


def test_aliyun_gives_receipts_and_replies_from_its_queues(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write
):
    """What is fetched is what would have been pushed."""
    message = write()
    by_aliyun.send([message])
    aliyun.queue("Alicom-Queue-1-SmsReport", aliyun.report(aliyun.taken))
    aliyun.queue("Alicom-Queue-1-SmsUp", aliyun.reply(message.to[3:], "R"))
    first = by_aliyun.poll(None)
    assert [(one.what, one.message_id, one.text) for one in first.deliveries] == [
        ("delivered", message.id, None),
        ("replied", None, "R"),
    ]


def test_nothing_leaves_aliyuns_queue_before_it_is_stored(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write
):
    """An entry is deleted once the cursor shows that it was stored; until then it comes again."""
    by_aliyun.send([write() for _ in range(40)])
    queue = "Alicom-Queue-1-SmsReport"
    aliyun.queue(queue, aliyun.report(aliyun.taken[:10]))
    lost = by_aliyun.poll(None)  # the program dies: its cursor was not stored
    assert len(aliyun.entries[queue]) == 10
    first = by_aliyun.poll(None)
    assert [one.event_id for one in first.deliveries] == [one.event_id for one in lost.deliveries]
    aliyun.queue(queue, aliyun.report(aliyun.taken[10:12]))
    second = by_aliyun.poll(first.cursor)
    assert len(second.deliveries) == 2
    assert len(aliyun.entries[queue]) == 2
    third = by_aliyun.poll(second.cursor)
    assert (list(third.deliveries), aliyun.entries[queue]) == ([], {})
    assert json.loads(third.cursor or "") == []


def test_a_queue_that_cannot_be_read_is_an_error(aliyun: AliyunSimulator, open_channel: Open):
    """A key that may not read the queues is named, and no secret with it."""
    channel = open_channel(
        "aliyun-sms",
        access_key_id="LTAI-simulated",
        access_key_secret=Secret("not-the-secret"),
        report_queue="Alicom-Queue-1-SmsReport",
        token_endpoint=aliyun.url,
        allow_private=True,
    )
    with pytest.raises(NotSent, match="SignatureDoesNotMatch") as refused:
        channel.poll(None)
    assert "not-the-secret" not in str(refused.value)


def test_without_queues_there_is_nothing_to_fetch(open_channel: Open):
    """A channel that names no queue calls nobody."""
    channel = open_channel("aliyun-sms", access_key_id="a", access_key_secret=Secret("b"))
    assert list(channel.poll(None).deliveries) == []


def test_twilio_tells_what_became_of_a_message(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """Each status is an event of its own, and names our id even out of order."""
    message = write("+12125550100")
    (receipt,) = by_twilio.send([message])
    (text,) = twilio.taken
    statuses = ["delivered", "queued", "sent", "delivered"]
    found = [one for status in statuses for one in called(by_twilio, twilio.status(text, status))]
    assert [one.what for one in found] == ["delivered", "sent", "delivered"]
    assert found[0].event_id == found[2].event_id != found[1].event_id
    assert {one.message_id for one in found} == {message.id}
    assert {one.provider_id for one in found} == {receipt.provider_id}


@pytest.mark.parametrize(
    ("status", "code", "what", "permanent"),
    [
        ("undelivered", 30005, "bounced", True),
        ("undelivered", 30003, "failed", False),
        ("undelivered", 30007, "failed", False),
        ("failed", 21610, "unsubscribed", False),
        ("failed", 30001, "failed", False),
    ],
)
def test_twilios_failures_are_told_apart(
    twilio: TwilioSimulator,
    by_twilio: Channel,
    write: Write,
    status: str,
    code: int,
    what: str,
    permanent: bool,
):
    """A number that is gone is dead; one that is off is not; STOP is a withdrawal."""
    by_twilio.send([write("+12125550100")])
    (found,) = called(by_twilio, twilio.status(twilio.taken[0], status, code))
    assert (found.what, found.permanent, found.code) == (what, permanent, str(code))


def test_a_lost_answer_is_made_good_by_the_receipt(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """Twilio took the message and the answer was lost: its receipt still names our id."""
    message = write("+12125550100")
    twilio.fail(Fault(cut=True))
    assert by_twilio.send([message])[0].outcome == "unknown"
    (found,) = called(by_twilio, twilio.status(twilio.taken[0], "delivered"))
    assert (found.what, found.message_id) == ("delivered", message.id)


def test_twilio_brings_answers(twilio: TwilioSimulator, by_twilio: Channel):
    """What somebody wrote comes as it is; a word that Twilio knows for STOP is a withdrawal."""
    (found,) = called(by_twilio, twilio.incoming(CALLBACK, "+12125550100", "好的 🧧\r\n"))
    assert (found.what, found.address, found.text) == ("replied", "+12125550100", "好的 🧧\r\n")
    stop = twilio.incoming(CALLBACK, "+12125550100", "arrêt", OptOutType="STOP")
    assert [one.what for one in called(by_twilio, stop)] == ["replied", "unsubscribed"]


def _changed(push: Push, **more: Any) -> Push:
    return Push(**{"url": push.url, "headers": push.headers, "body": push.body, **more})


def test_a_call_that_twilio_did_not_sign_is_refused(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """Another body, address, key or no signature at all: nothing is believed."""
    by_twilio.send([write("+12125550100")])
    push = twilio.status(twilio.taken[0], "delivered")
    other = TwilioSimulator(auth_token="another")
    with other:
        stranger = other.status(twilio.taken[0], "delivered")
    headers: Mapping[str, str] = {"X-Twilio-Signature": "é"}
    json_body = {**push.headers, "Content-Type": "application/json"}
    forged = [
        _changed(push, body=push.body + b"&ErrorCode=21610"),
        _changed(push, body=b""),
        _changed(push, url=push.url + "1"),
        _changed(push, url=push.url.replace("https", "http")),
        _changed(push, url=""),
        _changed(push, url="https://[broken"),
        _changed(push, url="https://crm.example:99999/"),
        _changed(push, headers={}),
        _changed(push, headers=headers),
        _changed(push, headers=json_body),
        stranger,
    ]
    for one in forged:
        with pytest.raises(crmkit.SignatureInvalid):
            by_twilio.receive(one.headers, one.body, url=one.url)
    assert called(by_twilio, push)


def test_the_address_may_come_without_its_host(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """A program behind a proxy knows path and query; the rest stands in the settings."""
    by_twilio.send([write("+12125550100")])
    push = twilio.status(twilio.taken[0], "delivered")
    lower = {name.lower(): value for name, value in push.headers.items()}
    path = push.url.removeprefix("https://crm.example")
    assert called(by_twilio, Push(path, lower, push.body))
