"""Contacts on their way to a CRM and back: the people to talk to at a customer.

A contact has no id. His key is his customer's id and a handle made of what he was first known by;
once he is in step, his pair tells him again whatever of it has changed (`traits`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from crmkit.capture.customer_rows import group_of, read_groups, saved_at
from crmkit.capture.exact import Fault
from crmkit.capture.ids import digest
from crmkit.capture.normalise import Normaliser
from crmkit.capture.saving import Saver
from crmkit.capture.traits import Traits, assign, traits
from crmkit.contracts.pair_keys import contact_home, contact_key
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import CUSTOMER, SYNC_CASE
from crmkit.model.customer import Contact, Customer
from crmkit.model.sync import THEIRS
from crmkit.paging import pages
from crmkit.sync.concepts.base import Applied, Concept, Draft, Gone, Local
from crmkit.sync.fields import CONTACTS
from crmkit.sync.pairs import ERASED, LINKED, Pair
from crmkit.sync.settings import MappingRule
from crmkit.value.roots import roots_of

_BODY = CUSTOMER.position["body"]
_CHUNK = 200
_PARTS = ("name", "title", "email", "phone", "primary")


@attrs.frozen
class _People:
    """A customer and who is talked to there.

    Attributes:
        customer: Whole, with everything that was merged into him.
        saved: When he was last saved, in microseconds.
        keys: The contacts' keys, in their order.
        pairs: Their pairs by key, and those of contacts who are gone.
    """

    customer: Customer
    saved: int
    keys: Sequence[str]
    pairs: Mapping[str, Pair]

    @property
    def contacts(self) -> dict[str, Contact]:
        """The contacts by key."""
        return dict(zip(self.keys, self.customer.contacts, strict=True))


class ContactsConcept(Concept):
    """Contacts of customers."""

    name = CONTACTS
    about = "customer"

    def __init__(
        self,
        rule: MappingRule,
        source: str,
        normaliser: Normaliser,
        saver: Callable[..., Saver],
        session: Session,
    ) -> None:
        """Read nothing yet.

        Args:
            rule: The mapping.
            source: The connector's name.
            normaliser: Spells e-mail addresses and phone numbers.
            saver: Makes what writes customers in a transaction.
            session: The store.
        """
        super().__init__(rule)
        self._source, self._normaliser, self._saver = source, normaliser, saver
        self._session = session
        self._made: dict[str, dict[str, Contact]] = {}

    # -- reading -----------------------------------------------------------------------

    def changed(self, reader: Reader, after: int, upto: int) -> Iterator[tuple[int, str]]:
        """Stream the contacts of customers who changed, and those that were theirs."""
        columns = ("seq", "id", "root")
        rows = reader.scan(CUSTOMER, by=("seq",), low=after + 1, high=upto, columns=columns)
        for chunk in pages(rows, _CHUNK):
            people = self._people(reader, [root for _, _, root in chunk])
            held = self._held(reader, [root for _, _, root in chunk])
            for seq, _, root in chunk:
                keys = (*people[root].keys, *people[root].pairs) if root in people else ()
                for key in dict.fromkeys((*keys, *held.get(root, ()))):
                    yield seq, key

    def _held(self, reader: Reader, roots: list[str]) -> dict[str, list[str]]:
        """Give the keys that were refused there, by customer: who bore them may be gone."""
        found: dict[str, list[str]] = {}
        for row in reader.fetch(SYNC_CASE, [(one,) for one in set(roots)], by=("customer",)):
            if row[:2] == (self.pairs.connector, self.pairs.object) and row[4] == THEIRS:
                found.setdefault(row[5], []).append(row[3])
        return found

    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, Local]:
        """Give contacts by key."""
        found: dict[str, Local] = {}
        for root, people in self._people(reader, self._roots(reader, keys).values()).items():
            for key, contact in people.contacts.items():
                values: dict[str, Any] = {part: getattr(contact, part) for part in _PARTS}
                found[key] = Local(
                    key=key,
                    values=values | {"customer": root},
                    saved=people.saved,
                    customer=root,
                    name=contact.name or contact.email or contact.phone or "",
                )
        return {key: found[key] for key in keys if key in found}

    def gone(self, reader: Reader, keys: Sequence[str]) -> dict[str, Gone]:
        """Tell who is talked to no more; one whose customer was merged is only out of sight."""
        there = self.read(reader, keys)
        pairs = self.pairs.of(reader, keys)
        homes = {key: pairs[key].customer if key in pairs else contact_home(key) for key in keys}
        roots = roots_of(reader, homes.values())
        return {
            key: Gone(hidden=roots.get(home or "", home) != home)
            for key, home in homes.items()
            if key not in there
        }

    def recognise(
        self, reader: Reader, records: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, list[str]]:
        """Find strangers among the contacts of their customers who have no record there yet."""
        by_customer: dict[str, list[str]] = {}
        for id_, values in records.items():
            if values.get("customer"):
                by_customer.setdefault(values["customer"], []).append(id_)
        found: dict[str, list[str]] = {}
        for root, people in self._people(reader, by_customer).items():
            free = {
                key: traits(attrs.asdict(contact), self._normaliser)
                for key, contact in people.contacts.items()
                if key not in people.pairs or people.pairs[key].state != LINKED
            }
            for id_ in by_customer[root]:
                stranger = traits(records[id_], self._normaliser)
                likely = [
                    (-one.likeness(stranger), key)
                    for key, one in free.items()
                    if one.likeness(stranger) and not one.contradicts(stranger)
                ]
                if likely:
                    _, key = min(likely)
                    del free[key]
                    found[id_] = [key]
        return found

    def _roots(self, reader: Reader, keys: Sequence[str]) -> dict[str, str]:
        return roots_of(reader, {contact_home(key) for key in keys})

    def _people(self, reader: Reader, roots: Any) -> dict[str, _People]:
        """Give customers by id with the keys of their contacts."""
        groups = read_groups(reader, list(dict.fromkeys(roots)))
        ids = {row[0]: root for root, (rows, _) in groups.items() for row in rows}
        pairs: dict[str, dict[str, Pair]] = {root: {} for root in groups}
        for pair in self.pairs.about(reader, ids):
            if pair.state != ERASED:
                pairs[ids[pair.customer or ""]][pair.ours] = pair
        return {
            root: self._told_apart(root, group_of(*group), saved_at(group[0]), pairs[root])
            for root, group in groups.items()
            if pairs[root] or any('"contacts"' in row[_BODY] for row in group[0])
        }

    def _told_apart(
        self, root: str, customer: Customer, saved: int, pairs: dict[str, Pair]
    ) -> _People:
        """Give each contact his key: the one of his pair, or one made of what he is known by."""
        keys: dict[int, str] = {}
        for key, contact in self._made.get(root, {}).items():
            place = next((n for n, c in enumerate(customer.contacts) if c == contact), None)
            if place is not None and place not in keys:
                keys[place] = key
        places = [place for place in range(len(customer.contacts)) if place not in keys]
        found = [traits(attrs.asdict(customer.contacts[n]), self._normaliser) for n in places]
        met = {key: pair for key, pair in pairs.items() if key not in keys.values()}
        known = {key: self._last(pair) for key, pair in met.items() if pair.fields != "{}"}
        keys |= {places[n]: key for n, key in assign(known, found).items()}
        for place, one in zip(places, found, strict=True):
            if place not in keys:
                keys[place] = _fresh(root, one, {*keys.values(), *known})
        ordered = [keys[place] for place in range(len(customer.contacts))]
        return _People(customer, saved, ordered, pairs)

    def _last(self, pair: Pair) -> Traits:
        """Give what told a contact from others when his pair was last equal."""
        return traits({name: base.ours for name, base in pair.base.items()}, self._normaliser)

    # -- writing -----------------------------------------------------------------------

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Surround a transaction: contacts made in it are known by their pairs after it."""
        try:
            yield
        finally:
            self._made.clear()

    def apply(self, writer: Writer, drafts: Sequence[Draft]) -> list[Applied]:
        """Write contacts into their customers, a draft after the other."""
        return [self._one(writer, draft) for draft in drafts]

    def _one(self, writer: Writer, draft: Draft) -> Applied:
        try:
            return Applied(self._write(writer, draft))
        except Fault as fault:
            return Applied(None, fault.field, fault.reason)

    def _write(self, writer: Writer, draft: Draft) -> str:
        """Write one contact, and give his key.

        Raises:
            Fault: he cannot be ours.
        """
        values = dict(draft.values)
        home = self._home(writer, draft.key)
        there = values.pop("customer", home)
        if there is None:
            raise Fault("customer", "is required: whose contact is he?")
        changed = {name: _value(name, value) for name, value in values.items()}
        people = self._people(writer, [there]).get(there)
        if people is None:
            (customer,) = (group_of(*one) for one in read_groups(writer, [there]).values())
            people = _People(customer, 0, (), {})
        if draft.key is not None and there == home:
            return self._change(writer, people, draft.key, changed)
        contact = Contact(name="")
        if draft.key is not None and home is not None:  # he went over to another customer
            contact = self._take_out(writer, home, draft.key)
        contact = attrs.evolve(contact, **changed)
        if not (contact.name or contact.email or contact.phone):
            raise Fault("name", "is required, or an e-mail address or a phone number")
        one = traits(attrs.asdict(contact), self._normaliser)
        key = _fresh(there, one, {*people.keys, *people.pairs})
        self._save(writer, people.customer, {**people.contacts, key: contact}, key)
        self._made.setdefault(there, {})[key] = contact
        return key

    def _change(self, writer: Writer, people: _People, key: str, changed: Mapping[str, Any]) -> str:
        if key not in people.contacts:
            raise Fault("name", "is no contact of his customer any more")
        contacts = people.contacts
        contacts[key] = attrs.evolve(contacts[key], **changed)
        self._save(writer, people.customer, contacts, key)
        made = {**self._made.get(people.customer.id, {}), key: contacts[key]}
        self._made[people.customer.id] = made
        return key

    def _take_out(self, writer: Writer, home: str, key: str) -> Contact:
        people = self._people(writer, [home])[home]
        contacts = people.contacts
        taken = contacts.pop(key, None) or Contact(name="")
        self._save(writer, people.customer, contacts, key)
        return taken

    def _save(
        self, writer: Writer, customer: Customer, contacts: Mapping[str, Contact], key: str
    ) -> None:
        """Save a customer with these contacts; where this one is primary, no other is.

        Raises:
            Fault: they cannot be his.
        """
        first = key in contacts and contacts[key].primary
        kept = tuple(
            attrs.evolve(one, primary=False) if first and one.primary and other != key else one
            for other, one in contacts.items()
        )
        saver = self._saver(writer, strict=False)
        (outcome,) = saver.save([attrs.evolve(customer, contacts=kept)]).outcomes
        if isinstance(outcome, Fault):
            raise outcome

    def _home(self, reader: Reader, key: str | None) -> str | None:
        return None if key is None else roots_of(reader, [contact_home(key)]).get(contact_home(key))

    def erase(self, key: str, why: str) -> None:  # noqa: ARG002 - contacts have no history
        """Take out a contact who was deleted there."""
        with self._session.store.write() as writer:
            home = self._home(writer, key)
            if home is not None:
                self._take_out(writer, home, key)

    def merge(self, keep: str, drop: str, why: str) -> None:  # noqa: ARG002
        """Take out a contact who was merged there; what the other lacks is filled from him."""
        with self._session.store.write() as writer:
            home, stays = self._home(writer, drop), self._home(writer, keep)
            if home is None:
                return
            taken = self._take_out(writer, home, drop)
            people = self._people(writer, [stays]).get(stays or "")
            if people is not None and keep in people.contacts:
                contact = people.contacts[keep]
                lacking = {p: getattr(taken, p) for p in _PARTS if not getattr(contact, p)}
                filled = {p: value for p, value in lacking.items() if value and p != "primary"}
                self._change(writer, people, keep, filled)


def _fresh(root: str, one: Traits, taken: set[str]) -> str:
    """Make a key of what a contact is known by that nobody else has."""
    key = made = contact_key(root, digest("contact", one.handle)[:12])
    number = 1
    while made in taken:
        number += 1
        made = f"{key}.{number}"
    return made


def _value(name: str, value: Any) -> Any:
    if name == "primary":
        return bool(value)
    return (value or "") if name == "name" else value or None
