"""A channel that counts: each message it takes is a line of a file, which outlives the process."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

import crmkit
from crmkit.contracts.channel import Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit.model.customer import Customer, Identity
from crmkit.plugins import PluginManager, hookimpl

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LEASE = 600  # seconds, as [outreach] lease is where nothing is configured
WORDS = {"subject": "Tea", "text": "Your tea is here"}


@attrs.frozen(kw_only=True)
class SinkSettings:
    """Settings of a ``sink``: the file it writes."""

    path: str


class Sink(Channel):
    """Appends each message by one write: what a killed process has written is written."""

    def __init__(self, config: SinkSettings) -> None:
        """Open nothing yet."""
        self._path = Path(config.path)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Take the messages, one by one."""
        return [self._take(message) for message in messages]

    def _take(self, message: Message) -> Receipt:
        line = json.dumps([message.id, message.to, message.occasion, message.text])
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, f"{line}\n".encode())
        finally:
            os.close(file)
        return Receipt.accepted(message, f"sink-{message.id}")

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Find those that were taken; of the others nothing is said."""
        there = {line[0] for line in lines(self._path)}
        return {
            one: Receipt(message_id=one, outcome="accepted", provider_id=f"sink-{one}")
            for one in message_ids
            if one in there
        }

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - as the contract has it
        body: bytes,
        *,
        method: str = "POST",  # noqa: ARG002
        url: str = "",  # noqa: ARG002
    ) -> tuple[Sequence[Delivery], Response]:
        """Read a list of the fields of `Delivery`."""
        return [Delivery(**one) for one in json.loads(body)], Response()


class Offer:
    """Offers ``sink``, which takes three messages a call."""

    def __init__(self, *, thread_safe: bool = False) -> None:
        """Say whether several threads may use it: then a batch is prepared while one is sent."""
        self._thread_safe = thread_safe

    @hookimpl
    def crmkit_channels(self) -> Iterable[ChannelSpec]:
        """Offer it."""
        yield ChannelSpec(
            name="sink",
            thread_safe=self._thread_safe,
            identity="email",
            open=Sink,
            config=SinkSettings,
            capabilities={"find", "receive", "subject"},
            limits=Limits(batch=3),
        )


def later(lives: int) -> Callable[[], datetime]:
    """Give the clock of somebody who comes when the leases of those before him are over."""
    return lambda: NOW + timedelta(seconds=(LEASE + 1) * lives)


def lines(path: Path) -> list[list[str]]:
    """Give what was taken: id, address, occasion and text."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def taken(path: Path) -> Counter[tuple[str, str]]:
    """Count what was taken by address and occasion."""
    return Counter((to, occasion) for _, to, occasion, _ in lines(path))


def plugins(*offers: object) -> PluginManager:
    """Give plugins of a test's."""
    made = PluginManager(discover=False, strict=True)
    for number, one in enumerate(offers):
        made.register(one, f"plugin {number}")
    return made


def opened(
    url: str,
    path: Path,
    *,
    clock: Callable[[], datetime] = lambda: NOW,
    on_unknown: str = "hold",
    thread_safe: bool = False,
    **outreach: Any,
) -> crmkit.CRM:
    """Open a workspace whose one channel is a sink."""
    config = {
        "channels": {"sink": {"path": str(path), "on_unknown": on_unknown}},
        "outreach": {"basis": {"care": "opt_out"}, **outreach},
    }
    offer = Offer(thread_safe=thread_safe)
    return crmkit.connect(url, plugins=plugins(offer), clock=clock, config=config)


def email(number: int) -> str:
    """Give the address of a customer."""
    return f"c{number}@example.com"


def fill(crm: crmkit.CRM, count: int) -> list[str]:
    """Make customers; give their ids."""
    ids = [f"c{number}" for number in range(count)]
    crm.customers.save_all(
        Customer(id=one, name=one.upper(), identities=(Identity("email", f"{one}@example.com"),))
        for one in ids
    )
    return ids


def enter(crm: crmkit.CRM, ids: Sequence[str], occasion: str = "tea", **more: Any) -> Any:
    """Enter one message a customer."""
    given = {"purpose": "care", "channel": "sink", "template": WORDS} | more
    return crm.outreach.enqueue(ids, occasion=occasion, **given)
