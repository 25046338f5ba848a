"""What is heard of a message is about the address it went to, whoever has which by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmkit import Customer, Identity
from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.specs import Limits
from crmkit.contracts.tables import MESSAGE
from crmkit.outreach.ledger import Entry, entry
from crmkit.outreach.suppression import Suppressions
from tests.outreach.kit import BOTH, MINUTE, SECOND, Firm, taken

ANN, BOB, NEW = "ann@example.com", "bob@example.com", "aaa@example.com"
"""Of several addresses the first is written to: Ann's new one once she has it, and Ann's before
Bob's."""
DEAD = pytest.mark.parametrize(
    "said", [{"what": "complained"}, {"what": "bounced", "permanent": True}]
)


def entries(firm: Firm) -> list[Entry]:
    """Give the rows of the ledger, as they were entered."""
    return sorted(map(entry, firm.dump()["message"]), key=lambda one: one.number)


def held_back(firm: Firm) -> set[str]:
    """Tell to which of the addresses nothing goes any more."""
    setup = firm.outreach.setup
    with setup.session.store.read() as reader:
        found = Suppressions(reader, setup.key).among([("email", one) for one in (ANN, BOB, NEW)])
    return {address for _, address in found}


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


@BOTH
def test_an_earlier_try_is_remembered(found: Callable[..., Firm]):
    """What is given back went once: what is heard of it then is about the address of that time."""
    firm = found(limits=Limits(batch=1))
    firm.save("ann")
    firm.save("bob")
    firm.mail.answer = lambda one: Receipt.retry(one, "busy")
    firm.send("bob")
    firm.now += SECOND
    ann = firm.send("ann", occasion="p")[0]
    firm.now += 60 * MINUTE
    firm.mail.answer = lambda one: Receipt.misconfigured(one, "the password is wrong")
    firm.dispatch()
    again = entries(firm)[1]
    assert (again.state, again.attempts, again.address) == ("planned", 1, ANN)
    assert firm.rows("ann")[0].sent_at == ann.sent_at
    move(firm)
    firm.hear("mail", {"what": "complained", "message_id": ann.id})
    assert held_back(firm) == {ANN}


# -- what is heard ---------------------------------------------------------------------


@DEAD
@BOTH
def test_the_address_it_went_to_is_suppressed(firm: Firm, said: dict[str, Any]):
    """Not the one that the customer has got since."""
    firm.save("ann")
    (row,) = firm.send("ann")
    move(firm)
    firm.hear("mail", {"message_id": row.id, **said})
    assert held_back(firm) == {ANN}
    assert firm.send("ann", occasion="p")[0].state == "accepted"
    assert firm.mail.sent[-1].to == NEW


def test_the_address_that_was_called_dead_at_once_is_suppressed(firm: Firm):
    """The customer got another one while the message was with the provider."""

    def dead(message: Message) -> Receipt:
        move(firm)
        return Receipt.refused(message, "no such user", permanent=True)

    firm.save("ann")
    firm.mail.answer = dead
    firm.send("ann")
    assert held_back(firm) == {ANN}


@DEAD
def test_a_message_of_before_the_ledger_kept_addresses(firm: Firm, said: dict[str, Any]):
    """The address that its customer has is taken for the one it went to."""
    firm.save("ann")
    firm.send("ann")
    (row,) = entries(firm)
    with firm.outreach.setup.session.store.write() as writer:
        writer.put(MESSAGE, [row._replace(system=None, address=None)])
    firm.hear("mail", {"message_id": row.id, **said})
    assert held_back(firm) == {ANN}


@DEAD
@pytest.mark.parametrize("named", [{}, {"address": "Ann@Example.com"}])
def test_after_an_unmerge_it_is_where_the_message_went(
    firm: Firm, said: dict[str, Any], named: dict[str, str]
):
    """Which is another customer's address by now, and no stranger's, whether it is named or not."""
    id_ = written_as_one(firm)
    firm.hear("mail", {"message_id": id_, **said, **named})
    assert held_back(firm) == {ANN}


@DEAD
def test_any_other_address_of_somebody_else_stays_free(firm: Firm, said: dict[str, Any]):
    """Whoever got one message can write a report about it, and name any address in it."""
    id_ = written_as_one(firm)
    firm.save("cid", identities=(Identity("email", NEW),))
    firm.hear("mail", {"message_id": id_, "address": NEW, **said})
    assert held_back(firm) == set()


@BOTH
@pytest.mark.parametrize("named", [{}, {"address": ANN}])
@pytest.mark.parametrize("said", [{"what": "unsubscribed"}, {"what": "replied", "text": "STOP"}])
def test_whoever_has_the_address_gets_no_more(
    firm: Firm, said: dict[str, str], named: dict[str, str]
):
    """It is her word; and his for whom it was written, since it may have been that."""
    id_ = written_as_one(firm)
    firm.hear("mail", {"message_id": id_, **said, **named})
    rows = firm.send("ann", "bob", occasion="p")
    assert [row.reason for row in rows] == ["consent", "consent"]


def test_who_names_another_address_speaks_for_nobody_else(firm: Firm):
    """An unsubscription by a link that was handed on takes no other customer's consent back."""
    id_ = written_as_one(firm)
    firm.hear("mail", {"what": "unsubscribed", "message_id": id_, "address": BOB})
    rows = firm.send("ann", "bob", occasion="p")
    assert [row.reason for row in rows] == [None, "consent"]


# -- who is erased ---------------------------------------------------------------------


def test_an_export_tells_no_address_of_somebody_else(firm: Firm):
    """What went to the customer's own is told with it."""
    written_as_one(firm)
    firm.send("bob", occasion="p")
    told = firm.crm.customers.export("bob")["messages"]
    assert [(one["occasion"], one["address"]) for one in told] == [("o", None), ("p", BOB)]
    assert ANN not in str(firm.crm.customers.export("bob"))


@BOTH
def test_an_export_tells_no_address_that_others_share(firm: Firm):
    """Such a one belongs to none of them alone, which makes it nobody else's either."""
    written_as_one(firm)
    firm.save("cid")
    firm.crm.customers.save(Customer(id="cid", name="Cid", identities=(Identity("email", ANN),)))
    (shared,) = firm.crm.customers.collisions()
    firm.crm.customers.resolve(shared.id, "apart", reason="one family")
    firm.send("cid", occasion="p")
    told = {id_: firm.crm.customers.export(id_)["messages"] for id_ in ("bob", "cid")}
    assert [one["address"] for one in (*told["bob"], *told["cid"])] == [None, ANN]


@BOTH
def test_an_erased_address_stands_in_no_message(firm: Firm):
    """Nor in one that was written for another; and what is heard of that one blames no other."""
    id_ = written_as_one(firm)
    firm.send("bob", occasion="p")
    firm.crm.customers.erase("ann", reason="she asked")
    assert ANN not in str(firm.dump())
    assert [one.address for one in entries(firm)] == ["(erased)", BOB]
    firm.hear("mail", {"what": "complained", "message_id": id_})
    assert held_back(firm) == set()
    assert firm.send("bob", occasion="q")[0].state == "accepted"
