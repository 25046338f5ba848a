"""One object of a CRM that is kept in step: everything that reading and writing it share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import attrs

from crmkit.capture.exact import Fault
from crmkit.capture.normalise import Normaliser
from crmkit.clock import micros
from crmkit.contracts.connector import Connector, Field, Remote, Schema
from crmkit.contracts.session import Session
from crmkit.contracts.specs import ConnectorSpec
from crmkit.contracts.store import Reader, Writer
from crmkit.model.sync import SyncChange
from crmkit.sync import referring
from crmkit.sync.cases import Cases
from crmkit.sync.comparing import Base, Pairing
from crmkit.sync.concepts.base import Concept, Local
from crmkit.sync.fields import CUSTOMERS, SCORE, type_of
from crmkit.sync.pairs import Pair, Pairs
from crmkit.sync.places import Place, write_place
from crmkit.sync.settings import IN, OUT, FieldRule, Link, MappingRule
from crmkit.sync.tally import Tally
from crmkit.sync.values import Value, empty, out


class Extra:
    """Fields that are ours alone and stand on the record of a customer, such as the score."""

    def read(self, reader: Reader, keys: Sequence[str]) -> dict[str, dict[str, Value]]:
        """Give values by key and field."""
        raise NotImplementedError

    def steady(self, name: str, now: Value, sent: Base | None) -> Value:
        """Give the value to compare with what was sent: the same, where it has hardly moved."""
        raise NotImplementedError


@attrs.define(slots=False)
class Track:
    """One object, its mapping, its schema, and how far it has come.

    Attributes:
        session: The store and the clock.
        link: The connector's section.
        spec: Its type.
        connector: It, opened.
        rule: The mapping.
        rules: Every field of the object, the scores' among them.
        schema: What the object looks like there.
        concept: What it is here.
        normaliser: Spells e-mail addresses and phone numbers.
        place: How far it has come.
        pairs: Our records and theirs.
        cases: Conflicts and quarantine.
        tally: What the run has done.
        extra: Fields that are ours alone.
        retry: Whether what stands in quarantine is tried again.
        related: Gives the tracks of another concept.
        dependents: Those with fields that name customers, where this is one of customers.
        renew: Renews the run's lease, in each of its transactions.
        merge: Merges two records of ours: the one to keep, and the one to drop.
        erase: Erases one of ours.
        patches: What a dry run would have written here, by key and field.
        mergers: Pairs to be merged there, by the dropped key: the keeper's, and the dropped pair.
        fresh: In a dry run, whom strangers that would be made here are found by, with their ids.
        met: Customers whom fields of theirs name, by our field and their id; for one page.
        expanded: Keys of what waited for a customer, and is being sent.
    """

    session: Session
    link: Link
    spec: ConnectorSpec
    connector: Connector
    rule: MappingRule
    rules: tuple[FieldRule, ...]
    schema: Schema
    concept: Concept
    normaliser: Normaliser
    place: Place
    pairs: Pairs
    cases: Cases
    tally: Tally
    extra: Extra | None = None
    retry: bool = False
    related: Callable[[str], Sequence[Track]] = lambda _concept: ()
    dependents: Sequence[Track] = ()
    renew: Callable[[Writer], object] = lambda _writer: None
    merge: Callable[[str, str], object] = lambda _keep, _drop: None
    erase: Callable[[str], object] = lambda _key: None
    patches: dict[str, dict[str, Value]] = attrs.field(factory=dict)
    mergers: dict[str, tuple[str, Pair]] = attrs.field(factory=dict)
    fresh: dict[str, str] = attrs.field(factory=dict)
    met: dict[tuple[str, str], str] = attrs.field(factory=dict)
    expanded: list[str] = attrs.field(factory=list)

    # -- what it is --------------------------------------------------------------------

    @property
    def entity(self) -> str:
        """The CRM's object."""
        return self.rule.object

    @property
    def dry(self) -> bool:
        """Whether nothing is to be written anywhere."""
        return self.tally.dry

    @property
    def outward(self) -> bool:
        """Whether anything goes out."""
        return self.rule.direction != IN

    @property
    def inward(self) -> bool:
        """Whether anything comes in."""
        return self.rule.direction != OUT

    @property
    def among_themselves(self) -> bool:
        """Whether its records name one another, of whom some come into step within a page."""
        return self.rule.concept == CUSTOMERS

    def can(self, word: str) -> bool:
        """Tell whether the connector has a capability."""
        return word in self.spec.capabilities

    @cached_property
    def theirs(self) -> tuple[str, ...]:
        """The CRM's fields that are read."""
        return tuple(dict.fromkeys(rule.theirs for rule in self.rules))

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The CRM's fields by name."""
        return {field.name: field for field in self.schema.fields}

    @cached_property
    def by_ours(self) -> dict[str, FieldRule]:
        """The rules by our field's name."""
        return {rule.ours: rule for rule in self.rules}

    @cached_property
    def lengths(self) -> tuple[tuple[str, int], ...]:
        """Our fields whose own there takes texts of a certain length alone, and that length."""
        found = ((rule.ours, self.fields.get(rule.theirs)) for rule in self.rules)
        return tuple((name, one.length) for name, one in found if one and one.length is not None)

    @cached_property
    def never_empty(self) -> frozenset[str]:
        """Our fields whose own there cannot be empty."""
        found = ((rule.ours, self.fields.get(rule.theirs)) for rule in self.rules)
        return frozenset(name for name, one in found if one and one.never_empty)

    @cached_property
    def defaults(self) -> dict[str, Value]:
        """What a new record gets where we have nothing, by our field's name."""
        return {rule.ours: rule.default for rule in self.rules if rule.default is not None}

    @cached_property
    def _spelling(self) -> list[tuple[str, FieldRule, Field, bool]]:
        """Each field of ours with its rule, theirs, and whether a text goes over as it is."""
        plain = {"text", "email", "phone"}
        return [
            (
                rule.ours,
                rule,
                field,
                not rule.values and self.kinds[rule.ours] in plain and _texts(field),
            )
            for rule in self.rules
            if (field := self.fields.get(rule.theirs)) is not None
        ]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Types of our fields."""
        return {rule.ours: type_of(self.rule.concept, rule.ours) for rule in self.rules}

    @cached_property
    def matching(self) -> FieldRule | None:
        """The field by which records find each other."""
        return next((rule for rule in self.rules if rule.ours == self.rule.match), None)

    @cached_property
    def overlap(self) -> float:
        """Seconds before the cursor that are read again."""
        found = self.link.overlap
        return self.connector.overlap if found is None else found

    # -- our records -------------------------------------------------------------------

    def locals(self, reader: Reader, keys: Iterable[str]) -> dict[str, Local]:
        """Read our records, with what a plan has laid over them."""
        asked = list(dict.fromkeys(keys))
        found = self.concept.read(reader, asked) if asked else {}
        if self.extra is not None and found:
            more = self.extra.read(reader, list(found))
            found = {
                key: local._replace(values={**local.values, **more.get(key, {})})
                for key, local in found.items()
            }
        for key in found.keys() & self.patches.keys():
            laid = {**found[key].values, **self.patches[key]}
            found[key] = found[key]._replace(values=laid)
        return found

    def spoken(
        self, local: Local, base: Mapping[str, Base], references: referring.References
    ) -> tuple[dict[str, Value], list[Fault]]:
        """Give our values as the CRM takes them, and those that it cannot take."""
        said: dict[str, Value] = {}
        faults: list[Fault] = []
        values = local.values
        for name, rule, field, plain in self._spelling:
            if name not in values:
                continue
            value = values[name]
            if plain and (value is None or type(value) is str):
                said[name] = value or None  # nothing is to be turned into anything
                continue
            try:
                said[name] = self._said(rule, field, value, references)
            except Fault as fault:
                faults.append(fault)
                continue
            if self.extra is not None and name.startswith(SCORE):
                said[name] = self.extra.steady(name, said[name], base.get(name))
        return said, faults

    def _said(
        self,
        rule: FieldRule,
        field: Field,
        value: Value,
        references: referring.References,
    ) -> Value:
        kind = self.kinds[rule.ours]
        if kind == "person" and isinstance(value, str):
            value = self.link.users.get(value, value)
        elif kind == "customer" and value is not None:
            found = references.get(rule.ours, {}).get(value)
            if found is None:
                raise referring.Waiting(rule.ours, f"{value} is not in step yet")
            value = found
        return out(value, rule, field)

    def pairing(
        self, local: Local, said: Mapping[str, Value], remote: Remote | None, pair: Pair | None
    ) -> Pairing:
        """Lay both sides beside each other."""
        echo, newer = False, "ours"
        if remote is not None and remote.changed_at is not None:
            at = micros(remote.changed_at, "changed_at")
            echo = pair is not None and pair.changed == at
            newer = "theirs" if at >= local.saved else "ours"
        theirs = None if remote is None else remote.values
        return Pairing(said, local.also, theirs, newer, echo, self.kinds, self.never_empty)

    def references(self, reader: Reader, locals_: Iterable[Local]) -> referring.References:
        """Find the CRM's ids of the customers that our records name."""
        return referring.outward(self, reader, locals_)

    # -- at the end of a piece of work -----------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Open a transaction that keeps what this track has changed; in a dry run, a look."""
        if self.dry:
            with self.session.store.read() as reader:
                yield reader  # type: ignore[misc]
            return
        with self.concept.telling(), self.session.store.write() as writer:
            yield writer
            self.renew(writer)
            if self.pairs.begun and self.dependents:
                referring.wake(self, writer)
            self.pairs.flush(writer)
            self.cases.flush(writer)
            write_place(writer, self.link.name, self.entity, self.place)
        self.pairs.written()
        self.cases.written()

    def note(  # noqa: PLR0913 - what a reader of a plan wants to know
        self,
        what: str,
        side: str,
        *,
        key: str | None,
        remote_id: str | None,
        name: str = "",
        fields: Mapping[str, tuple[Value, Value]] | None = None,
        why: str = "",
    ) -> None:
        """Count a record that is written, or would be."""
        if not self.dry:
            self.tally.add(what)
            return
        change = SyncChange(
            side=side,
            object=self.entity,
            concept=self.rule.concept,
            key=key,
            remote_id=remote_id,
            name=name,
            fields=fields or {},
            why=why,
        )
        self.tally.plan(what, change)


def _texts(field: Field) -> bool:
    return field.type in ("text", "choice", "reference", "other")


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is not empty."""
    return {name: value for name, value in values.items() if value or not empty(value)}
