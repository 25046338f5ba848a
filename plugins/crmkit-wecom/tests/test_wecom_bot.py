"""What the bot posts, and what it makes of WeCom's answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crmkit.contracts.channel import Message
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.wecom import LONGEST_POST, PER_MINUTE, WeCom

Make = Callable[..., Message]


@pytest.mark.row("R31", "R33")
def test_an_alert_reaches_the_group(opened: Any, company: WeCom, message: Make):
    """It names no customer, and mentions who is to look."""
    bot = opened("wecom-bot", mentioned_list=["LinUserId", "@all"])
    alert = message("", "🧯 نفد المخزون\r\n库存报警", customer_id="", purpose="service")
    (receipt,) = bot.send([alert])
    assert receipt.outcome == "accepted"
    assert company.posts == [alert.text]
    assert company.calls[0].json()["text"]["mentioned_list"] == ["LinUserId", "@all"]


@pytest.mark.parametrize(("letter", "size"), [("a", 1), ("警", 3), ("🔥", 4)])
def test_the_limit_is_one_of_bytes(
    opened: Any, company: WeCom, message: Make, letter: str, size: int
):
    """2,048 bytes go whole, one letter more is cut, and the receipt says so."""
    bot = opened("wecom-bot")
    whole, longer = letter * (LONGEST_POST // size), letter * (LONGEST_POST // size + 1)
    receipts = bot.send([message(text=whole), message(text=longer), message(text=letter * 10**6)])
    assert [receipt.outcome for receipt in receipts] == ["accepted"] * 3
    assert [bool(receipt.reason) for receipt in receipts] == [False, True, True]
    assert company.posts[0] == whole
    assert company.posts[1] == company.posts[2] == letter * ((LONGEST_POST - 3) // size) + "…"


@pytest.mark.row("R30")
@pytest.mark.parametrize(
    ("code", "outcome", "after"),
    [
        (93000, "misconfigured", None),
        (45009, "retry", 60),
        (-1, "retry", None),
        (40058, "refused", None),
        (999999, "refused", None),
    ],
)
def test_an_error_under_http_200_is_one(
    opened: Any, company: WeCom, message: Make, code: int, outcome: str, after: float | None
):
    """The code in the body counts."""
    company.fail(Fault(answer=Answer({"errcode": code, "errmsg": "no"})))
    (receipt,) = opened("wecom-bot").send([message()])
    assert (receipt.outcome, receipt.code, receipt.after) == (outcome, str(code), after)


@pytest.mark.parametrize(
    "fault", [Fault(cut=True), Fault(answer=Answer(b"ok")), Fault(answer=Answer({"errmsg": "ok"}))]
)
def test_what_nobody_knows_is_unknown(opened: Any, company: WeCom, message: Make, fault: Fault):
    """An answer without a code is no success."""
    company.fail(fault)
    assert [receipt.outcome for receipt in opened("wecom-bot").send([message()])] == ["unknown"]


def test_a_wrong_key_is_misconfigured_and_never_shown(opened: Any, company: WeCom, message: Make):
    """No receipt repeats what the settings keep secret."""
    (receipt,) = opened("wecom-bot", key="hunter2&key=bot-key").send([message()])
    assert (receipt.outcome, receipt.code) == ("misconfigured", "93000")
    assert "hunter2" not in repr(receipt)
    assert company.posts == []


def test_after_twenty_in_a_minute_it_waits_one(
    opened: Any, company: WeCom, message: Make, clock: Any
):
    """The rest of the batch is not even tried, and goes a minute later."""
    bot = opened("wecom-bot")
    alerts = [message(text=str(number), number=number) for number in range(PER_MINUTE + 3)]
    receipts = bot.send(alerts)
    assert [receipt.outcome for receipt in receipts] == ["accepted"] * PER_MINUTE + ["retry"] * 3
    assert len(company.calls) == PER_MINUTE + 1
    clock.at += timedelta(seconds=receipts[-1].after)
    assert {receipt.outcome for receipt in bot.send(alerts[PER_MINUTE:])} == {"accepted"}
    assert company.posts == [alert.text for alert in alerts]
