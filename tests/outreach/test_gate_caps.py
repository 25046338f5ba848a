"""Caps as the gate counts them: over all channels and by one, in one batch and over days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crmkit.contracts.channel import Receipt
from tests.outreach.kit import BOTH, DAY, HOUR, MINUTE, NOW, Firm


def capped(name: str, most: int | None, per: str = "day") -> dict[str, object]:
    return {"caps": {name: {"max": most, "per": per}}}


@BOTH
@pytest.mark.row("R37")
def test_two_messages_in_one_batch_count_each_other(found: Callable[..., Firm]):
    """Three are due at once and one a day may go: one goes, and so on day by day."""
    firm = found(outreach=capped("all", 1))
    firm.save("ann")
    for occasion in "abc":
        firm.enqueue("ann", occasion=occasion)
    assert firm.dispatch() == {"planned": 2, "accepted": 1}
    assert {row.next for row in firm.rows(state="planned")} == {NOW.replace(hour=0) + DAY}
    for _ in range(2):
        firm.now += DAY
        firm.dispatch()
    assert len(firm.mail.sent) == 3
    assert firm.states() == [("accepted", None)] * 3


@pytest.mark.row("R37")
def test_a_cap_over_all_channels_counts_all(found: Callable[..., Firm]):
    """What went by SMS holds back an e-mail; a cap by channel does not."""
    firm = found(outreach=capped("all", 1))
    firm.save("ann")
    firm.send("ann", channel="sms", occasion="a")
    assert firm.send("ann", occasion="b")[0].reason == "cap"
    firm = found(outreach=capped("mail", 1))
    firm.save("bob")
    firm.send("bob", channel="sms", occasion="a")
    assert firm.send("bob", occasion="b")[0].state == "accepted"
    assert firm.send("bob", occasion="c")[0].reason == "cap"
    assert firm.send("bob", channel="sms", occasion="d")[0].state == "accepted"


def test_a_cap_that_names_a_type_counts_every_channel_of_it(found: Callable[..., Firm]):
    """Two mailboxes of one type share the type's cap."""
    channels = {"news": {"type": "mail"}, "desk": {"type": "mail"}}
    firm = found(outreach=capped("mail", 1), channels=channels)
    firm.save("ann")
    assert firm.send("ann", channel="news", occasion="a")[0].state == "accepted"
    assert firm.send("ann", channel="desk", occasion="b")[0].reason == "cap"
    assert firm.send("ann", channel="sms", occasion="c")[0].state == "accepted"


@pytest.mark.row("R37")
def test_no_messages_and_no_cap(found: Callable[..., Firm]):
    """0 means none, ever, and it is looked at again; None means no cap."""
    firm = found(outreach=capped("all", 0))
    firm.save("ann")
    row = firm.send("ann")[0]
    assert (row.state, row.reason, row.next) == ("planned", "cap", NOW + DAY)
    firm = found(outreach=capped("all", None))
    firm.save("bob")
    for occasion in "abcde":
        firm.enqueue("bob", occasion=occasion)
    assert firm.dispatch() == {"accepted": 5}


@pytest.mark.row("R37")
@pytest.mark.parametrize(
    ("per", "free"),
    [
        ("day", datetime(2026, 6, 1, 16, tzinfo=UTC)),  # midnight in Shanghai
        ("24h", datetime(2026, 6, 2, 12, tzinfo=UTC)),
        ("90m", datetime(2026, 6, 1, 13, 30, tzinfo=UTC)),
        ("week", datetime(2026, 6, 7, 16, tzinfo=UTC)),  # Monday there
        ("month", datetime(2026, 6, 30, 16, tzinfo=UTC)),
    ],
)
def test_the_calendar_is_his_a_span_rolls(per: str, free: datetime, found: Callable[..., Firm]):
    """A day is the calendar's where he is; 24 hours are 24 hours: to the minute it goes."""
    firm = found(outreach=capped("mail", 1, per))
    firm.save("ann", time_zone="Asia/Shanghai")
    firm.send("ann", occasion="a")
    row = firm.send("ann", occasion="b")[0]
    assert (row.reason, row.next) == ("cap", free)
    firm.now = free - MINUTE
    assert firm.dispatch() == {}
    firm.now = free
    assert firm.dispatch() == {"accepted": 1}


@pytest.mark.row("R37")
def test_what_the_provider_refused_uses_up_nothing_what_is_unknown_does(
    found: Callable[..., Firm],
):
    """Only what may have reached him counts."""
    firm = found(outreach=capped("all", 1))
    firm.save("ann")
    firm.mail.answer = lambda m: Receipt.refused(m, "no such mailbox")
    assert firm.send("ann", occasion="a")[0].state == "refused"
    firm.mail.answer = lambda m: Receipt.retry(m, "greylisted", after=36_000)
    assert firm.send("ann", occasion="b")[0].state == "failed"
    firm.now += HOUR
    firm.mail.answer = lambda m: Receipt.unknown(m, "the line went dead")
    assert firm.send("ann", occasion="c")[0].state == "unknown"
    firm.now += HOUR
    assert firm.send("ann", occasion="d")[0].reason == "cap"


def test_messages_to_one_do_not_count_for_another(found: Callable[..., Firm]):
    """A cap is each customer's own."""
    firm = found(outreach=capped("all", 1))
    names = [firm.save(f"c{number}") for number in range(5)]
    assert {row.state for row in firm.send(*names)} == {"accepted"}
