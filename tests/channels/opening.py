"""Opens the core's channels as the engine does, at an instant that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crmkit.channels.offered import BUILT_IN
from crmkit.contracts.channel import Channel, Message
from crmkit.contracts.specs import ChannelSpec

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
SPECS: dict[str, ChannelSpec] = {spec.name: spec for spec in BUILT_IN}


def opened(name: str, at: datetime = NOW, **settings: Any) -> Any:
    """Open a channel with its settings checked; its clock stands at `at`."""
    channel: Channel = SPECS[name].open(SPECS[name].configure(settings, f"channels.{name}"))
    channel.clock = lambda: at  # type: ignore[method-assign]
    return channel


def message(number: str = "m1", /, **fields: Any) -> Message:
    """Make a message that differs from others in what a test is about."""
    fields = {"customer_id": "c1", "purpose": "care", "text": "Hello", **fields}
    return Message(id=number, **fields)


def outcomes(receipts: Any) -> dict[str, str]:
    """Give the outcomes of receipts by message."""
    return {receipt.message_id: receipt.outcome for receipt in receipts}
