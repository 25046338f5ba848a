"""A service on loopback that Apprise's own plugins speak to."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from crmkit_apprise import hooks

from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.base import Answer, Call, Simulator


class Service(Simulator):
    """Takes whatever is posted."""

    def answer(self, call: Call) -> Answer:
        del call
        return Answer({"ok": True})

    @property
    def place(self) -> str:
        """Host and port, for a URL of Apprise's."""
        return self.url.removeprefix("http://")


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as simulator:
        yield simulator


@pytest.fixture
def opened() -> Callable[..., Channel]:
    """Give a function that opens a channel of a type, for a URL."""
    specs = {spec.name: spec for spec in hooks.crmkit_channels()}

    def make(url: str, type_: str = "apprise") -> Channel:
        channel = specs[type_].open(specs[type_].configure({"service": url}))
        channel.close()
        channel.close()
        return channel

    return make


@pytest.fixture
def message() -> Callable[..., Message]:
    def make(**more: Any) -> Message:
        usual = {"id": "m1", "customer_id": "c1", "to": "chen", "purpose": "care", "text": "你好"}
        return Message(**{**usual, **more})

    return make
