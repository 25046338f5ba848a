"""Receipts and replies that are fetched from Tencent and from Aliyun's queues."""

import json

import pytest
from sms_kit import Open, Write, heard

from crmkit.contracts.channel import Channel
from crmkit.contracts.http import NotSent, Unclear
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.base import Fault
from crmkit.testing.simulators.tencent import TencentSimulator
from crmkit.testing.simulators.tencent import error as tencent_error

pytestmark = pytest.mark.row("R30")


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
