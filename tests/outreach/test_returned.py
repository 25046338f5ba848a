"""What came back reached nobody; and a customer without a name is not called by his key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

import crmkit
from crmkit import CRM, Customer, Identity, hookimpl
from crmkit.contracts.channel import Channel, Delivery, Message, Poll, Receipt
from crmkit.contracts.specs import ChannelSpec
from crmkit.plugins import PluginManager

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
CONFIG = {"outreach": {"chain": ["post", "task"], "caps": {"all": {"max": 1, "per": "day"}}}}
SAID = {"purpose": "care", "template": {"text": "Hello"}}


class Post(Channel):
    """Takes everything, and gives it back when it is asked."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        self.sent += messages
        return [Receipt.accepted(one) for one in messages]

    def poll(self, cursor: str | None) -> Poll:
        back = [
            Delivery(what="bounced", message_id=one.id, permanent=True, code="5.1.1")
            for one in (self.sent if cursor is None else ())
        ]
        return Poll(back, "done")


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def crm(post: Post) -> Iterator[CRM]:
    class Offered:
        @hookimpl
        def crmkit_channels(self) -> list[ChannelSpec]:
            spec = ChannelSpec(
                name="post", identity="email", open=lambda _: post, capabilities={"poll"}
            )
            return [spec]

    plugins = PluginManager(discover=False, strict=True)
    plugins.register(Offered())
    with crmkit.connect("memory://", plugins=plugins, clock=lambda: NOW, config=CONFIG) as crm:
        keys = (Identity("email", "li@example.com"),)
        crm.customers.save(Customer(id="li", number="17", identities=keys))
        crm.consents.grant("li", "care", source="form")
        yield crm


@pytest.mark.row("R37", "R39")
def test_what_came_back_uses_up_no_cap(crm: CRM):
    """After a bounce the call instead is made the same day; it is the one contact of the day."""
    crm.outreach.enqueue("li", occasion="o", **SAID)
    crm.outreach.dispatch()
    crm.outreach.poll("post")
    assert crm.outreach.dispatch().to_dict() == {"accepted": 1}
    assert [(one.channel, one.state) for one in crm.outreach.ledger()] == [
        ("post", "bounced"),
        ("task", "accepted"),
    ]
    crm.outreach.enqueue("li", occasion="p", channel="task", **SAID)
    assert crm.outreach.dispatch().to_dict() == {"planned": 1}


@pytest.mark.row("R38")
def test_a_key_is_no_name(crm: CRM, post: Post):
    """A letter is not addressed to a number or an address as if that were somebody's name."""
    crm.outreach.enqueue("li", occasion="o", **SAID)
    crm.outreach.dispatch()
    assert post.sent[0].name == ""
