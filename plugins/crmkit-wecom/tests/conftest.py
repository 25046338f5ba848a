"""A company on 127.0.0.1, the channels that reach it, and a clock that stands still."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from crmkit_wecom import hooks

from crmkit.contracts.channel import Channel, Message
from crmkit.testing.simulators.wecom import WeCom

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
def company(clock: Hands) -> Iterator[WeCom]:
    with WeCom(employees=("LinUserId", "FrontDesk"), clock=clock) as running:
        yield running


@pytest.fixture
def opened(company: WeCom, clock: Hands) -> Iterator[Open]:
    """Give a function that opens a channel with settings as a configuration has them."""
    specs = {spec.name: spec for spec in hooks.crmkit_channels()}
    usual = {
        "wecom": {"corpid": "ww-corp", "corpsecret": "corp-secret"},
        "wecom-bot": {"key": "bot-key"},
    }
    channels = []

    def make(name: str = "wecom", **settings: Any) -> Channel:
        given = {**usual[name], "endpoint": company.url, "allow_private": True, **settings}
        channel = specs[name].open(specs[name].configure(given))
        channel.clock = clock  # type: ignore[method-assign]
        channels.append(channel)
        return channel

    yield make
    for channel in channels:
        channel.close()
        channel.close()


@pytest.fixture
def message() -> Callable[..., Message]:
    def make(
        to: str = "wmA", text: str = "王女士，生日快乐！", number: int = 1, **more: Any
    ) -> Message:
        given = {"customer_id": f"c{number}", "purpose": "care", **more}
        return Message(id=f"m{number}", to=to, text=text, **given)

    return make
