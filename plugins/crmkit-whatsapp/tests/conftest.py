"""A simulated Cloud API, and a channel that sends to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crmkit_whatsapp import hooks

from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.whatsapp import WhatsApp


@pytest.fixture
def meta() -> Iterator[WhatsApp]:
    with WhatsApp() as simulator:
        yield simulator


@pytest.fixture
def opened(meta: WhatsApp) -> Iterator[Callable[..., Channel]]:
    """Give a function that opens a channel with other settings than usual."""
    (spec,) = hooks.crmkit_channels()
    channels = []

    def make(**settings: Any) -> Channel:
        usual = {
            "phone_number_id": meta.phone_number_id,
            "access_token": meta.access_token,
            "app_secret": meta.app_secret,
            "verify_token": meta.verify_token,
            "endpoint": meta.url,
            "allow_private": True,
        }
        channels.append(spec.open(spec.configure({**usual, **settings})))
        return channels[-1]

    yield make
    for channel in channels:
        channel.close()
        channel.close()


@pytest.fixture
def channel(opened: Callable[..., Channel]) -> Channel:
    return opened()


@pytest.fixture
def message() -> Callable[..., Message]:
    """Give a function that makes messages to one number."""

    def make(**more: Any) -> Message:
        usual = {"id": "m1", "customer_id": "c1", "to": "+8613800138000", "purpose": "service"}
        return Message(**{**usual, **more})

    return make
