"""Customers written down: added or changed, never doubled, no key taken from another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import attrs

from crmkit.capture.contacts import contact_keys
from crmkit.capture.customer_rows import (
    APART,
    RUN,
    SAVED,
    TRACE,
    customer_of,
    read_customers,
    row_of,
    with_body,
)
from crmkit.capture.exact import ID_LIMIT, Fault, text
from crmkit.capture.gathering import Gathering, Some
from crmkit.capture.identity import SHARED_ONLY, Directory
from crmkit.capture.ids import customer_id
from crmkit.capture.keys import NAME_LIMIT, Key, Keys, strength
from crmkit.capture.merge import index
from crmkit.capture.normalise import Normaliser
from crmkit.capture.shapes import check_shape
from crmkit.capture.tombstones import ERASED, Tombstones
from crmkit.capture.traces import traced
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import CUSTOMER
from crmkit.model.customer import Customer, Identity
from crmkit.model.serial import Record
from crmkit.model.touchpoint import Rejection

_ROOT = CUSTOMER.position["root"]
_SEQ = CUSTOMER.position["seq"]
_SOURCE = "customers"
"""What a collision names as its source where the customer that was saved names none."""


@attrs.frozen(kw_only=True)
class SaveReport(Record):
    """What became of the customers of one ``save_all``.

    Attributes:
        run: Id that the whole can be taken back by; empty where nothing was new or changed.
        new: Customers that were added.
        changed: Customers that were known and now say something else.
        unchanged: Customers that were known and say the same.
        rejected: Those that could not be taken; empty where `on_reject` was given.
        rejections: How many were rejected, wherever they were handed to.
        collisions: Keys met that belong to another customer.
    """

    run: str = ""
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: tuple[Rejection, ...] = ()
    rejections: int = 0
    collisions: int = 0


@attrs.define
class Saved:
    """What became of one batch: ids in the order given (None: rejected), and the counts.

    Attributes:
        run: Id of the import it belongs to; 0 where nothing of it was written yet.
    """

    ids: list[str | None] = attrs.field(factory=list)
    outcomes: list[str | Fault] = attrs.field(factory=list)
    collisions: set[str] = attrs.field(factory=set)
    run: int = 0


class Saver:
    """Writes one batch of customers in one transaction.

    Args:
        writer: The transaction.
        normaliser: Spells the keys.
        tombstones: The erased.
        now: The clock, in microseconds since 1970.
        strict: Whether a key that identifies nobody is an error; else it is left out.
        gathering: Contacts that the batches before it named one by one; None: there were none.
    """

    def __init__(  # noqa: PLR0913 - what one batch rests on
        self,
        writer: Writer,
        normaliser: Normaliser,
        tombstones: Tombstones,
        now: int,
        *,
        strict: bool,
        gathering: Gathering | None = None,
    ) -> None:
        """Write nothing yet."""
        self._writer = writer
        self._normaliser = normaliser
        self._now = now
        self._strict = strict
        self._gathering = gathering or Gathering(normaliser)
        self._directory = Directory(writer, now, tombstones)
        self._tombstones = tombstones
        self._erased: set[Key] = set()
        self._numbers: dict[str, str] = {}
        self._touched: dict[str, tuple[Row | None, list[Key]]] = {}

    def save(self, customers: Sequence[Any], *, run: int | None = None) -> Saved:
        """Write the batch; a customer that cannot be taken costs only himself.

        Args:
            customers: The batch.
            run: Import that it belongs to; 0: the import begins with it; None: none, so that it
                cannot be taken back.
        """
        saved = self.weigh(customers)
        changes = self._directory.changes
        if changes or self._directory.collisions:  # a key of somebody else's may be all that is new
            first = self._writer.sequence(changes) if changes else 0
            if run is not None:
                saved.run = run or first
                self._trace(saved.run)
            self._directory.write(first, 0)
        if changes:
            roots = {self._directory.root(base) for base in saved.ids if base is not None}
            index(self._writer, sorted(root for root in roots if root))
        saved.collisions.update(self._directory.collisions)
        return saved

    def _trace(self, run: int) -> None:
        """Note with each customer what an import does to him."""
        for base, (before, keys) in self._touched.items():
            row = self._directory.row(base)
            if row is not None:
                self._directory.change(traced(row, before, run, self._now, keys))

    def weigh(self, customers: Sequence[Any]) -> Saved:
        """Tell what would become of each of the batch, and write nothing."""
        saved = Saved()
        spelt = [self._spell(customer) for customer in customers]
        self._load([pair for pair in spelt if not isinstance(pair, Fault)])
        for pair in spelt:
            base, outcome = (None, pair) if isinstance(pair, Fault) else self._try(*pair)
            saved.ids.append(base)
            saved.outcomes.append(outcome)
        return saved

    def _try(self, customer: Customer, keys: list[Key]) -> tuple[str | None, str | Fault]:
        try:
            return self._one(customer, keys)
        except Fault as fault:
            return None, fault

    def _spell(self, customer: Any) -> tuple[Customer, list[Key]] | Fault:
        try:
            plain = _plain(customer)
            return plain, self._keys(plain)
        except Fault as fault:
            return fault
        except Exception as error:  # noqa: BLE001 - attrs does not check types
            return Fault("customer", f"cannot be read: {type(error).__name__}")

    def _keys(self, customer: Customer) -> list[Key]:
        """Check what can be checked of one customer alone, and give his keys, strongest first."""
        check_shape(customer)
        text("id", customer.id, ID_LIMIT)
        text("name", customer.name, NAME_LIMIT)
        keys: dict[Key, None] = {}
        for given in customer.identities:
            system = text("identities", given.system, ID_LIMIT)
            value = self._normaliser.key(system, text("identities", given.value))
            if value is not None and len(value) <= 2 * ID_LIMIT:
                keys[system, value] = None
            elif self._strict:
                reason = f"{system} {given.value[:60]!r} identifies nobody: correct it"
                raise Fault("identities", reason)
        if not (keys or customer.id or customer.number):
            if not self._strict:  # of many: they come again, and he would be made anew each time
                reason = "has no usable key and no number, by which he would be known again"
                raise Fault("customer", f"{reason}: give an id of your system (identities.NAME)")
            if not customer.name.strip():
                raise Fault("customer", "has no usable key, no number and no name")
        customer_of(row_of(customer, None, "", self._now))  # it must come back
        return sorted(keys, key=lambda key: (strength(key[0]), key))

    def _load(self, pairs: Iterable[tuple[Customer, list[Key]]]) -> None:
        pairs = list(pairs)
        numbers = {(customer.number,) for customer, _ in pairs if customer.number}
        for row in self._writer.fetch(CUSTOMER, numbers, by=("number",)):
            self._numbers.setdefault(row[CUSTOMER.position["number"]], row[0])
        ids = {customer.id for customer, _ in pairs if customer.id} | {
            customer.parent for customer, _ in pairs if customer.parent
        }
        self._directory.load(
            (key for _, keys in pairs for key in keys), ids | set(self._numbers.values())
        )
        self._directory.load_roots()
        contacts = (keys for customer, _ in pairs for keys in self._known_by(customer))
        self._erased = self._tombstones.erased("identity", chain.from_iterable(contacts))

    def _known_by(self, customer: Customer) -> list[set[Key]]:
        """Give the keys of each contact."""
        return [set(contact_keys(contact, self._normaliser)) for contact in customer.contacts]

    def _refuse_erased(self, customer: Customer, keys: list[Key]) -> None:
        self._directory.refuse_erased(keys)
        for place, found in enumerate(self._known_by(customer) if self._erased else (), 1):
            if not self._erased.isdisjoint(found):
                raise Fault("contacts", f"number {place} {ERASED}")

    def _one(self, customer: Customer, keys: list[Key]) -> tuple[str, str]:
        directory = self._directory
        known = directory.learnt
        self._refuse_erased(customer, keys)
        if customer.parent is not None and directory.root(customer.parent) in (None, customer.id):
            raise Fault("parent", f"must be the id of another customer: {customer.parent!r}")
        base = self._target(customer, keys)
        self._check_number(customer, base)
        before = None if base is None else directory.row(base)
        base = base or customer.id or customer_id()
        customer = self._gathered(self._over(customer, before), base, before)
        whole = attrs.evolve(customer, id=base, identities=tuple(Identity(*key) for key in keys))
        row = row_of(whole, before, base if before is None else str(before[_ROOT]), self._now)
        same = before is not None and _told(row) == _told(before)
        if not same:
            directory.change(row)
        directory.claim(base, keys, customer.source or _SOURCE, base)
        taught = directory.taught(known)
        if customer.number:
            self._numbers[customer.number] = base
        is_new = before is None or directory.is_new(base)
        if is_new or taught or not same:
            self._touched.setdefault(base, (None if is_new else before, []))[1].extend(taught)
        return base, "new" if is_new else "changed" if taught or not same else "unchanged"

    def _target(self, customer: Customer, keys: list[Key]) -> str | None:
        """Give the customer that is meant: by id, else by number, else by the strongest key.

        Raises:
            Fault: the id was merged into another.
        """
        directory = self._directory
        if customer.id:
            root = directory.root(customer.id)
            if root not in (None, customer.id):
                raise Fault("id", f"was merged into {root!r}: save that customer")
            return customer.id if root else None
        if customer.number and customer.number in self._numbers:
            return directory.root(self._numbers[customer.number])
        if all(directory.leads_to(key) is None for key in keys):
            if not (self._strict or customer.number) and all(map(directory.is_shared, keys)):
                raise Fault("customer", SHARED_ONLY)  # he would be made anew each time
            return None
        found, _ = directory.settle(
            Keys(tuple(keys), ""), customer.source or _SOURCE, customer.number or customer.name[:50]
        )
        return found.root

    def _check_number(self, customer: Customer, base: str | None) -> None:
        holder = self._numbers.get(customer.number or "")
        root = self._directory.root
        if holder is not None and (base is None or root(holder) != root(base)):
            raise Fault("number", f"{customer.number!r} is the number of {holder!r} already")

    def _over(self, customer: Customer, before: Row | None) -> Customer:
        """Lay a customer who came without an id over what is known: what he leaves out stays."""
        if customer.id or before is None:
            return customer
        known = customer_of(before)
        filled: dict[str, Any] = {}
        for field in attrs.fields(Customer):
            old, new = getattr(known, field.name), getattr(customer, field.name)
            if field.name in APART:
                continue
            if field.name in ("profile", "custom"):
                filled[field.name] = {**old, **new}
            elif new == field.default or (not new and not isinstance(new, bool)):
                filled[field.name] = old
        return attrs.evolve(customer, id=known.id, **filled)

    def _gathered(self, customer: Customer, base: str, before: Row | None) -> Customer:
        """Put contacts whom the record names among others beside those who are known."""
        if not isinstance(customer.contacts, Some):
            return customer
        known = () if before is None else customer_of(before).contacts
        contacts = self._gathering.add(base, known, customer.contacts)
        return attrs.evolve(customer, contacts=contacts)


def _plain(customer: Any) -> Customer:
    """Take a customer with texts that are no more than texts: those of a class may do anything.

    Raises:
        Fault: it is none.
    """
    if not isinstance(customer, Customer):
        raise Fault("customer", "must be a crmkit.Customer")
    fields = ((field.name, getattr(customer, field.name)) for field in attrs.fields(Customer))
    odd: dict[str, Any] = {
        name: str.__str__(value)
        for name, value in fields
        if isinstance(value, str) and type(value) is not str
    }
    return attrs.evolve(customer, **odd) if odd else customer


def _told(row: Row) -> Row:
    """Give what a row says of a customer, without its place in the order, instant and search."""
    search = CUSTOMER.position["search"]
    plain = with_body(row, **dict.fromkeys((RUN, TRACE, SAVED)))
    return (*plain[:_SEQ], *plain[_ROOT:search], *plain[search + 1 :])


def read_saved(writer: Writer, base: str) -> Customer:
    """Give a customer just saved, as he stands."""
    (row,) = writer.fetch(CUSTOMER, [(base,)])
    return read_customers(writer, [row[_ROOT]])[0]
