"""Contacts of an organisation and the people of a CRM are kept in step."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from crmkit import Contact
from crmkit.sync import referring
from tests.sync.fake import Fake, Shop
from tests.sync.kit import quiet
from tests.sync.objects import ACCOUNTS, CONTACTS, OBJECTS, ORGANISATIONS, PEOPLE

ANN = Contact(name="Ann", email="ann@acme.example", phone="+4930123456", title="Buyer")
BOB = Contact(name="Bob")


def shop_of(*mappings: Any, **fake: Any) -> Shop:
    return Shop(Fake(fields=OBJECTS, **fake), mappings=mappings or (ORGANISATIONS, CONTACTS))


@pytest.fixture
def shop() -> Any:
    made = shop_of()
    yield made
    made.crm.close()


def people(shop: Shop) -> dict[str, Any]:
    return {one.values["Name"]: one for one in shop.book.live(PEOPLE)}


def acme(shop: Shop, *contacts: Contact) -> Any:
    return shop.save("Acme", "office@acme.example", kind="organisation", contacts=contacts)


def edit(shop: Shop, customer: Any, *contacts: Contact) -> Any:
    shop.clock.advance(seconds=1)
    now = shop.crm.customers.get(customer.id)
    return shop.crm.customers.save(attrs.evolve(now, contacts=contacts))


def test_contacts_go_out_with_their_organisation(shop: Shop) -> None:
    """In one run, though a contact names a record that the same run makes."""
    acme(shop, ANN, BOB)
    report = shop.run()
    (account,) = shop.book.live(ACCOUNTS)
    assert report.created == 3
    assert people(shop)["Ann"].values["Account"] == account.id
    assert people(shop)["Ann"].values["Email"] == "ann@acme.example"
    assert set(people(shop)) == {"Ann", "Bob"}
    quiet(shop)


def test_a_plan_lists_them_beside_an_organisation_that_is_yet_to_be_made(shop: Shop) -> None:
    """What a person approves is everything that the run does."""
    acme(shop, ANN)
    assert len(shop.crm.sync.plan("crm").creates) == 2
    assert not shop.book.live(PEOPLE)


@pytest.mark.parametrize("field", ["name", "email", "phone", "title"])
def test_a_contact_is_the_same_under_another_name_or_address(shop: Shop, field: str) -> None:
    """Whatever of him changes, his record is edited, and no other is made."""
    customer = acme(shop, ANN, BOB)
    shop.run()
    before = people(shop)["Ann"].id
    new = {"name": "Anne", "email": "a@new.example", "phone": "+4930654321", "title": "CEO"}
    edit(shop, customer, BOB, attrs.evolve(ANN, **{field: new[field]}))
    report = shop.run()
    assert (report.created, report.updated, report.deleted) == (0, 1, 0)
    entry = shop.book.get(PEOPLE, before)
    assert entry is not None
    assert new[field] in entry.values.values()
    quiet(shop)


def test_a_contact_known_by_his_name_alone_may_be_renamed(shop: Shop) -> None:
    """Where one is left on either side, and nothing contradicts it, he is the one."""
    customer = acme(shop, BOB)
    shop.run()
    edit(shop, customer, Contact(name="Robert"))
    assert (shop.run().deleted, list(people(shop))) == (0, ["Robert"])


def test_a_contact_who_is_talked_to_no_more_is_deleted_there(shop: Shop) -> None:
    """And the other one stays."""
    customer = acme(shop, ANN, BOB)
    shop.run()
    edit(shop, customer, ANN)
    assert shop.run().deleted == 1
    assert set(people(shop)) == {"Ann"}
    quiet(shop)


def test_a_person_added_there_becomes_a_contact_and_is_edited_both_ways(shop: Shop) -> None:
    """He is his organisation's, and known again whatever changes at once."""
    customer = acme(shop, ANN)
    shop.run()
    (account,) = shop.book.live(ACCOUNTS)
    made = shop.book.create(PEOPLE, {"Name": "Cho 조", "Account": account.id, "First": True})
    shop.run()
    assert [one.name for one in shop.crm.customers.get(customer.id).contacts] == ["Ann", "Cho 조"]
    shop.book.edit(PEOPLE, made.id, Name="Cho", Email="cho@acme.example", Phone="+4930777777")
    shop.run()
    cho = shop.crm.customers.get(customer.id).contacts[1]
    assert (cho.name, cho.email, cho.primary) == ("Cho", "cho@acme.example", True)
    edit(shop, customer, ANN, attrs.evolve(cho, title="Chief"))
    shop.run()
    assert shop.book.of(PEOPLE)[made.id].values["Title"] == "Chief"
    quiet(shop)


def test_who_is_on_both_sides_already_is_not_doubled(shop: Shop) -> None:
    """Met by e-mail address, else phone, else name, among his organisation's alone."""
    acme(shop, ANN, BOB)
    account = shop.book.create(ACCOUNTS, {"Name": "Acme", "Email": "office@acme.example"})
    other = shop.book.create(ACCOUNTS, {"Name": "Other", "Email": "other@example.com"})
    for values in ({"Name": "A. Smith", "Email": "ANN@acme.example"}, {"Name": "bob"}):
        shop.book.create(PEOPLE, {**values, "Account": account.id})
    shop.book.create(PEOPLE, {"Name": "Bob", "Account": other.id})
    shop.run()
    shop.run()
    assert len(shop.book.live(PEOPLE)) == 3
    assert len(shop.crm.customers.find(email="office@acme.example").contacts) == 2
    quiet(shop)


def test_a_person_waits_for_his_organisation(shop: Shop) -> None:
    """With the reason, and comes in with the run in which it does."""
    made = shop.book.create(PEOPLE, {"Name": "Dee", "Account": "nobody"})
    shop.run()
    (held,) = shop.crm.sync.quarantine("crm")
    assert "nobody" in held.reason
    shop.run()
    account = shop.book.create(ACCOUNTS, {"Name": "Late", "Email": "l@x.example"}, id="nobody")
    shop.run()
    assert not shop.crm.sync.quarantine("crm")
    (late,) = shop.crm.customers.search("Late").items
    assert [one.name for one in late.contacts] == ["Dee"]
    assert (made.id, account.id) == (made.id, "nobody")
    quiet(shop)


def test_who_waits_for_nobody_any_more_leaves_the_quarantine(shop: Shop) -> None:
    """A person who was deleted there is not kept as a case."""
    made = shop.book.create(PEOPLE, {"Name": "Dee", "Account": "nobody"})
    shop.run()
    shop.book.delete(PEOPLE, made.id)
    shop.run()
    assert not shop.crm.sync.quarantine("crm")


def test_contacts_wait_until_their_organisation_is_selected() -> None:
    """They are written as soon as it is, and stop nobody before."""
    shop = shop_of({**ORGANISATIONS, "select": {"owner": "lin"}}, CONTACTS)
    customer = acme(shop, ANN)
    shop.save("Beta", "b@beta.example", owner="lin", contacts=(BOB,))
    shop.run()
    assert set(people(shop)) == {"Bob"}
    quiet(shop)
    now = shop.crm.customers.get(customer.id)
    shop.crm.customers.save(attrs.evolve(now, owner="lin"))
    shop.run()
    assert set(people(shop)) == {"Ann", "Bob"}
    quiet(shop)
    shop.crm.close()


def test_a_person_goes_over_to_another_organisation(shop: Shop) -> None:
    """As one record, on both sides."""
    acme(shop, ANN)
    shop.save("Beta", "b@beta.example", kind="organisation")
    shop.run()
    beta = next(one for one in shop.book.live(ACCOUNTS) if one.values["Name"] == "Beta")
    shop.book.edit(PEOPLE, people(shop)["Ann"].id, Account=beta.id)
    shop.run()
    assert shop.crm.customers.find(email="office@acme.example").contacts == ()
    (ann,) = shop.crm.customers.find(email="b@beta.example").contacts
    assert (ann.name, ann.title) == ("Ann", "Buyer")
    quiet(shop)
    assert len(shop.book.live(PEOPLE)) == 1


@pytest.mark.parametrize("rule", ["unlink", "erase"])
def test_a_person_deleted_there(rule: str) -> None:
    """Stays here and is never made again, or is taken out."""
    shop = shop_of(ORGANISATIONS, {**CONTACTS, "on_remote_delete": rule})
    customer = acme(shop, ANN, BOB)
    shop.run()
    shop.book.delete(PEOPLE, people(shop)["Ann"].id)
    shop.run()
    left = [one.name for one in shop.crm.customers.get(customer.id).contacts]
    assert left == (["Ann", "Bob"] if rule == "unlink" else ["Bob"])
    edit(shop, customer, *shop.crm.customers.get(customer.id).contacts[::-1])
    quiet(shop)
    assert set(people(shop)) == {"Bob"}
    shop.crm.close()


def test_two_people_made_one_there_are_one_contact(shop: Shop) -> None:
    """What one lacks is filled from the other."""
    customer = acme(shop, attrs.evolve(ANN, phone=None), Contact(name="Anne", phone="+493099"))
    shop.run()
    shop.book.merge(PEOPLE, people(shop)["Ann"].id, people(shop)["Anne"].id)
    shop.run()
    (ann,) = shop.crm.customers.get(customer.id).contacts
    assert (ann.name, ann.email, ann.phone) == ("Ann", "ann@acme.example", "+493099")
    quiet(shop)


def test_the_people_of_an_erased_organisation_are_deleted_there(shop: Shop) -> None:
    """The erasure passes on to everything that was his."""
    customer = acme(shop, ANN, BOB)
    shop.run()
    shop.crm.customers.erase(customer.id, reason="asked")
    shop.run()
    assert not shop.book.live(PEOPLE)
    assert not shop.book.live(ACCOUNTS)
    quiet(shop)


def test_people_of_merged_organisations_are_not_lost(shop: Shop) -> None:
    """Those whom the merge hides here are left as they are there."""
    keep = acme(shop, ANN)
    drop = shop.save("Acme 2", "two@acme.example", contacts=(BOB,))
    shop.run()
    shop.crm.customers.merge(keep.id, drop.id, reason="one")
    shop.run()
    assert {"Ann", "Bob"} == set(people(shop))
    quiet(shop)


def test_people_whom_a_merge_hid_are_deleted_there_with_whoever_is_erased(shop: Shop) -> None:
    """Nothing of them stays in the CRM."""
    keep = acme(shop, ANN)
    drop = shop.save("Acme 2", "two@acme.example", contacts=(BOB,))
    shop.run()
    shop.crm.customers.merge(keep.id, drop.id, reason="one")
    shop.run()
    shop.crm.customers.erase(keep.id, reason="asked")
    shop.run()
    assert not shop.book.live(PEOPLE)
    quiet(shop)


@pytest.mark.parametrize("what", ["edited", "deleted", "merged"])
def test_what_happens_there_to_people_whom_a_merge_hid(shop: Shop, what: str) -> None:
    """It is taken over once the merge is taken back."""
    keep = acme(shop, ANN)
    drop = shop.save("Acme 2", "two@acme.example", contacts=(BOB,))
    shop.run()
    merged = shop.crm.customers.merge(keep.id, drop.id, reason="one")
    shop.run()
    shop.clock.advance(seconds=1)
    bob = people(shop)["Bob"]
    if what == "edited":
        shop.book.edit(PEOPLE, bob.id, Name="Robert")
    elif what == "deleted":
        shop.book.delete(PEOPLE, bob.id)
    else:
        shop.book.merge(PEOPLE, people(shop)["Ann"].id, bob.id)
    shop.run()
    quiet(shop)
    shop.crm.customers.unmerge(merged.id, reason="two")
    shop.run()
    shop.run()
    (one,) = shop.crm.customers.get(drop.id).contacts
    assert one.name == ("Robert" if what == "edited" else "Bob")
    assert set(people(shop)) == {"Ann", one.name} - ({"Bob"} if what == "deleted" else set())
    quiet(shop)


@pytest.mark.parametrize("who", ["Acme", "Acme 2"])
def test_after_a_merge_was_taken_back_each_is_erased_with_his_own_people(
    shop: Shop, who: str
) -> None:
    """No run has come by between."""
    keep = acme(shop, ANN)
    drop = shop.save("Acme 2", "two@acme.example", contacts=(BOB,))
    shop.run()
    merged = shop.crm.customers.merge(keep.id, drop.id, reason="one")
    shop.run()
    shop.crm.customers.unmerge(merged.id, reason="two")
    shop.crm.customers.erase((keep if who == "Acme" else drop).id, reason="asked")
    shop.run()
    shop.run()
    assert set(people(shop)) == {"Bob" if who == "Acme" else "Ann"}
    (account,) = shop.book.live(ACCOUNTS)
    (one,) = people(shop).values()
    assert one.values["Account"] == account.id
    quiet(shop)


def test_a_child_goes_over_before_its_parent_and_names_it_later(shop: Shop) -> None:
    """An organisation is not held up by the one that it belongs to."""
    child = shop.save("Child", "c@x.example")
    parent = shop.save("Parent", "p@x.example")
    shop.crm.customers.save(attrs.evolve(child, parent=parent.id))
    shop.run()
    found = {one.values["Name"]: one for one in shop.book.live(ACCOUNTS)}
    assert found["Child"].values["Parent"] == found["Parent"].id
    quiet(shop)


def test_a_child_read_before_its_parent_comes_in_with_it(shop: Shop) -> None:
    """It waits within the run."""
    shop.book.create(ACCOUNTS, {"Name": "Child", "Email": "c@x.example", "Parent": "p"})
    shop.book.create(ACCOUNTS, {"Name": "Parent", "Email": "p@x.example"}, id="p")
    shop.run()
    child = shop.crm.customers.find(email="c@x.example")
    assert child.parent == shop.crm.customers.find(email="p@x.example").id
    quiet(shop)


def test_persons_and_organisations_may_be_objects_of_their_own() -> None:
    """A person of one object names an organisation of the other, as the schema says."""
    accounts = {**ORGANISATIONS, "select": {"kind": "organisation"}}
    persons = {
        "concept": "customers",
        "object": PEOPLE,
        "match": "email",
        "select": {"kind": "person"},
        "fields": {"name": "Name", "email": "Email", "parent": "Account"},
    }
    shop = shop_of(persons, accounts)
    office = shop.save("Acme", "office@acme.example", kind="organisation")
    shop.save("Ann", "ann@acme.example", parent=office.id)
    shop.run()
    (account,) = shop.book.live(ACCOUNTS)
    assert people(shop)["Ann"].values["Account"] == account.id
    shop.book.create(PEOPLE, {"Name": "Bob", "Email": "bob@x.example", "Account": account.id})
    shop.run()
    assert shop.crm.customers.find(email="bob@x.example").parent == office.id
    quiet(shop)
    shop.crm.close()


def test_whom_they_name_is_asked_once_a_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many contacts of a page were changed there."""
    acme(shop, *(Contact(name=f"C{n}", email=f"c{n}@acme.example") for n in range(9)))
    shop.run()
    quiet(shop)
    asked: list[str] = []
    outward = referring.outward

    def counted(track: Any, *given: Any) -> Any:
        asked.append(track.entity)
        return outward(track, *given)

    monkeypatch.setattr(referring, "outward", counted)
    counts = []
    for changed in (1, 9):
        shop.clock.advance(seconds=200)
        for n in range(changed):
            shop.book.edit(PEOPLE, people(shop)[f"C{n}"].id, Title=f"T{changed}")
        asked.clear()
        assert shop.run().updated == changed
        counts.append(asked.count(PEOPLE))
    assert counts[0] == counts[1]
