"""What the bot posts, and what it makes of Feishu's answers."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crmkit_feishu.bot import PAUSE, sign

from crmkit import ConfigError
from crmkit.contracts.channel import Message
from crmkit.contracts.signatures import base64_digest
from crmkit.testing.plugins import check_installed
from crmkit.testing.simulators.base import Answer, Fault
from crmkit.testing.simulators.feishu import LONGEST, PER_MINUTE, PER_SECOND, Feishu

Alert = Callable[..., Message]


def gen_sign(timestamp: str, secret: str) -> str:
    """Sign by the sample in Feishu's documentation."""
    string_to_sign = f"{timestamp}\n{secret}"
    hmac_code = hmac.new(string_to_sign.encode("utf-8"), digestmod=hashlib.sha256).digest()
    return base64.b64encode(hmac_code).decode("utf-8")


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and the hook answers as it should."""
    assert check_installed("crmkit-feishu").hooks == ("crmkit_channels",)


@pytest.mark.parametrize("secret", ["this is secret", "0f" * 32, "密钥"])
@pytest.mark.parametrize("stamp", ["1599360473", "0", "1804060800"])
def test_a_signature_is_the_documented_one(stamp: str, secret: str):
    """Instant and secret are the key: DingTalk's way round gives another signature."""
    assert sign(stamp, secret) == gen_sign(stamp, secret)
    assert sign(stamp, secret) != base64_digest(secret, f"{stamp}\n{secret}")


@pytest.mark.row("R31", "R33")
def test_an_alert_reaches_the_group(opened: Any, bot: Feishu, alert: Alert):
    """Signed with whole seconds, as text, in every script."""
    (receipt,) = opened().send([alert("🧯 نفد المخزون\r\n库存报警")])
    assert receipt.outcome == "accepted"
    assert bot.texts == ["🧯 نفد المخزون\r\n库存报警"]
    assert bot.calls[0].json()["timestamp"] == "1803888000"


def test_without_a_secret_nothing_is_signed(opened: Any, bot: Feishu, alert: Alert):
    """A bot may be secured by keywords or addresses instead."""
    opened(secret=None).send([alert()])
    assert set(bot.calls[0].json()) == {"msg_type", "content"}


@pytest.mark.parametrize("letter", ["警", "a", "\n", '"', "\x01", "🔥"])
def test_a_megabyte_is_cut_to_what_the_body_may_have(
    opened: Any, bot: Feishu, alert: Alert, letter: str
):
    """The limit is the body's, where JSON writes some letters longer; little of it is wasted."""
    (receipt,) = opened().send([alert("x" + letter * 1_000_000)])
    assert (receipt.outcome, receipt.reason[:4]) == ("accepted", "cut:")
    assert bot.texts[0].startswith("x" + letter)
    assert LONGEST - 200 < len(bot.calls[0].body) <= LONGEST


@pytest.mark.row("R30")
@pytest.mark.parametrize(
    ("code", "outcome", "after"),
    [
        (19001, "misconfigured", None),
        (19021, "misconfigured", None),
        (19022, "misconfigured", None),
        (19024, "misconfigured", None),
        (9499, "refused", None),
        (11232, "retry", PAUSE),
        (999999, "refused", None),
    ],
)
def test_an_error_under_http_200_is_one(
    opened: Any, bot: Feishu, alert: Alert, code: int, outcome: str, after: float | None
):
    """The code in the body counts."""
    bot.fail(Fault(answer=Answer({"code": code, "data": {}, "msg": "no"})))
    (receipt,) = opened().send([alert()])
    assert (receipt.outcome, receipt.code, receipt.after) == (outcome, str(code), after)
    assert receipt.reason.endswith("no")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"Extra": None, "StatusCode": 0, "StatusMessage": "success"}, "accepted"),
        ({"StatusCode": 11232, "StatusMessage": "no"}, "retry"),
        ({"StatusCode": 0, "code": 19021}, "misconfigured"),
        ({"msg": "success"}, "unknown"),
        (b"success", "unknown"),
    ],
)
def test_the_older_field_counts_where_it_stands_alone(
    opened: Any, bot: Feishu, alert: Alert, body: Any, outcome: str
):
    """Older installations answer with StatusCode; without any code nobody knows."""
    bot.fail(Fault(answer=Answer(body)))
    assert [receipt.outcome for receipt in opened().send([alert()])] == [outcome]


def test_a_cut_connection_is_unknown(opened: Any, bot: Feishu, alert: Alert):
    """The group saw it, and crmkit cannot know."""
    bot.fail(Fault(cut=True))
    assert [receipt.outcome for receipt in opened().send([alert()])] == ["unknown"]
    assert len(bot.posts) == 1


def test_it_waits_once_it_goes_too_fast(opened: Any, alert: Alert, clock: Any):
    """Of six in one second the sixth waits; of more than a hundred in a minute the rest."""
    channel = opened()
    outcomes = [receipt.outcome for receipt in channel.send([alert()] * (PER_SECOND + 2))]
    assert outcomes == ["accepted"] * PER_SECOND + ["retry"] * 2
    for _ in range(PER_MINUTE // PER_SECOND - 1):
        clock.at += timedelta(seconds=1)
        channel.send([alert()] * PER_SECOND)
    clock.at += timedelta(seconds=1)
    assert [receipt.outcome for receipt in channel.send([alert()])] == ["retry"]
    clock.at += timedelta(seconds=PAUSE)
    assert [receipt.outcome for receipt in channel.send([alert()])] == ["accepted"]


@pytest.mark.parametrize(
    "settings", [{"secret": "other-secret"}, {"secret": None}, {"token": "other/../token"}]
)
def test_wrong_credentials_are_misconfigured_and_never_shown(
    opened: Any, bot: Feishu, alert: Alert, settings: dict[str, Any]
):
    """No receipt repeats what the settings keep secret."""
    (receipt,) = opened(**settings).send([alert()])
    assert receipt.outcome == "misconfigured"
    assert bot.posts == []
    secrets = ("other-secret", "feishu-secret", "hook-token", "other/../token")
    assert not [word for word in secrets if word in repr(receipt)]


def test_a_missing_keyword_is_named(opened: Any, bot: Feishu, alert: Alert):
    """What is to be mended is said."""
    with Feishu(keyword="crmkit", secret=None) as strict:
        (receipt,) = opened(endpoint=strict.url + "/").send([alert()])
    assert (receipt.outcome, receipt.code) == ("misconfigured", "19024")
    assert "keyword" in receipt.reason
    assert bot.calls == []


def test_a_wrong_setting_is_one_line(opened: Any):
    """A typing error names the setting."""
    with pytest.raises(ConfigError, match="endpont"):
        opened(endpont="https://open.larksuite.com")
