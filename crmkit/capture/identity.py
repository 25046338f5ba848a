"""Which customer a record is about: deterministic keys, and nobody merged by guessing.

A record goes to the customer of its strongest known key, and its new keys are learnt. Two things
are never decided here, only recorded as a collision for a person to resolve: keys of one record
that lead to different customers, and a weak key (a phone, an e-mail) that leads to a customer who
already has another id in a system that knows better, such as a family sharing a phone.

Everything follows from the order of the records alone, not from where batches were cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from crmkit.capture.exact import Fault
from crmkit.capture.ids import customer_ids, digest
from crmkit.capture.keys import Key, Keys, strength
from crmkit.capture.searching import fold, indexed
from crmkit.capture.tombstones import ERASED, Tombstones
from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import COLLISION, CUSTOMER, IDENTITY
from crmkit.model.customer import PERSON

SHARED_ONLY = "gives only keys that were found to be shared by several"

_ROOT = CUSTOMER.position["root"]
_NAME = CUSTOMER.position["name"]
_SEARCH = CUSTOMER.position["search"]
_SEQ = CUSTOMER.position["seq"]


class Found(NamedTuple):
    """Whose a record is.

    Attributes:
        base: Customer who owns the key that matched: what the row is written with.
        root: Where merges lead from there.
        via: The key that matched, ``system:value``; None where the record gave an id.
    """

    base: str
    root: str
    via: str | None


class Directory:
    """Who is who in one transaction, together with what this batch has learnt so far."""

    def __init__(
        self,
        writer: Writer,
        now: int,
        tombstones: Tombstones,
    ) -> None:
        """Know nobody yet; `load` what a batch asks for."""
        self._writer = writer
        self._now = now
        self._tombstones = tombstones
        self._ids = customer_ids()
        self._owners: dict[Key, str | None] = {}
        self._asked: set[Key] = set()
        self._rows: dict[str, list[object]] = {}
        self._held: dict[str, set[str]] = {}
        self._erased: set[Key] = set()
        self._learnt: list[Row] = []
        self._changed: dict[str, None] = {}
        self._sources: dict[str, str] = {}
        self._collisions: dict[str, Row] = {}

    # -- reading -----------------------------------------------------------------------

    def load(self, keys: Iterable[Key], ids: Iterable[str] = ()) -> None:
        """Read what the database knows of these keys and customers, in two queries."""
        wanted = {key for key in keys if key not in self._asked}
        self._asked |= wanted
        bases = set(ids)
        for system, value, customer, _ in self._writer.fetch(IDENTITY, wanted):
            self._owners[system, value] = customer
            if customer is not None:
                bases.add(customer)
        unread = [(base,) for base in bases if base not in self._rows]
        for row in self._writer.fetch(CUSTOMER, unread):
            self._rows[row[0]] = list(row)
        if self._tombstones:
            unknown = (key for key in wanted if key not in self._owners)
            self._erased |= self._tombstones.erased("identity", unknown)

    def load_roots(self) -> None:
        """Read whom the customers read so far were merged into: his is the record that is kept."""
        self.load((), {str(row[_ROOT]) for row in self._rows.values()})

    def root(self, base: str) -> str | None:
        """Give where merges lead from a customer; None where nobody has that id."""
        row = self._rows.get(base)
        return None if row is None else str(row[_ROOT])

    def leads_to(self, key: Key) -> str | None:
        """Give the root of the customer a key finds, without learning anything."""
        base = self._owners.get(key)
        return None if base is None else self.root(base)

    def is_shared(self, key: Key) -> bool:
        """Tell whether a key was found to be of several, so that it identifies nobody."""
        return key in self._owners and self._owners[key] is None

    def by_id(self, customer: str) -> Found:
        """Give the customer a record names by his id.

        Raises:
            Fault: nobody has that id.
        """
        root = self.root(customer)
        if root is None:
            cure = "a key goes into a mapping such as {'email': ...}"
            raise Fault("customer", f"no customer has the id {customer!r}: {cure}")
        return Found(customer, root, None)

    # -- learning ----------------------------------------------------------------------

    def settle(self, keys: Keys, source: str, record: str) -> tuple[Found, Found | None]:
        """Say whose a new record is, learn its new keys, and note collisions.

        Returns:
            Whose it is; and what a record with the same keys finds from now on, by a key that
            may have been learnt just now, or None where keys are in dispute.

        Raises:
            Fault: a key belongs to somebody who was erased, or every key is shared.
        """
        new = [key for key in keys.keys if key not in self._owners]
        if not self._erased.isdisjoint(new):
            raise Fault("customer", ERASED)
        matched = [(key, base) for key in keys.keys if (base := self._owners.get(key)) is not None]
        if not matched:
            if not new:
                raise Fault("customer", SHARED_ONLY)
            found = self._found(self._create(new, keys.name, source), new[0])
            return found, found
        first, base = matched[0]
        stronger = [key for key in new if strength(key[0]) < strength(first[0])]
        if stronger and self._contradicted(base, stronger):
            base, first = self._create(new, keys.name, source), stronger[0]
        else:
            self._learn(base, new, keys.name)
        found = self._found(base, first)
        disputed = [(key, other) for key, other in matched if self.root(other) != found.root]
        for key, other in disputed:
            self._collide(key, other, base, source, record)
        return found, None if disputed else self._strongest(keys)

    def _strongest(self, keys: Keys) -> Found:
        key = next(key for key in keys.keys if self._owners[key] is not None)
        return self._found(str(self._owners[key]), key)

    def _found(self, base: str, key: Key) -> Found:
        return Found(base, str(self._rows[base][_ROOT]), f"{key[0]}:{key[1]}")

    def _contradicted(self, base: str, keys: list[Key]) -> bool:
        """Tell whether the customer already has another id in one of these keys' systems."""
        held = self._held_by(str(self._rows[base][_ROOT]))
        return any(system in held for system, _ in keys)

    def _held_by(self, root: str) -> set[str]:
        """Give the systems in which a whole merge group has keys."""
        held = self._held.get(root)
        if held is None:
            group = {row[0] for row in self._writer.fetch(CUSTOMER, [(root,)], by=("root",))}
            keys = self._writer.fetch(
                IDENTITY, [(base,) for base in group | {root}], by=("customer",)
            )
            held = self._held[root] = {system for system, *_ in keys}
            held.update(key[0] for key in self._learnt if self.root(str(key[2])) == root)
        return held

    def _create(self, keys: list[Key], name: str, source: str) -> str:
        base = next(self._ids)
        search = "\n".join([indexed(name), *(fold(value) for _, value in keys)]).strip("\n")
        self._rows[base] = [
            base, 0, base, PERSON, name, None, None, None, search, self._now, "{}"
        ]  # fmt: skip
        self._sources[base] = source
        self._held[base] = {system for system, _ in keys}
        self._changed[base] = None
        self._own(base, keys)
        return base

    def _own(self, base: str, keys: list[Key]) -> None:
        for key in keys:
            self._owners[key] = base
            self._learnt.append((*key, base, self._now))

    def _learn(self, base: str, keys: list[Key], name: str) -> None:
        row = self._rows[base]
        if name and not row[_NAME]:
            row[_NAME] = name
            row[_SEARCH] = f"{row[_SEARCH]}\n{indexed(name)}".strip("\n")
            self._changed[base] = None
        held = self._held.get(str(row[_ROOT]))
        for system, value in keys:
            row[_SEARCH] = f"{row[_SEARCH]}\n{fold(value)}".strip("\n")
            self._changed[base] = None
            if held is not None:
                held.add(system)
        self._own(base, keys)

    def _collide(self, key: Key, holder: str, other: str, source: str, record: str) -> None:
        name = collision_id(key, holder, other)
        self._collisions.setdefault(
            name, (name, *key, holder, other, source, record, self._now, None)
        )

    # -- for customers saved by hand -----------------------------------------------------

    def row(self, base: str) -> Row | None:
        """Give a customer's row as it stands now, in this transaction."""
        row = self._rows.get(base)
        return None if row is None else tuple(row)

    def change(self, row: Row) -> None:
        """Add a customer, or replace his row."""
        self._rows[row[0]] = list(row)
        self._changed[row[0]] = None

    def is_new(self, base: str) -> bool:
        """Tell whether this batch made the customer."""
        return base in self._sources

    def refuse_erased(self, keys: Iterable[Key]) -> None:
        """Raise Fault where a key belongs to somebody who was erased."""
        if not self._erased.isdisjoint(keys):
            raise Fault("identities", ERASED)

    @property
    def learnt(self) -> int:
        """How many keys were learnt so far."""
        return len(self._learnt)

    def taught(self, since: int) -> list[Key]:
        """Give the keys that were learnt after so many."""
        return [(row[0], row[1]) for row in self._learnt[since:]]

    def claim(self, base: str, keys: Iterable[Key], source: str, record: str) -> None:
        """Learn keys for a customer who is known otherwise; one of somebody else's collides."""
        keys = list(keys)
        new = [key for key in keys if key not in self._owners]
        self._learn(base, new, "")
        for key in keys:
            owner = self._owners[key]
            if owner is not None and self.root(owner) != self.root(base):
                self._collide(key, owner, base, source, record)

    # -- writing -----------------------------------------------------------------------

    @property
    def changes(self) -> int:
        """How many customers were added or changed: so many places in the order are needed."""
        return len(self._changed)

    @property
    def collisions(self) -> Iterable[str]:
        """Ids of the collisions that were met."""
        return self._collisions

    def write(self, seq: int, run: int) -> None:
        """Write what was learnt.

        Args:
            seq: First of the `changes` reserved places.
            run: Capture that new customers come from; 0: they were saved by hand.
        """
        new: list[Row] = []
        known: list[Row] = []
        bodies: dict[str, str] = {}
        for base in self._changed:
            row = self._rows[base]
            row[_SEQ] = seq
            source = self._sources.get(base)
            if run and source is not None:
                if source not in bodies:
                    bodies[source] = json.dumps({"source": source, "run": run}, sort_keys=True)
                row[-1] = bodies[source]
            (known if source is None else new).append(tuple(row))
            seq += 1
        self._writer.put(CUSTOMER, known)
        # Nobody had these ids and keys, and nobody else writes.
        self._writer.append(CUSTOMER, new)
        self._writer.append(IDENTITY, self._learnt)
        if self._collisions:
            self._writer.append(COLLISION, list(self._collisions.values()))


def collision_id(key: Key, one: str, other: str) -> str:
    """Give a collision's id: the same key and pair of customers have one, in either order."""
    return digest("collision", *key, *sorted((one, other)))
