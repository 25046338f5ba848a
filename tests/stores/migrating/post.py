"""The shop's own post: a channel that keeps what it was given, and is told what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crmkit.contracts.channel import Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.specs import ChannelSpec
from crmkit.plugins import PluginManager, hookimpl

CONFIG: dict[str, Any] = {
    "channels": {"post": {}},
    "outreach": {
        "caps": {"all": {"max": 2, "per": "day"}},
        "surveys": {
            "url": "https://shop.example.com/asked",
            "secret": "stands in the configuration",
            "tea": {"question": "How was the tea?"},
        },
    },
}
"""What stands in the shop's configuration about it."""


class Post(Channel):
    """Takes every message, and reads a webhook call as the fields of a `Delivery`."""

    def __init__(self) -> None:
        """Begin with an empty bag."""
        self.sent: list[Message] = []

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Keep the messages."""
        self.sent.extend(messages)
        return [Receipt.accepted(one, f"post-{one.id}") for one in messages]

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - as the contract has it
        body: bytes,
        *,
        method: str = "POST",  # noqa: ARG002
        url: str = "",  # noqa: ARG002
    ) -> tuple[Sequence[Delivery], Response]:
        """Tell what became of messages."""
        return [Delivery(**one) for one in json.loads(body)], Response()


class Offer:
    """Offers one `Post` as the channel ``post``."""

    def __init__(self) -> None:
        """Make the channel, so that a test can look into it."""
        self.post = Post()

    @hookimpl
    def crmkit_channels(self) -> Iterable[ChannelSpec]:
        """Offer it."""
        can = {"receive", "subject"}
        yield ChannelSpec(name="post", identity="email", open=lambda _: self.post, capabilities=can)


def with_post() -> PluginManager:
    """Give the plugins of the shop: its post alone."""
    plugins = PluginManager(discover=False, strict=True)
    plugins.register(Offer())
    return plugins
