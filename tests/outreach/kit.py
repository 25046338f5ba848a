"""A small firm for the laws of outreach: channels that do as they are told, and a clock by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import crmkit
from crmkit import Customer, Identity, hookimpl
from crmkit.contracts.channel import Channel, Delivery, Message, Poll, Receipt, Response
from crmkit.contracts.reading import posted
from crmkit.contracts.specs import ChannelSpec, Limits, Refusal
from crmkit.contracts.tables import TABLES
from crmkit.errors import SignatureInvalid
from crmkit.model.consent import PURPOSES
from crmkit.model.outreach import REASONS, STATES, LedgerRow
from crmkit.plugins import PluginManager

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
TEXT = {"subject": "Hello", "text": "Hello {{ customer.name }}"}
SEALED = {"Seal": "genuine"}
BOTH = pytest.mark.parametrize("found", ["memory", "sqlite"], indirect=True)
SQLITE = pytest.mark.parametrize("found", ["sqlite"], indirect=True)
Answer = Callable[[Message], Any]


def taken(message: Message) -> Receipt:
    return Receipt.accepted(message, f"p{message.id}")


class Fake(Channel):
    """Answers what the test says, and remembers what it was handed.

    An answer is a receipt, several, none, or an exception that the whole call ends with.
    """

    def __init__(self, answer: Answer = taken) -> None:
        self.answer = answer
        self.sent: list[Message] = []
        self.calls: list[int] = []
        self.found: Any = {}
        self.pages: list[Poll] = []
        self.cursors: list[str | None] = []

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        self.calls.append(len(messages))
        given: list[Receipt] = []
        for message in messages:
            self.sent.append(message)
            said = self.answer(message)
            if said is not None:
                given += said if isinstance(said, list) else [said]
        return given

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        if isinstance(self.found, Exception):
            raise self.found
        return {one: self.found[one] for one in message_ids if one in self.found}

    def poll(self, cursor: str | None) -> Poll:
        self.cursors.append(cursor)
        return self.pages.pop(0) if self.pages else Poll([], cursor)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        if headers.get("Seal") != "genuine":
            raise SignatureInvalid("the seal is broken")
        said = [Delivery(**one) for one in posted(body or b"[]")]
        return said, Response(202, f"{method} {url}".encode())

    @property
    def to(self) -> list[str]:
        """Whom it was handed messages for, in order."""
        return [message.customer_id for message in self.sent]


class Offer:
    """The plugin that brings the channels, hears of receipts and may refuse messages."""

    def __init__(self, specs: Iterable[ChannelSpec]) -> None:
        self.specs = list(specs)
        self.told: list[Delivery] = []

    @hookimpl
    def crmkit_channels(self) -> list[ChannelSpec]:
        return self.specs

    @hookimpl
    def crmkit_receipts(self, deliveries: Sequence[Delivery]) -> None:
        self.told += deliveries


class Censor:
    """A plugin that refuses messages, or breaks."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.broken: Exception | None = None
        self.asked: list[int] = []

    @hookimpl
    def crmkit_refuse_send(self, messages: Sequence[Message]) -> Iterable[Refusal]:
        self.asked.append(len(messages))
        if self.broken is not None:
            raise self.broken
        return [
            Refusal(one.id, self.reasons[one.customer_id])
            for one in messages
            if one.customer_id in self.reasons
        ]


class Firm:
    """A workspace with a channel for e-mail, one for phones, a staff bot and colleagues' tasks."""

    def __init__(
        self,
        url: str = "memory://",
        *,
        plugins: Iterable[object] = (),
        limits: Limits | None = None,
        find: bool = True,
        **config: Any,
    ) -> None:
        self.now = NOW
        self.url = url
        self.mail, self.sms, self.chat, self.bot, self.call = (Fake() for _ in range(5))
        looks = {"find"} if find else set()
        said = {"subject", "html"}
        specs = [
            self._spec("mail", self.mail, {"poll", "receive", *said, *looks}, "email", limits),
            self._spec("sms", self.sms, {"receive"}, "phone"),
            self._spec("chat", self.chat, {"receive", "session"}, "wecom"),
            self._spec("bot", self.bot, {"staff"}),
            self._spec("call", self.call, {"person"}),
        ]
        self.offer = Offer(specs)
        self.plugins = [self.offer, *plugins]
        self.config = {"region": "CN", **config}
        self.crm = self.connect()

    @staticmethod
    def _spec(
        name: str,
        channel: Channel,
        can: set[str],
        identity: str | None = None,
        limits: Limits | None = None,
    ) -> ChannelSpec:
        return ChannelSpec(
            name=name,
            identity=identity,
            open=lambda _: channel,
            capabilities=can,
            limits=limits or Limits(),
        )

    def connect(self, plugins: Iterable[object] | None = None, **config: Any) -> crmkit.CRM:
        """Open the workspace; with other plugins or settings it is another process'."""
        manager = PluginManager(discover=False, strict=True)
        for one in self.plugins if plugins is None else plugins:
            manager.register(one)
        return crmkit.connect(
            self.url,
            plugins=manager,
            clock=lambda: self.now,
            actor="lin",
            config={**self.config, **config},
        )

    # -- short words -------------------------------------------------------------------

    @property
    def outreach(self) -> Any:
        return self.crm.outreach

    def save(self, name: str, *, agrees: bool = True, **facts: Any) -> str:
        """Save a customer with that id, an address for every channel, and consent to all."""
        number = 10_000_000 + sum(ord(one) * 131**at for at, one in enumerate(name)) % 90_000_000
        keys = (
            Identity("email", f"{name}@example.com"),
            Identity("phone", f"+86138{number:08d}"),
            Identity("wecom", f"w-{name}"),
        )
        facts = {"name": name.title(), "identities": keys, "time_zone": "UTC", **facts}
        self.crm.customers.save(Customer(id=name, **facts))
        if agrees:
            self.agree(name)
        return name

    def agree(self, name: str, *purposes: str, channel: str | None = None) -> None:
        for purpose in purposes or PURPOSES:
            self.crm.consents.grant(name, purpose, channel, source="form", wording="v1")

    def phone(self, name: str) -> str:
        found = self.crm.customers.get(name).identities
        return next(one.value for one in found if one.system == "phone")

    def enqueue(self, *names: str, **how: Any) -> tuple[LedgerRow, ...]:
        """Enter a message of care by e-mail, unless the test says otherwise."""
        given = {"purpose": "care", "occasion": "o", "channel": "mail", "template": TEXT} | how
        made: tuple[LedgerRow, ...] = self.outreach.enqueue(list(names), **given)
        return made

    def send(self, *names: str, **how: Any) -> tuple[LedgerRow, ...]:
        """Enter messages, dispatch, and give the rows of that occasion."""
        self.enqueue(*names, **how)
        self.dispatch()
        return self.rows(occasion=how.get("occasion", "o"))

    def dispatch(self, limit: int | None = None, **how: Any) -> dict[str, int]:
        counts: dict[str, int] = self.outreach.dispatch(limit, **how).to_dict()
        return counts

    def rows(self, *args: Any, **how: Any) -> tuple[LedgerRow, ...]:
        """Read the ledger; whatever it holds has a state, and words where it did not go."""
        rows: tuple[LedgerRow, ...] = self.outreach.ledger(*args, **how)
        for row in rows:
            sound(row)
        return rows

    def row(self, *args: Any, **how: Any) -> LedgerRow:
        (only,) = self.rows(*args, **how)
        return only

    def states(self, **how: Any) -> list[tuple[str, str | None]]:
        return [(row.state, row.reason) for row in self.rows(**how)]

    def hear(self, channel: str, *said: Mapping[str, Any]) -> Any:
        """Let a provider call with what became of messages."""
        body = json.dumps(said, default=str)
        return self.outreach.receive(channel, SEALED, body, url="https://shop.example/hook")

    def notes(self, name: str) -> list[str]:
        """Give what stands in a customer's log, oldest first."""
        return [one.kind for one in reversed(list(self.crm.touchpoints.of(name)))]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give every row of every table."""
        with self.outreach.setup.session.store.read() as reader:
            return {one.name: sorted(reader.scan(one), key=repr) for one in TABLES}


def sound(row: LedgerRow) -> None:
    """See that a row can be read: a known state, and reason and words wherever it did not go."""
    assert row.state in STATES
    assert row.reason is None or row.reason in REASONS
    if row.state in ("refused", "failed"):
        assert row.reason, row
        assert row.detail, row
    if row.reason is not None:
        assert row.detail, row
    if row.state == "unknown":
        assert row.detail, row
    if row.state in ("accepted", "sent", "delivered", "opened", "clicked"):
        assert row.reason is None, row
