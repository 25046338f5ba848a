"""After any edits of contacts on both sides, faults and kills, a quiet run brings them in step."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import rule

from crmkit import Contact
from tests.sync.machines import PICK, SETTINGS, Machine
from tests.sync.objects import ACCOUNTS, CONTACTS, PEOPLE

NAMES = st.sampled_from(["Ann", "Bob", "王芳", "refuse me"])
TITLES = st.none() | st.sampled_from(["Buyer", "Chief"])
FIELDS = {"name": "Name", "title": "Title", "email": "Email", "phone": "Phone"}


class Contacts(Machine):
    """Organisations and their contacts."""

    mapping = CONTACTS
    entity = PEOPLE

    def change(self, customer: Any, contacts: list[Contact]) -> None:
        self.shop.clock.advance(seconds=1)
        self.shop.crm.customers.save(attrs.evolve(customer, contacts=tuple(contacts)))

    @rule(pick=PICK, name=NAMES, title=TITLES, mail=st.booleans())
    def add(self, pick: int, name: str, title: str | None, mail: bool) -> None:
        one = self.some(pick)
        if one is not None:
            number = self.number()
            email = f"p{number}@x.example" if mail else None
            made = Contact(name=f"{name} {number}", title=title, email=email)
            self.change(one, [*one.contacts, made])

    @rule(pick=PICK, place=PICK, field=st.sampled_from(sorted(FIELDS)))
    def edit(self, pick: int, place: int, field: str) -> None:
        one = self.some(pick)
        if one is not None and one.contacts:
            contacts = list(one.contacts)
            at = place % len(contacts)
            value = self.value(field)
            contacts[at] = attrs.evolve(contacts[at], **{field: value})
            self.change(one, contacts)

    def value(self, field: str) -> str:
        number = self.number()
        spelt = {"email": f"e{number}@x.example", "phone": f"+4930{100000 + number}"}
        return spelt.get(field, f"{field} {number}")

    @rule(pick=PICK, place=PICK)
    def remove(self, pick: int, place: int) -> None:
        one = self.some(pick)
        if one is not None and one.contacts:
            contacts = list(one.contacts)
            del contacts[place % len(contacts)]
            self.change(one, contacts[::-1])

    @rule(pick=PICK, name=NAMES)
    def add_there(self, pick: int, name: str) -> None:
        account = self.there(ACCOUNTS, pick)
        if account is not None:
            values = {"Name": f"{name} {self.number()}", "Account": account.id}
            self.shop.book.create(PEOPLE, values)

    @rule(pick=PICK, field=st.sampled_from(sorted(FIELDS)))
    def edit_there(self, pick: int, field: str) -> None:
        one = self.there(PEOPLE, pick)
        if one is not None:
            self.shop.book.edit(PEOPLE, one.id, **{FIELDS[field]: self.value(field)})

    def law(self) -> None:
        pairs, held, accounts = self.pairs(), self.held(), self.linked_accounts()
        assert len(set(pairs.values())) == len(pairs)
        ours = {(one.id, contact.name): contact for one in self.ours() for contact in one.contacts}
        for entry in self.shop.book.live(PEOPLE):
            if entry.id in held or pairs.get(entry.id) in held:
                continue
            if entry.values.get("Account") not in accounts:
                continue  # its organisation is in step no more
            assert entry.id in pairs, entry
            found = [c for (_, name), c in ours.items() if name == entry.values["Name"]]
            assert len(found) == 1, (entry, found)
            for name, theirs in FIELDS.items():
                assert getattr(found[0], name) == entry.values.get(theirs), (entry, found)
        names = [entry.values["Name"] for entry in self.shop.book.live(PEOPLE)]
        assert len(set(names)) == len(names), names


TestContacts = Contacts.TestCase
TestContacts.settings = SETTINGS
