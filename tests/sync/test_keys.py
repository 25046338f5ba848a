"""E-mail addresses and phone numbers, of which a customer may have several, in step."""

from __future__ import annotations

from typing import Any

import attrs

import crmkit
from tests.sync.fake import CONTACTS, Shop
from tests.sync.kit import quiet

MAPPING: dict[str, Any] = {
    "concept": "customers",
    "object": CONTACTS,
    "match": "email",
    "fields": {"name": "Name", "email": "Email", "phone": "Phone"},
}


def shop(**rule: Any) -> Shop:
    return Shop(mappings=[MAPPING | rule])


def learn(one: Shop, customer: Any, system: str, value: str) -> None:
    """Give a customer another address, as somebody who edits him does."""
    one.clock.advance(minutes=1)
    known = one.crm.customers.get(customer.id)
    key = crmkit.Identity(system, value)
    one.crm.customers.save(attrs.evolve(known, identities=(*known.identities, key)))


def test_an_address_given_here_goes_out_though_the_old_one_is_kept():
    """The newest of a customer's addresses is the one that the CRM is to have."""
    one = shop()
    ann = one.save("Ann", "old@example.com")
    one.run()
    learn(one, ann, "email", "new@example.com")
    learn(one, ann, "phone", "+8613800001111")
    one.run()
    (there,) = one.theirs()
    assert there.values["Email"] == "new@example.com"
    assert there.values["Phone"] == "+8613800001111"
    quiet(one)


def test_an_address_that_goes_back_there_is_not_undone():
    """Theirs goes to another address and back: each is one of ours, and nothing is sent."""
    one = shop()
    ann = one.save("Ann", "a@example.com")
    one.run()
    for address in ("b@example.com", "a@example.com"):
        one.book.edit(CONTACTS, "1", Email=address)
        one.run()
        assert one.crm.customers.find(email=address).id == ann.id
        assert one.theirs()[0].values["Email"] == address
        quiet(one)
    learn(one, ann, "email", "c@example.com")
    one.run()
    assert one.theirs()[0].values["Email"] == "c@example.com"
    quiet(one)


def test_an_address_that_is_theirs_stays_theirs():
    """One given here beside it is known here, and does not go out."""
    fields = MAPPING["fields"] | {"email": {"field": "Email", "owner": "theirs"}}
    one = shop(fields=fields)
    ann = one.save("Ann", "a@example.com")
    one.run()
    learn(one, ann, "email", "b@example.com")
    assert one.run().written == 0
    assert one.theirs()[0].values["Email"] == "a@example.com"
    quiet(one)


def test_an_address_that_came_with_a_merge_stands_behind_the_customers_own():
    """Whoever stays keeps the address that his record there has."""
    one = shop()
    keep, drop = one.save("Ann", "a@example.com"), one.save("Anne", "b@example.com")
    one.run()
    one.crm.customers.merge(keep.id, drop.id, reason="one person")
    one.run()
    (there,) = one.theirs()
    assert there.values["Email"] == "a@example.com"
    quiet(one)


def test_an_address_that_capture_learns_goes_out():
    """Nobody saved the customer: a touchpoint named an address that he had not."""
    one = shop()
    key = crmkit.Identity("phone", "+8613800001111")
    one.crm.customers.save(crmkit.Customer(name="Ann", identities=(key,)))
    one.run()
    one.clock.advance(minutes=1)
    whose = {"phone": "+8613800001111", "email": "ann@example.com"}
    told = {"id": "n-1", "kind": "note", "at": "2026-03-01T09:00:00+00:00", "customer": whose}
    one.crm.capture([told], "desk")
    one.run()
    assert one.theirs()[0].values["Email"] == "ann@example.com"
    quiet(one)


def test_an_address_taken_away_there_is_kept_here_and_not_sent_again():
    """What finds a customer is not forgotten because somebody emptied a field."""
    one = shop()
    ann = one.save("Ann", "a@example.com")
    one.run()
    one.book.edit(CONTACTS, "1", Email=None)
    one.run()
    assert one.theirs()[0].values["Email"] is None
    assert one.crm.customers.find(email="a@example.com").id == ann.id
    quiet(one)
