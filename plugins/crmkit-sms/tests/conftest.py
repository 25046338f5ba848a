"""A simulated provider and a channel on it, for each of the three."""

from collections.abc import Iterator
from typing import Any

import pytest
from crmkit_sms import hooks
from sms_kit import CALLBACK, KEYS, TOKEN, Open, Write

from crmkit.contracts.channel import Channel, Message, Template
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.tencent import TencentSimulator
from crmkit.testing.simulators.twilio import TwilioSimulator

pytest_plugins = ["crmkit.testing.fixtures"]

_numbers = iter(range(1_000_000))


@pytest.fixture
def plugin() -> object:
    return hooks


@pytest.fixture
def write() -> Write:
    """Give a function that writes a message from a template, to a number of its own."""

    def make(
        to: str | None = None, *, values: dict[str, str] | None = None, **more: Any
    ) -> Message:
        number = next(_numbers)
        template = Template(
            code="SMS_1", signature="好店", values=values or {"name": f"王{number}"}
        )
        given = {"template": template, "text": "", **more}
        return Message(
            id=f"m-{number}",
            customer_id=f"c-{number}",
            to=to or f"+8613800{number:06d}",
            purpose="care",
            **given,
        )

    return make


@pytest.fixture
def aliyun() -> Iterator[AliyunSimulator]:
    with AliyunSimulator() as running:
        yield running


@pytest.fixture
def tencent() -> Iterator[TencentSimulator]:
    with TencentSimulator() as running:
        yield running


@pytest.fixture
def twilio() -> Iterator[TwilioSimulator]:
    with TwilioSimulator() as running:
        yield running


@pytest.fixture
def open_channel(plugin_manager: Any) -> Iterator[Open]:
    """Give a function that opens a channel by its type, as crmkit does."""
    opened: list[Channel] = []

    def make(name: str, **settings: Any) -> Channel:
        channel: Channel = plugin_manager.open_channel(name, settings)
        opened.append(channel)
        return channel

    yield make
    for channel in opened:
        channel.close()
        channel.close()


@pytest.fixture
def by_aliyun(aliyun: AliyunSimulator, open_channel: Open) -> Channel:
    return open_channel(
        "aliyun-sms",
        **KEYS["aliyun"],
        receipt_token=Secret(TOKEN),
        report_queue="Alicom-Queue-1-SmsReport",
        reply_queue="Alicom-Queue-1-SmsUp",
        endpoint=aliyun.url,
        token_endpoint=aliyun.url,
        queue_endpoint=aliyun.url,
        allow_private=True,
    )


@pytest.fixture
def by_tencent(tencent: TencentSimulator, open_channel: Open) -> Channel:
    return open_channel(
        "tencent-sms",
        **KEYS["tencent"],
        receipt_token=Secret(TOKEN),
        endpoint=tencent.url,
        allow_private=True,
    )


@pytest.fixture
def by_twilio(twilio: TwilioSimulator, open_channel: Open) -> Channel:
    return open_channel(
        "twilio-sms",
        **KEYS["twilio"],
        status_callback=CALLBACK,
        endpoint=twilio.url,
        allow_private=True,
    )
