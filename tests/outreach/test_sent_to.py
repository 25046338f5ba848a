"""The ledger keeps which address a message went to, until whoever has it is erased."""

from __future__ import annotations

from collections.abc import Callable

from crmkit import Customer, Identity
from crmkit.contracts.channel import Receipt
from crmkit.contracts.specs import Limits
from crmkit.outreach.ledger import Entry, entry
from tests.outreach.kit import BOTH, MINUTE, Firm, taken

ANN, BOB, NEW = "ann@example.com", "bob@example.com", "aaa@example.com"
"""Of several addresses the first is written to: Ann's new one once she has it, and Ann's before
Bob's."""


def entries(firm: Firm) -> list[Entry]:
    """Give the rows of the ledger, as they were entered."""
    return sorted(map(entry, firm.dump()["message"]), key=lambda one: one.number)


def move(firm: Firm) -> None:
    """Let Ann have a new address."""
    firm.crm.customers.save(Customer(id="ann", name="Ann", identities=(Identity("email", NEW),)))


def written_as_one(firm: Firm) -> str:
    """Write to Bob while he is taken for Ann, at her address; part them, and give the message."""
    firm.save("ann")
    firm.save("bob")
    merge = firm.crm.customers.merge("bob", "ann", reason="one person")
    (row,) = firm.send("bob")
    firm.crm.customers.unmerge(merge.id)
    assert [(one.customer, one.identity) for one in entries(firm)] == [("bob", ("email", ANN))]
    return str(row.id)


# -- what is kept ----------------------------------------------------------------------


@BOTH
def test_the_ledger_keeps_where_each_message_went(firm: Firm):
    """As it is compared, by the channel's system; none where there is no address, or it waits."""
    firm.save("ann", identities=(Identity("email", " Ann@Example.COM "), Identity("wecom", "W1")))
    firm.send("ann")
    firm.send("ann", channel="chat", occasion="p")
    firm.send("ann", channel="call", occasion="q")
    firm.enqueue("ann", occasion="r")
    went = [("email", ANN), ("wecom", "W1"), None, None]
    assert [one.identity for one in entries(firm)] == went


def test_the_last_address_counts(firm: Firm):
    """A message that is tried again goes to the address that he has then."""
    firm.save("ann")
    firm.mail.answer = lambda one: Receipt.retry(one, "busy")
    firm.send("ann")
    assert entries(firm)[0].address == ANN
    move(firm)
    firm.now += 60 * MINUTE
    firm.mail.answer = taken
    firm.dispatch()
    assert (firm.mail.sent[-1].to, entries(firm)[0].address) == (NEW, NEW)


def test_what_was_never_handed_over_went_nowhere(found: Callable[..., Firm]):
    """What is given back, since the channel takes nothing, has no address any more."""
    firm = found(limits=Limits(batch=1))
    firm.save("ann")
    firm.save("bob")
    firm.mail.answer = lambda one: Receipt.misconfigured(one, "the password is wrong")
    firm.send("ann", "bob")
    assert [(one.sent is None, one.address) for one in entries(firm)] == [
        (False, ANN),
        (True, None),
    ]


# -- who is erased ---------------------------------------------------------------------


def test_an_export_tells_no_address_of_somebody_else(firm: Firm):
    """What went to the customer's own is told with it."""
    written_as_one(firm)
    firm.send("bob", occasion="p")
    told = firm.crm.customers.export("bob")["messages"]
    assert [(one["occasion"], one["address"]) for one in told] == [("o", None), ("p", BOB)]
    assert ANN not in str(firm.crm.customers.export("bob"))


@BOTH
def test_an_erased_address_stands_in_no_message(firm: Firm):
    """Nor in one that was written for another."""
    written_as_one(firm)
    firm.send("bob", occasion="p")
    firm.crm.customers.erase("ann", reason="she asked")
    assert ANN not in str(firm.dump())
    assert [one.address for one in entries(firm)] == ["(erased)", BOB]
