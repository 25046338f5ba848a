"""What the robot posts, and what it makes of DingTalk's answers."""

import base64
import hashlib
import hmac
import urllib.parse
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crmkit_dingtalk.bot import sign

from crmkit import ConfigError
from crmkit.contracts.channel import Message
from crmkit.testing.plugins import check_installed
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.dingtalk import BAN, PER_MINUTE, DingTalk

Alert = Callable[..., Message]


def documented(timestamp: str, secret: str) -> str:
    """Sign by the sample in DingTalk's documentation; its result is ready for a URL."""
    secret_enc = secret.encode("utf-8")
    string_to_sign = f"{timestamp}\n{secret}"
    string_to_sign_enc = string_to_sign.encode("utf-8")
    hmac_code = hmac.new(secret_enc, string_to_sign_enc, digestmod=hashlib.sha256).digest()
    return urllib.parse.quote_plus(base64.b64encode(hmac_code))


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and the hook answers as it should."""
    assert check_installed("crmkit-dingtalk").hooks == ("crmkit_channels",)


@pytest.mark.parametrize("secret", ["this is secret", "SEC" + "0f" * 32, "密钥"])
@pytest.mark.parametrize("stamp", ["1577262236757", "0", "1804060800000"])
def test_a_signature_is_the_documented_one(stamp: str, secret: str):
    """Encoded for a URL it is what DingTalk's own sample prints."""
    assert urllib.parse.quote_plus(sign(stamp, secret)) == documented(stamp, secret)


def test_a_signature_is_encoded_once(opened: Any, robot: DingTalk, alert: Alert, clock: Any):
    """On the wire stands what the sample prints, for signatures with every special letter."""
    seen = set()
    for _ in range(15):
        opened().send([alert()])
        clock.at += timedelta(seconds=61)
        query = robot.calls[-1].target.partition("?")[2].split("&")
        raw = dict(part.split("=", 1) for part in query)
        assert raw["sign"] == documented(raw["timestamp"], "SECrobot")
        seen |= {letter for letter in ("%2B", "%2F", "%3D") if letter in raw["sign"]}
    assert seen == {"%2B", "%2F", "%3D"}
    assert len(robot.posts) == 15


@pytest.mark.row("R31", "R33")
def test_an_alert_reaches_the_group(opened: Any, robot: DingTalk, alert: Alert):
    """It names no customer, and mentions who is to look."""
    channel = opened(at_mobiles=["13800138000"])
    (receipt,) = channel.send([alert("🧯 نفد المخزون\r\n库存报警")])
    assert receipt.outcome == "accepted"
    (post,) = robot.posts
    assert (post.kind, post.text) == ("text", "🧯 نفد المخزون\r\n库存报警 @13800138000")
    assert post.body["at"] == {"atMobiles": ["13800138000"], "isAtAll": False}


def test_markdown_has_a_title(opened: Any, robot: DingTalk, alert: Alert):
    """The subject, or the first line."""
    channel = opened(format="markdown", at_all=True)
    channel.send([alert("## Stock\n* low", 1), alert("* low", 2, subject="Stock")])
    assert [post.body["markdown"]["title"] for post in robot.posts] == ["## Stock", "Stock"]
    assert robot.posts[0].body["at"]["isAtAll"] is True


def test_a_megabyte_is_cut(opened: Any, robot: DingTalk, alert: Alert):
    """What is too long arrives in part, and the receipt says so."""
    (receipt,) = opened().send([alert("警" * 350_000)])
    assert (receipt.outcome, receipt.reason[:4]) == ("accepted", "cut:")
    assert len(robot.posts[0].text.encode()) <= 20_000


@pytest.mark.row("R30")
@pytest.mark.parametrize(
    ("code", "outcome", "after"),
    [
        (310000, "misconfigured", None),
        (300001, "misconfigured", None),
        (130101, "retry", BAN),
        (-1, "retry", None),
        (40035, "refused", None),
        (999999, "refused", None),
    ],
)
def test_an_error_under_http_200_is_one(
    opened: Any, robot: DingTalk, alert: Alert, code: int, outcome: str, after: float | None
):
    """The code in the body counts."""
    robot.fail(Fault(answer=Answer({"errcode": code, "errmsg": "no"})))
    (receipt,) = opened().send([alert()])
    assert (receipt.outcome, receipt.code, receipt.after) == (outcome, str(code), after)
    assert receipt.reason.endswith("no")


@pytest.mark.parametrize(
    "fault", [Fault(cut=True), Fault(answer=Answer(b"ok")), Fault(answer=Answer({"errmsg": "ok"}))]
)
def test_what_nobody_knows_is_unknown(opened: Any, robot: DingTalk, alert: Alert, fault: Fault):
    """An answer without a code is no success."""
    robot.fail(fault)
    assert [receipt.outcome for receipt in opened().send([alert()])] == ["unknown"]


def test_after_twenty_in_a_minute_it_waits_ten(
    opened: Any, robot: DingTalk, alert: Alert, clock: Any
):
    """Nothing is posted into the ban, and after it everything is."""
    channel = opened()
    alerts = [alert(str(number), number) for number in range(PER_MINUTE + 5)]
    outcomes = [receipt.outcome for receipt in channel.send(alerts)]
    assert outcomes == ["accepted"] * PER_MINUTE + ["retry"] * 5
    assert len(robot.calls) == PER_MINUTE + 1
    clock.at += timedelta(seconds=BAN - 1)
    assert [receipt.outcome for receipt in channel.send([alert()])] == ["retry"]
    clock.at += timedelta(seconds=1)
    rest = channel.send(alerts[PER_MINUTE:])
    assert [receipt.outcome for receipt in rest] == ["accepted"] * 5


@pytest.mark.parametrize(
    "settings", [{"secret": "SECother"}, {"secret": None}, {"access_token": "other"}]
)
def test_wrong_credentials_are_misconfigured_and_never_shown(
    opened: Any, robot: DingTalk, alert: Alert, settings: dict[str, Any]
):
    """No receipt repeats what the settings keep secret."""
    (receipt,) = opened(**settings).send([alert()])
    assert receipt.outcome == "misconfigured"
    assert robot.posts == []
    assert not [word for word in ("SECother", "SECrobot", "robot-token") if word in repr(receipt)]


def test_a_clock_that_is_an_hour_off_is_named(
    opened: Any, robot: DingTalk, alert: Alert, clock: Any
):
    """DingTalk refuses the timestamp, and its words are kept."""
    channel = opened()
    early = clock.at - timedelta(hours=1, seconds=1)
    channel.clock = lambda: early
    (receipt,) = channel.send([alert()])
    assert (receipt.outcome, "invalid timestamp" in receipt.reason) == ("misconfigured", True)
    assert robot.posts == []


def test_a_wrong_setting_is_one_line(opened: Any):
    """A typing error names the setting."""
    with pytest.raises(ConfigError, match="access_tokn"):
        opened(access_tokn="x")
    with pytest.raises(ConfigError, match="format"):
        opened(format="html")
