"""What goes out through Apprise, how sure its outcome is, and what must not go through it."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from crmkit_apprise import hooks
from crmkit_apprise.channel import AppriseChannel

from crmkit import ConfigError
from crmkit.contracts.channel import (
    ACCEPTED,
    MISCONFIGURED,
    REFUSED,
    RETRY,
    UNKNOWN,
    Channel,
    Message,
    Receipt,
)
from crmkit.testing.plugins import check_installed
from crmkit.testing.simulators.base import Answer, Fault, Simulator, busy

Open = Callable[..., Channel]
Make = Callable[..., Message]


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and its hook answers as it should."""
    assert check_installed("crmkit-apprise").hooks == ("crmkit_channels",)


@pytest.mark.row("R32")
def test_whatever_apprise_knows_is_a_channel(service: Any, opened: Open, message: Make):
    """One URL makes a channel of any messenger, today's or the next: each customer his own call."""
    channel = opened(f"json://{service.place}/send/{{to}}")
    batch = [message(id=f"m{n}", to=to, subject="Hi\nX") for n, to in enumerate(("chen", "李/4"))]
    receipts = channel.send(batch)
    assert [(one.message_id, one.outcome, one.provider_id) for one in receipts] == [
        ("m0", ACCEPTED, None),
        ("m1", ACCEPTED, None),
    ]
    assert [call.target for call in service.calls] == ["/send/chen", "/send/%E6%9D%8E%2F4"] or [
        call.target for call in service.calls
    ] == ["/send/chen", "/send/%E6%9D%8E/4"]
    sent = service.calls[0].json()
    assert (sent["title"], sent["message"]) == ("Hi X", "你好")


def test_a_network_is_spoken_to_in_its_own_way(service: Any, opened: Open, message: Make):
    """Signal's gateway gets the number of each customer, by Apprise's own plugin."""
    channel = opened(f"signal://{service.place}/+4915112345678/{{to}}", "apprise.signal")
    assert channel.send([message(to="+8613800138000")])[0].outcome == ACCEPTED
    assert service.calls[0].json()["recipients"] == ["+8613800138000"]


@pytest.mark.row("R30", "R31")
@pytest.mark.parametrize(
    ("network", "url", "to"),
    [
        ("telegram", "tgram://123456789:abcdefg_hijklmnop/{to}", "987654321"),
        ("x", "x://ckey/csecret/akey/asecret/{to}", "@chen_wei"),
        ("qq", "qq://{to}", "0123456789abcdef0123456789abcdef"),
        ("wxpusher", "wxpusher://AT_appid/{to}", "UID_chen123"),
        ("line", "line://" + "a" * 40 + "/{to}", "U1234567890abcdef"),
        ("viber", "viber://token/{to}", "01234567890A="),
        ("matrix", "matrixs://lin:pw@matrix.example/{to}", "#vip:matrix.example"),
        ("slack", "slack://xoxb-1234-1234-abc124/{to}", "@U0CHEN"),
        ("threema", "threema://*MYGWYID@secret/{to}", "ABCD1234"),
    ],
)
def test_networks_take_one_recipient_a_message(
    opened: Open, message: Make, network: str, url: str, to: str
):
    """The credential stands in the URL once, and the recipient is the customer's own identity."""
    channel = opened(url, f"apprise.{network}")
    assert isinstance(channel, AppriseChannel)
    service = channel._service(message(to=to))
    assert (len(service), isinstance(service, Receipt)) == (1, False)
    spec = {one.name: one for one in hooks.crmkit_channels()}[f"apprise.{network}"]
    assert spec.identity == network


@pytest.mark.parametrize("to", ["", " ", "a\nb", "\x00", "/", "###"])
def test_what_is_no_address_is_refused(service: Any, opened: Open, message: Make, to: str):
    """Nothing is called, and the next message goes."""
    channel = opened(f"json://{service.place}/{{to}}")
    receipts = channel.send([message(to=to), message()])
    assert [one.outcome for one in receipts] == [REFUSED, ACCEPTED]
    assert len(service.calls) == 1


@pytest.mark.parametrize("to", ["+8613800138000,+8613800138001", "nonsense"])
def test_nobody_else_is_written_to(service: Any, opened: Open, message: Make, to: str):
    """An address that would be several people, or that the plugin drops, reaches nobody."""
    channel = opened(f"signal://{service.place}/+4915112345678/{{to}}", "apprise.signal")
    assert channel.send([message(to=to)])[0].outcome == REFUSED
    assert service.calls == []


@pytest.mark.parametrize(
    ("to", "taken"),
    [("a", False), ("!x", False), ("陈", False), ("987654321, 1", False), ("abc", True)],
)
def test_a_dropped_address_is_seen(opened: Open, message: Make, to: str, taken: bool):
    """Telegram's plugin drops some, and would write to the bot's owner instead."""
    channel = opened("tgram://123456789:abcdefg_hijklmnop/{to}", "apprise.telegram")
    assert isinstance(channel, AppriseChannel)
    made = channel._service(message(to=to))
    assert isinstance(made, Receipt) is not taken


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        (busy(9), RETRY, "429"),
        (busy(status=503), RETRY, "503"),
        (Fault(answer=Answer(b"", 302, {"Location": "/moved"})), MISCONFIGURED, "302"),
        (Fault(answer=Answer(b"", 401)), MISCONFIGURED, "401"),
        (Fault(answer=Answer(b"", 403)), REFUSED, "403"),
        (Fault(answer=Answer(b"", 404)), REFUSED, "404"),
        (Fault(answer=Answer(b"", 500)), UNKNOWN, "500"),
        (Fault(answer=Answer(b"", 502)), UNKNOWN, "502"),
        (Fault(cut=True), UNKNOWN, None),
        (Fault(refuse=True), UNKNOWN, None),
    ],
)
def test_only_what_is_clear_is_called_clear(
    service: Any, opened: Open, message: Make, fault: Fault, outcome: str, code: str | None
):
    """A status that means "not taken" decides; a broken connection may have been a success."""
    service.fail(fault)
    (receipt,) = opened(f"json://{service.place}/{{to}}").send([message()])
    assert (receipt.outcome, receipt.code) == (outcome, code)
    assert len(service.calls) == 1


def test_a_slow_service_is_unknown(service: Any, opened: Open, message: Make):
    """It may have taken the message before it fell silent."""
    service.fail(Fault(wait=0.3))
    channel = opened(f"json://{service.place}/{{to}}?rto=0.1&cto=0.1")
    assert channel.send([message()])[0].outcome == UNKNOWN


def test_only_crmkit_sends_again(service: Any, opened: Open, message: Make):
    """A URL that asks Apprise to repeat at once is not obeyed: a repeat may be a second message."""
    service.fail(Fault(answer=Answer(b"", 500)), Fault(answer=Answer(b"", 500)))
    opened(f"json://{service.place}/{{to}}?retry=3").send([message()])
    assert len(service.calls) == 1


def test_nobody_waits_for_apprises_throttle(
    service: Any, opened: Open, message: Make, monkeypatch: pytest.MonkeyPatch
):
    """An object of Apprise's would wait seconds between two messages; each has its own."""
    waited: list[float] = []
    channel = opened(f"signal://{service.place}/+4915112345678/{{to}}", "apprise.signal")
    monkeypatch.setattr(time, "sleep", waited.append)
    channel.send([message(to=f"+861380013800{n}") for n in range(4)])
    assert (len(service.calls), sum(waited)) == (4, 0)


def test_a_text_too_long_is_not_cut(service: Any, opened: Open, message: Make):
    """Apprise would cut or split it; half a message is worse than none."""
    (receipt,) = opened(f"json://{service.place}/{{to}}").send([message(text="x" * 2**20)])
    assert (receipt.outcome, service.calls) == (REFUSED, [])
    assert opened(f"json://{service.place}/{{to}}").send([message(text=" ")])[0].outcome == REFUSED


def test_colleagues_are_alerted(service: Any, opened: Open, message: Make):
    """A staff channel has its place in the URL and needs no address."""
    channel = opened(f"json://{service.place}/alerts", "apprise.staff")
    assert channel.send([message(to="")])[0].outcome == ACCEPTED
    assert service.calls[0].path.rstrip("/") == "/alerts"
    service.fail(Fault(answer=Answer(b"", 404)))
    assert channel.send([message(to="")])[0].outcome == MISCONFIGURED


@pytest.mark.parametrize(
    ("url", "better"),
    [
        ("wecombot://BOTKEY/{to}", "crmkit-wecom"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={to}", "crmkit-wecom"),
        ("DingTalk://token/{to}", "crmkit-dingtalk"),
        ("https://oapi.dingtalk.com/robot/send?access_token={to}", "crmkit-dingtalk"),
        ("feishu://token/{to}", "crmkit-feishu"),
        ("lark://token/{to}", "crmkit-feishu"),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/{to}", "crmkit-feishu"),
    ],
)
@pytest.mark.parametrize("type_", ["apprise", "apprise.staff"])
def test_false_successes_are_not_offered(opened: Open, url: str, better: str, type_: str):
    """Four services answer failures with HTTP 200, which Apprise takes for success."""
    if type_ == "apprise.staff":
        url = url.replace("{to}", "x")
    with pytest.raises(ConfigError, match=better) as told:
        opened(url, type_)
    assert told.value.key == "channels." + type_ + ".service"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "type_"),
    [
        ("tgram://TOKEN/123", "apprise"),
        ("tgram://TOKEN/{to}", "apprise.staff"),
        ("no url {to}", "apprise"),
        ("json://a/{to} json://b/{to}", "apprise"),
    ],
)
def test_settings_are_checked(opened: Open, url: str, type_: str):
    """Customers need a place for the recipient, colleagues have none; the secret is not shown."""
    with pytest.raises(ConfigError, match="service") as told:
        opened(url, type_)
    assert "TOKEN" not in str(told.value)


@pytest.mark.parametrize("url", ["nosuch://token/{to}", "tgram://x/{to}"])
def test_an_unknown_service_is_misconfigured(opened: Open, message: Make, url: str):
    """Nothing can go before the URL is mended, and the receipt does not show it."""
    (receipt,) = opened(url).send([message(to="123456")])
    assert receipt.outcome == MISCONFIGURED
    assert "tgram" not in receipt.reason


def test_nothing_is_printed(service: Simulator):
    """A program that set no logging up sees none of Apprise's warnings, nor any secret."""
    code = f"""if 1:
        from crmkit.contracts.channel import Message
        from crmkit.contracts.settings import Secret
        from crmkit_apprise.channel import AppriseChannel
        from crmkit_apprise.settings import CustomerConfig
        url = "json://lin:hunter2@{service.url.removeprefix("http://")}/{{to}}"
        channel = AppriseChannel(CustomerConfig(service=Secret(url)))
        message = Message(id="1", customer_id="1", to="chen", purpose="care", text="x")
        print(repr(channel.send([message, message])[0].outcome))
    """
    service.fail(busy())
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    assert (done.stdout, done.stderr) == ("'retry'\n", "")


def test_nothing_secret_is_logged(
    service: Any, opened: Open, message: Make, caplog: pytest.LogCaptureFixture
):
    """Nor where the host logs everything."""
    with caplog.at_level(logging.DEBUG):
        opened(f"json://lin:hunter2@{service.place}/{{to}}").send([message()])
    assert "hunter2" not in caplog.text
    assert json.loads(service.calls[0].body)["message"] == "你好"
