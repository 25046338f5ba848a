"""Between two calls of a slow channel: what happens there holds for what is not handed over yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.specs import Limits
from crmkit.errors import PluginError
from tests.outreach.kit import BOTH, HOUR, NOW, Censor, Firm, taken

ONE = Limits(batch=1)
NIGHT: dict[str, Any] = {"quiet_hours": {"start": "12:30", "end": "14:00"}}
NAMES = ("ann", "bob", "cid")


def _then(firm: Firm, do: Callable[[], object]) -> None:
    """Let something happen while the first message is with its channel, once."""

    def first(message: Message) -> Receipt:
        firm.mail.answer = taken
        do()
        return taken(message)

    firm.mail.answer = first


@BOTH
def test_who_withdraws_meanwhile_gets_nothing(found: Callable[..., Firm]):
    """His message was claimed with the others, and not handed over yet."""
    firm = found(limits=ONE)
    firm.enqueue(*map(firm.save, NAMES))
    _then(firm, lambda: firm.crm.consents.withdraw("bob", "care", source="a call"))
    assert firm.dispatch() == {"accepted": 2, "refused": 1}
    assert firm.mail.to == ["ann", "cid"]
    assert firm.row("bob").reason == "consent"
    assert firm.row("bob").attempts == 0


def test_the_night_begins_meanwhile(found: Callable[..., Firm]):
    """What a slow channel has not taken by then waits for the morning, and is tried once."""
    firm = found(limits=ONE, outreach={**NIGHT, "attempts": 1})
    firm.enqueue(*map(firm.save, NAMES))

    def an_hour() -> None:
        firm.now += HOUR

    _then(firm, an_hour)
    assert firm.dispatch() == {"accepted": 1, "planned": 2}
    assert [(row.reason, row.next) for row in firm.rows(state="planned")] == [
        ("quiet_hours", NOW + 2 * HOUR)
    ] * 2
    firm.now = NOW + 2 * HOUR
    assert firm.dispatch() == {"accepted": 2}
    assert firm.mail.to == [*NAMES]


def test_another_channel_comes_after_a_slow_one(found: Callable[..., Firm]):
    """What waits for its turn behind another channel is judged when it comes."""
    firm = found(limits=ONE)
    firm.enqueue(firm.save("ann"))
    firm.enqueue(firm.save("bob"), channel="sms")
    _then(firm, lambda: firm.crm.consents.withdraw("bob", None, source="a call"))
    assert firm.dispatch() == {"accepted": 1, "refused": 1}
    assert firm.sms.sent == []


def test_an_address_that_proves_dead_gets_nothing_more(found: Callable[..., Firm]):
    """Two messages for one address are due, and the first is refused for good."""
    firm = found(limits=ONE)
    ann = firm.save("ann")
    firm.enqueue(ann)
    firm.enqueue(ann, occasion="p")
    firm.mail.answer = lambda message: Receipt.refused(message, "nobody", permanent=True)
    firm.dispatch()
    assert len(firm.mail.sent) == 1
    assert firm.row(occasion="p").reason == "suppressed"


def test_caps_count_what_was_judged_anew_once(found: Callable[..., Firm]):
    """A message given back and claimed again is one message."""
    firm = found(limits=ONE, outreach={"caps": {"all": {"max": 1, "per": "24h"}}})
    firm.enqueue(*map(firm.save, NAMES))
    _then(firm, lambda: firm.crm.consents.withdraw("ann", None, source="a call"))
    assert firm.dispatch() == {"accepted": 3}
    assert {row.attempts for row in firm.rows()} == {1}


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=9)])
def test_a_plugin_that_breaks_meanwhile_leaves_nothing_in_doubt(
    found: Callable[..., Firm], later: timedelta
):
    """What was claimed and never handed over is due, also behind another channel."""
    censor = Censor()
    firm = found(limits=ONE, plugins=[censor])
    firm.enqueue(*map(firm.save, NAMES))
    firm.enqueue(firm.save("dan"), channel="sms")

    def breaks() -> None:
        censor.broken = RuntimeError("no answer")
        firm.now += later
        firm.crm.consents.withdraw("cid", None, source="a call")

    _then(firm, breaks)
    with pytest.raises(PluginError):
        firm.dispatch()
    assert firm.states() == [("accepted", None)] + [("planned", None)] * 3
    censor.broken = None
    assert firm.dispatch() == {"accepted": 2, "refused": 1}
    assert firm.mail.to == ["ann", "bob"]


@BOTH
def test_who_breaks_it_off_leaves_one_call_in_doubt(found: Callable[..., Firm]):
    """Nobody knows what became of the message in hand; those behind it are due."""
    firm = found(limits=ONE)
    firm.enqueue(*map(firm.save, NAMES))
    firm.enqueue(firm.save("dan"), channel="sms")

    def interrupted() -> None:
        raise KeyboardInterrupt

    _then(firm, interrupted)
    with pytest.raises(KeyboardInterrupt):
        firm.dispatch()
    assert firm.states() == [("claimed", None)] + [("planned", None)] * 3
    assert firm.dispatch() == {"accepted": 3}
    firm.now += HOUR
    assert firm.dispatch() == {"unknown": 1}
    assert firm.mail.to == ["ann", "bob", "cid"]
