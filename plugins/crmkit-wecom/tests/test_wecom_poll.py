"""What became of messages: asked of WeCom, from where the last poll ended."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crmkit_wecom import results

from crmkit.contracts.channel import Message
from crmkit.contracts.http import NotSent
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.wecom import WeCom

Make = Callable[..., Message]


def waiting(cursor: str | None) -> list[str]:
    return list(json.loads(cursor or "{}")["open"])


@pytest.mark.row("R31")
@pytest.mark.parametrize(
    ("status", "what", "code"), [(1, "sent", None), (2, "failed", "2"), (3, "failed", "3")]
)
def test_a_confirmed_message_tells_its_fate(
    opened: Any, company: WeCom, message: Make, clock: Any, status: int, what: str, code: str | None
):
    """Nothing before a colleague confirmed it; then what and when, once."""
    channel = opened()
    (receipt,) = channel.send([message()])
    first = channel.poll(None)
    assert (list(first.deliveries), waiting(first.cursor)) == ([], [receipt.provider_id])
    clock.at += timedelta(hours=1)
    company.confirm(receipt.provider_id, status)
    clock.at += timedelta(hours=1)
    second = channel.poll(first.cursor)
    (told,) = second.deliveries
    assert (told.what, told.code, told.provider_id) == (what, code, receipt.provider_id)
    assert (told.address, told.at) == ("wmA", clock.at - timedelta(hours=1))
    assert bool(told.reason) == (what == "failed")
    assert not told.permanent
    third = channel.poll(second.cursor)
    assert (list(third.deliveries), waiting(third.cursor)) == ([], [])


def test_nothing_is_lost_when_a_process_dies(opened: Any, company: WeCom, message: Make):
    """Another process finds what this one sent, even without its cursor."""
    sent = opened().send([message(f"wm{number}", number=number) for number in range(101)])
    for receipt in sent:
        company.confirm(receipt.provider_id)
    told = opened().poll(None).deliveries
    assert {one.provider_id for one in told} == {receipt.provider_id for receipt in sent}


@pytest.mark.parametrize("lost", ["", "garbage", "[]", '{"since": "x"}', '{"open": 3}'])
def test_a_damaged_cursor_loses_nothing(opened: Any, company: WeCom, message: Make, lost: str):
    """Everything is asked anew."""
    (receipt,) = opened().send([message()])
    company.confirm(receipt.provider_id)
    assert [one.provider_id for one in opened().poll(lost).deliveries] == [receipt.provider_id]


def test_what_was_told_is_not_asked_again(opened: Any, company: WeCom, message: Make):
    """It is still in WeCom's list for a while, but costs no further calls."""
    channel = opened()
    (receipt,) = channel.send([message()])
    company.confirm(receipt.provider_id)
    first = channel.poll(None)
    company.calls.clear()
    assert channel.poll(first.cursor).deliveries == []
    assert [call.path.rpartition("/")[2] for call in company.calls] == ["get_groupmsg_list_v2"]


def test_what_nobody_confirms_is_given_up(opened: Any, message: Make, clock: Any):
    """After the days set it has failed, and is not asked about again."""
    channel = opened(days=2)
    (receipt,) = channel.send([message()])
    poll = channel.poll(None)
    clock.at += timedelta(days=2) - timedelta(seconds=1)
    poll = channel.poll(poll.cursor)
    assert (list(poll.deliveries), waiting(poll.cursor)) == ([], [receipt.provider_id])
    clock.at += timedelta(seconds=1)
    poll = channel.poll(poll.cursor)
    (told,) = poll.deliveries
    assert (told.what, told.code, told.provider_id) == (
        "failed",
        results.UNCONFIRMED,
        receipt.provider_id,
    )
    assert waiting(poll.cursor) == []


def test_campaigns_made_by_hand_are_left_out(opened: Any, company: WeCom, message: Make):
    """Thousands of customers of somebody else's campaign are no receipts of ours."""
    campaign = company.enter((f"wm{number}" for number in range(3000)), "大家好", "FrontDesk")
    channel = opened()
    (receipt,) = channel.send([message()])
    company.confirm(campaign.msgid)
    company.confirm(receipt.provider_id)
    told = channel.poll(None).deliveries
    assert [one.provider_id for one in told] == [receipt.provider_id]


def test_everybody_has_his_turn(
    opened: Any, company: WeCom, message: Make, monkeypatch: pytest.MonkeyPatch
):
    """A poll asks about so many, and the next one about the others."""
    monkeypatch.setattr(results, "ASKED", 10)
    channel = opened()
    sent = channel.send([message(f"wm{number}", number=number) for number in range(25)])
    company.confirm(sent[24].provider_id)
    cursor, found = None, []
    for _ in range(3):
        poll = channel.poll(cursor)
        cursor, found = poll.cursor, [*found, *poll.deliveries]
        assert len(waiting(cursor)) == 25 - len(found)
    assert [one.provider_id for one in found] == [sent[24].provider_id]


def test_a_cursor_does_not_grow_without_bound(
    opened: Any, company: WeCom, message: Make, monkeypatch: pytest.MonkeyPatch
):
    """While too many wait no further ones are taken; they come later, and none is lost."""
    monkeypatch.setattr(results, "OPEN", 5)
    channel = opened()
    first = channel.send([message(f"wm{number}", number=number) for number in range(5)])
    cursor = channel.poll(None).cursor
    later = channel.send([message(f"wn{number}", number=number) for number in range(3)])
    cursor = channel.poll(cursor).cursor
    assert len(waiting(cursor)) == 5
    for receipt in first:
        company.confirm(receipt.provider_id)
    cursor = channel.poll(cursor).cursor
    assert waiting(cursor) == []
    cursor = channel.poll(cursor).cursor
    assert {receipt.provider_id for receipt in later} <= set(waiting(cursor))


def test_an_error_in_the_middle_keeps_what_was_found(opened: Any, company: WeCom, message: Make):
    """What WeCom told is not lost, and the rest is asked next time."""
    channel = opened()
    sent = channel.send([message(f"wm{number}", number=number) for number in range(3)])
    for receipt in sent:
        company.confirm(receipt.provider_id)
    busy = Fault(answer=Answer({"errcode": 45009, "errmsg": "no"}))
    company.fail(Fault(), Fault(), Fault(), busy)
    first = channel.poll(None)
    second = channel.poll(first.cursor)
    found = [one.provider_id for one in (*first.deliveries, *second.deliveries)]
    assert len(first.deliveries) == 1
    assert set(found) == {receipt.provider_id for receipt in sent}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer({"errcode": 60020, "errmsg": "not allow"}), "60020"),
        (Answer(b"<html>", 502), "HTTP 502"),
        (Answer({"errcode": 45009, "errmsg": "often"}), "often"),
    ],
)
def test_a_poll_that_gets_nothing_says_why(opened: Any, company: WeCom, answer: Answer, said: str):
    """Silence would look as if nobody confirmed anything."""
    company.fail(Fault(), Fault(answer=answer))
    with pytest.raises(NotSent, match=said):
        opened().poll(None)


def test_a_message_that_wecom_forgot_stops_nobody(opened: Any, company: WeCom, message: Make):
    """One that cannot be asked about waits until it is given up; the others are told."""
    channel = opened()
    sent = channel.send([message("wmA"), message("wmB", number=2)])
    cursor = channel.poll(None).cursor
    gone = company.tasks.pop(sent[0].provider_id)
    company.confirm(sent[1].provider_id)
    poll = channel.poll(cursor)
    assert [one.provider_id for one in poll.deliveries] == [sent[1].provider_id]
    assert waiting(poll.cursor) == [gone.msgid]
