"""A channel that knows the customers himself: whoever wants nothing by it is known by his id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.specs import ChannelSpec
from tests.outreach.kit import Firm, taken


class Courier(Firm):
    """A firm whose mail is carried by a courier, who needs no address."""

    def _spec(self, name: str, channel: Any, *rest: Any) -> ChannelSpec:  # type: ignore[override]
        found = super()._spec(name, channel, *rest)
        return attrs.evolve(found, identity=None) if name == "mail" else found


@pytest.fixture
def firm() -> Iterator[Courier]:
    made = Courier()
    made.save("ann")
    made.save("bob")
    yield made
    made.crm.close()


@pytest.mark.parametrize("address", [{}, {"address": "+8613800138000"}])
@pytest.mark.parametrize("what", [{"what": "complained"}, {"what": "bounced", "permanent": True}])
def test_he_gets_no_more(firm: Courier, what: dict[str, Any], address: dict[str, str]):
    """Also where the courier says which door it was, and whoever he is merged with."""
    firm.send("bob")
    firm.hear("mail", {"message_id": firm.row("bob").id, **what, **address})
    assert firm.send("bob", occasion="p")[0].reason == "suppressed"
    merge = firm.crm.customers.merge("ann", "bob", reason="the same person")
    assert firm.send("ann", occasion="q")[0].reason == "suppressed"
    firm.crm.customers.unmerge(merge.id)
    assert firm.send("ann", occasion="r")[0].state == "accepted"
    assert firm.send("bob", occasion="s")[0].reason == "suppressed"


@pytest.mark.parametrize("at_once", [True, False])
def test_it_is_his_for_whom_it_was_written(firm: Courier, at_once: bool):
    """Another record was merged with his before it is told what became of it."""
    merges: list[str] = []

    def merged(message: Message) -> Receipt:
        merge = firm.crm.customers.merge("ann", "bob", reason="the same person")
        merges.append(merge.id)
        if at_once:
            return Receipt.refused(message, "nobody there", permanent=True)
        return Receipt.accepted(message)

    firm.mail.answer = merged
    firm.send("bob")
    if not at_once:
        firm.hear("mail", {"message_id": firm.mail.sent[0].id, "what": "complained"})
    firm.crm.customers.unmerge(*merges)
    firm.mail.answer = taken
    assert firm.send("ann", occasion="p")[0].state == "accepted"
    assert firm.send("bob", occasion="q")[0].reason == "suppressed"
