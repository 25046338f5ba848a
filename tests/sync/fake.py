"""A CRM in memory and its connector: every capability, and faults on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

import crmkit
from crmkit.contracts.connector import (
    BatchRefused,
    Changes,
    Connector,
    Cursor,
    Field,
    Ids,
    Remote,
    Result,
    Schema,
    Upsert,
    WriteLost,
)
from crmkit.contracts.specs import ConnectorSpec
from crmkit.plugins import PluginManager
from crmkit.testing.simulators.book import Book, Entry

CAN = frozenset("upsert delete deleted_feed sweep fetch merge if_unchanged".split())
CONTACTS = "Contacts"
FIELDS = (
    Field(name="Name", required=True, length=60),
    Field(name="Email", unique=True),
    Field(name="Phone"),
    Field(name="Industry", type="choice", choices=("retail", "hotel")),
    Field(name="Owner", type="reference"),
    Field(name="Level", type="number"),
    Field(name="Born", type="date"),
    Field(name="Key", unique=True),
    Field(name="Score", type="number"),
    Field(name="Tier"),
    Field(name="Made", type="instant", readonly=True),
)
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@attrs.define
class Fake(Connector):
    """A CRM in memory.

    Attributes:
        book: Its records.
        page: Records in a page.
        batch: Records in a batch.
        calls: What was called, by name.
        can: Its capabilities.
        faults: Called with the name of each call; may raise.
        lose: So many writes are carried out and then lost on the way back.
        whole: A bad record refuses its whole batch.
        thread_safe: Several threads may call it.
    """

    book: Book = attrs.field(factory=lambda: Book(start=START, step=timedelta(seconds=1)))
    page: int = 50
    batch: int = 20
    calls: list[str] = attrs.field(factory=list)
    can: frozenset[str] = CAN
    faults: Callable[[str], object] = lambda _name: None
    lose: int = 0
    whole: bool = False
    fields: Mapping[str, tuple[Field, ...]] = attrs.field(factory=lambda: {CONTACTS: FIELDS})
    overlap: float = 120.0
    thread_safe: bool = False

    def entities(self) -> Sequence[str]:
        return list(self.fields)

    def schema(self, entity: str) -> Schema:
        self._called("schema")
        return Schema(entity=entity, fields=self.fields[entity], batch=self.batch, page=self.page)

    def changes(self, entity: str, cursor: Cursor | None, *, fields: Sequence[str]) -> Changes:
        self._called("changes")
        since = None if cursor is None else cursor.at
        rows = list(self.book.changed(entity, since))
        if cursor is not None and cursor.id:
            rows = [one for one in rows if (one.changed, one.id) > (cursor.at, cursor.id)]
        page = rows[: self.page]
        after = cursor or Cursor()
        if page:
            after = Cursor(at=page[-1].changed, id=page[-1].id)
        records = tuple(_remote(one, fields) for one in page)
        return Changes(
            records=records, cursor=after, more=len(rows) > len(page), now=self.book.now()
        )

    def deleted(self, entity: str, cursor: Cursor | None) -> Changes:
        self._called("deleted")
        since = None if cursor is None else cursor.at
        rows = list(self.book.changed(entity, since, deleted=True))
        records = tuple(
            Remote(id=one.id, deleted=True, changed_at=one.deleted, merged_into=one.merged_into)
            for one in rows
        )
        after = Cursor(at=rows[-1].changed) if rows else (cursor or Cursor())
        return Changes(records=records, cursor=after, now=self.book.now())

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        self._called("upsert")
        assert len(records) <= self.batch
        faults = [self._fault(entity, one) for one in records]
        if self.whole and any(faults):
            raise BatchRefused(next(filter(None, faults)))
        results = [
            Result(key=one.key, reason=fault, code="INVALID") if fault else self._write(entity, one)
            for one, fault in zip(records, faults, strict=True)
        ]
        if self.lose:
            self.lose -= 1
            raise WriteLost("the connection was cut")
        return results[::-1]

    def _fault(self, entity: str, one: Upsert) -> str:
        if "Name" in one.values and one.values["Name"] == "refuse me":
            return "Name: this name is refused here"
        if one.remote_id is not None and self.book.get(entity, one.remote_id) is None:
            return "there is no such record"
        return ""

    def _write(self, entity: str, one: Upsert) -> Result:
        found = one.remote_id
        if found is None and one.match is not None and "upsert" in self.can:
            name, value = one.match
            same = (e.id for e in self.book.live(entity) if e.values.get(name) == value)
            found = next(same, None)
        if found is None:
            entry = self.book.create(entity, one.values)
            return Result(key=one.key, done="created", remote_id=entry.id, changed_at=entry.changed)
        entry = self.book.of(entity)[found]
        if one.unchanged_since is not None and entry.changed > one.unchanged_since:
            return Result(key=one.key, conflict=True, reason="it was changed meanwhile")
        entry = self.book.update(entity, found, one.values)
        return Result(key=one.key, done="updated", remote_id=found, changed_at=entry.changed)

    def delete(self, entity: str, ids: Sequence[str]) -> Sequence[Result]:
        self._called("delete")
        done = []
        for one in ids:
            there = self.book.get(entity, one) is not None
            if there:
                self.book.delete(entity, one)
            done.append(Result(key=one, done="deleted" if there else "unchanged", remote_id=one))
        return done

    def merge(self, entity: str, keep: str, drop: str) -> Result:
        self._called("merge")
        if self.book.get(entity, drop) is None:
            return Result(key=drop, done="unchanged", remote_id=keep)
        self.book.merge(entity, keep, drop)
        return Result(key=drop, done="deleted", remote_id=keep)

    def ids(self, entity: str, after: str | None) -> Ids:
        self._called("ids")
        ids = [one.id for one in self.book.live(entity)]
        start = int(after or 0)
        end = start + self.page
        return Ids(ids[start:end], str(end) if end < len(ids) else None)

    def fetch(self, entity: str, ids: Sequence[str], *, fields: Sequence[str]) -> Sequence[Remote]:
        self._called("fetch")
        found = (self.book.get(entity, one) for one in ids)
        return [
            Remote(id=id_, deleted=True) if one is None else _remote(one, fields)
            for id_, one in zip(ids, found, strict=True)
        ]

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.faults(name)


def _remote(entry: Entry, fields: Sequence[str]) -> Remote:
    return Remote(
        id=entry.id,
        values={name: entry.values.get(name) for name in fields},
        changed_at=entry.changed,
        created_at=entry.created,
    )


@attrs.define
class Clock:
    """A clock that the test moves."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


MAPPING: dict[str, Any] = {
    "concept": "customers",
    "object": CONTACTS,
    "match": "email",
    "fields": {
        "name": "Name",
        "email": "Email",
        "phone": {"field": "Phone", "owner": "ours"},
        "industry": {"field": "Industry", "owner": "theirs"},
        "owner": {"field": "Owner"},
        "attributes": {"level": {"field": "Level", "owner": "ask"}},
    },
}


class Shop:
    """A workspace with one connector, ``crm``, to a CRM in memory."""

    def __init__(
        self,
        fake: Fake | None = None,
        url: str = "memory://",
        mappings: Sequence[Mapping[str, Any]] = (MAPPING,),
        **section: Any,
    ) -> None:
        self.fake = fake or Fake()
        self.clock = Clock()
        self.book = self.fake.book
        pm = PluginManager(discover=False, strict=True)
        pm.register(Fakes(self.fake))
        config = {"connectors": {"crm": {"type": "fake", "mapping": list(mappings), **section}}}
        self.crm = crmkit.connect(url, plugins=pm, clock=self.clock, config=config)

    def run(self, **kwargs: Any) -> Any:
        """Run once, with both clocks going on."""
        self.clock.advance(minutes=1)
        self.book.advance(timedelta(minutes=1))
        return self.crm.sync.run("crm", **kwargs)

    def save(self, name: str, email: str | None = None, **fields: Any) -> Any:
        """Save a customer of ours."""
        self.clock.advance(seconds=1)
        keys = [("email", email)] if email else []
        identities = tuple(crmkit.Identity(*key) for key in keys)
        return self.crm.customers.save(crmkit.Customer(name=name, identities=identities, **fields))

    def theirs(self, **values: Any) -> Any:
        """Give their records that have these values."""
        return [
            one
            for one in self.book.live(CONTACTS)
            if all(one.values.get(name) == value for name, value in values.items())
        ]


class Fakes:
    """A plugin that offers the CRM in memory, as ``fake``."""

    def __init__(self, fake: Fake) -> None:
        self._fake = fake

    @crmkit.hookimpl
    def crmkit_connectors(self) -> list[ConnectorSpec]:
        return [
            ConnectorSpec(
                name="fake",
                open=lambda _: self._fake,
                capabilities=self._fake.can,
                thread_safe=self._fake.thread_safe,
            )
        ]
