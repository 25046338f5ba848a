"""A bot on 127.0.0.1, the channel that posts to it, and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from crmkit_feishu import hooks

from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.feishu import Feishu

Open = Callable[..., Channel]


class Hands:
    """A clock whose hands are moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2027, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def bot(clock: Hands) -> Iterator[Feishu]:
    with Feishu(clock=clock) as running:
        yield running


@pytest.fixture
def opened(bot: Feishu, clock: Hands) -> Iterator[Open]:
    """Give a function that opens the channel with settings as a configuration has them."""
    (spec,) = hooks.crmkit_channels()
    channels = []

    def make(**settings: Any) -> Channel:
        given = {"token": "hook-token", "secret": "feishu-secret", "endpoint": bot.url}
        channel = spec.open(spec.configure({**given, "allow_private": True, **settings}))
        channel.clock = clock  # type: ignore[method-assign]
        channels.append(channel)
        return channel

    yield make
    for channel in channels:
        channel.close()


@pytest.fixture
def alert() -> Callable[..., Message]:
    def make(text: str = "库存报警", number: int = 1, **more: Any) -> Message:
        return Message(id=f"m{number}", customer_id="", purpose="service", text=text, **more)

    return make
