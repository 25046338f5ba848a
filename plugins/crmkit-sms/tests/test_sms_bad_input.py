"""Hostile addresses and texts: refused with a reason, nothing sent, and nothing sent elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sms_kit import Both, Open, Write

import crmkit
from crmkit.contracts.channel import Channel, Template
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.twilio import TwilioSimulator

pytestmark = pytest.mark.row("R30")
PROVIDERS = ("aliyun", "tencent", "twilio")
HOSTILE = [
    "王'; DROP TABLE x;--",
    'a","Admin":"1',
    "&PhoneNumbers=13900000000&OutId=other",
    "line\r\nX-Evil: 1",
    "emoji 🧧👨‍👩‍👧 and \u202ertl\u202c مرحبا",
    "%26To%3D%2B1 + %",
    "\x00\x1b[31m",
]


@pytest.fixture(params=PROVIDERS)
def both(request: pytest.FixtureRequest) -> Both:
    """Give each provider in turn, and the channel on it."""
    name = request.param
    return request.getfixturevalue(name), request.getfixturevalue(f"by_{name}")


@pytest.mark.parametrize(
    "to",
    [
        "",
        " ",
        "13800138000",
        "+8613800138000,13900139000",
        "+8613800138000\n",
        "+8613800138000\r\nX-Evil: 1",
        "+86 138 0013 8000",
        "+999123456789",
        "+210123456789",
        "+1",
        "+121255501000",
        "+0013800138000",
        "+８６１３８００１３８０００",
        "sip:+8613800138000",
        "+8613800138000;ext=1",
        "+" + "1" * 1_000_000,
        "\udcff",
    ],
)
def test_an_address_that_is_no_number_is_refused(both: Both, write: Write, to: str):
    """Only a number in E.164, of a country there is, goes out; a good one beside it does."""
    simulator, channel = both
    good, bad = write(), write(to or " ")
    found = {receipt.message_id: receipt for receipt in channel.send([good, bad])}
    assert (found[good.id].outcome, found[bad.id].outcome) == ("accepted", "refused")
    assert found[bad.id].reason
    assert len(simulator.taken) == 1


@pytest.mark.parametrize("value", ["x" * 1_000_000, "\udcff", "half \ud83e"])
def test_a_text_that_nobody_could_read_is_refused(both: Both, write: Write, value: str):
    """A megabyte and half a character never leave; the other messages do."""
    simulator, channel = both
    good, bad = write(), write(values={"name": value})
    found = {receipt.message_id: receipt for receipt in channel.send([good, bad])}
    assert (found[good.id].outcome, found[bad.id].outcome) == ("accepted", "refused")
    assert len(found[bad.id].reason) < 200
    assert len(simulator.taken) == 1


@pytest.mark.parametrize("text", ["", " \n", "x" * 1601, "x" * 1_000_000])
def test_twilio_sends_no_text_that_is_empty_or_too_long(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write, text: str
):
    """What Twilio would refuse is not sent."""
    (receipt,) = by_twilio.send([write(template=None, text=text)])
    assert (receipt.outcome, twilio.calls) == ("refused", [])


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_arrives_as_it_was_and_becomes_nothing_else(both: Both, write: Write, value: str):
    """No text breaks out of its place: number, id and sender stay, and one message is taken."""
    simulator, channel = both
    message = write(values={"name": value})
    assert channel.send([message])[0].outcome == "accepted"
    (text,) = simulator.taken
    assert list(getattr(text.values, "values", lambda: text.values)()) == [value]
    assert text.number[-11:] == message.to[-11:]
    if isinstance(simulator, AliyunSimulator):
        assert text.out_id == message.id


@pytest.mark.parametrize("value", HOSTILE)
def test_a_code_or_signature_breaks_out_no_more(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write, value: str
):
    """What the configuration says is encoded, too."""
    template = Template(code=value, signature=value, values={value: value})
    by_aliyun.send([write(template=template)])
    (text,) = aliyun.taken
    assert (text.template, text.sign, text.values) == (value, value, {value: value})


@pytest.mark.parametrize("text", HOSTILE)
def test_twilios_form_holds_the_text_and_nothing_of_it_besides(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write, text: str
):
    """A text with & and = stays a text."""
    by_twilio.send([write(template=None, text=text)])
    assert twilio.taken[0].body == text
    assert set(twilio.calls[0].form()) == {"To", "From", "Body", "StatusCallback"}


def test_an_empty_batch_calls_nobody(both: Both):
    """Nothing in, nothing out."""
    simulator, channel = both
    assert (list(channel.send([])), simulator.calls) == ([], [])


def test_nothing_is_called_before_it_is_used(both: Both):
    """Opening a channel connects to nothing, and closing one that was never used works."""
    simulator, channel = both
    channel.close()
    assert simulator.calls == []


def test_a_closed_channel_opens_its_connections_again(both: Both, write: Write):
    """Closing gives back connections, not the settings."""
    _, channel = both
    for _ in range(2):
        receipts = channel.send([write() for _ in range(20)])
        assert {receipt.outcome for receipt in receipts} == {"accepted"}
        channel.close()


@pytest.mark.parametrize(
    ("name", "settings", "key"),
    [
        ("twilio-sms", {"account_sid": "AC1", "auth_token": "t"}, "sender"),
        (
            "twilio-sms",
            {"account_sid": "A", "auth_token": "t", "sender": "1", "messaging_service_sid": "M"},
            "sender",
        ),
        ("tencent-sms", {"secret_id": "a", "secret_key": "b"}, "sms_sdk_app_id"),
        (
            "aliyun-sms",
            {"access_key_id": "a\n", "access_key_secret": "b"},
            "access_key_id",
        ),
        (
            "aliyun-sms",
            {"access_key_id": "a", "access_key_secret": "b", "connections": 0},
            "connections",
        ),
        (
            "aliyun-sms",
            {"access_key_id": "a", "access_key_secret": "b", "sing_name": "x"},
            "sing_name",
        ),
    ],
)
def test_a_wrong_setting_is_named(
    open_channel: Open, name: str, settings: dict[str, Any], key: str
):
    """A setting that is missing, unknown or wrong is one line that names it."""
    with pytest.raises(crmkit.ConfigError) as refused:
        open_channel(name, **settings)
    assert key in str(refused.value)


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
def test_a_clock_that_is_wrong_is_a_matter_of_the_settings(
    request: pytest.FixtureRequest, write: Write, name: str
):
    """A call that the provider finds too old is refused by it, and nothing is sent."""
    simulator = request.getfixturevalue(name)
    simulator.now = lambda: datetime.now(UTC) + timedelta(hours=1)
    (receipt,) = request.getfixturevalue(f"by_{name}").send([write()])
    assert (receipt.outcome, simulator.taken) == ("misconfigured", [])
    assert "Expire" in receipt.reason


def test_a_call_that_was_heard_cannot_be_made_again(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write
):
    """A second call with the same nonce is refused, as Aliyun does."""
    by_aliyun.send([write()])
    (call,) = aliyun.calls
    again = aliyun.answer(call).body
    assert (again["Code"], len(aliyun.taken)) == ("SignatureNonceUsed", 1)


def test_no_secret_shows(open_channel: Open):
    """Neither settings nor a channel show a secret in their repr."""
    channel = open_channel(
        "tencent-sms",
        secret_id="AKID",
        secret_key=Secret("hunter2-hunter2"),
        sms_sdk_app_id="1",
        receipt_token=Secret("hunter2-hunter2-x"),
    )
    assert "hunter2" not in repr(channel) + repr(vars(channel))
