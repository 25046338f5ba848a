"""What every part of the connector suite builds on: what the author gives, and what he may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import attrs
import pytest

from crmkit.contracts.connector import (
    Connector,
    Cursor,
    Field,
    Remote,
    Result,
    Schema,
    Upsert,
)
from crmkit.contracts.service import Service
from crmkit.contracts.specs import ConnectorSpec
from crmkit.testing.kit import Forgeries, Incoming
from crmkit.testing.kit_opening import KitLaws, Opened
from crmkit.testing.people import BookPeople, People
from crmkit.testing.simulators.base import Fault, Simulator, busy
from crmkit.testing.simulators.book import Book

TEXTS = {
    "han": "王芳 𠮷",
    "emoji": "👩\u200d👩\u200d👧 🎉",
    "right to left": "שלום مرحبا",
    "accents": "Zoë Ångström e\u0301",
    "markup": '<b>O\'Neil & "Sons"</b> 100% \\ {x} ${y} a:b;c,d',
    "formula": "=1+1",
    "digits": "007",
}
BREAKS = {"lines": "first\nsecond\n\nfourth", "han lines": "第一行\n第二行"}
SAMPLES: Mapping[str, Sequence[Any]] = {
    "text": ("Ann",),
    "number": (7, 0, -3, Decimal("12.5"), Decimal("0.01"), 123456789),
    "flag": (True, False),
    "date": ("2026-05-01", "1990-02-28"),
    "instant": ("2026-05-01T10:00:00+00:00", "2026-01-31T23:30:00+08:00"),
    "list": (["a", "b"], ["a"]),
}
MOST_PAGES = 200
"""Pages after which a connector is taken to read for ever."""
HOUR = 3600.0


class ConnectorLaws(KitLaws, Forgeries):
    """What the author overrides; the laws stand in the subclasses."""

    contract = Connector
    methods: ClassVar[Mapping[str, str]] = {
        "delete": "delete",
        "deleted_feed": "deleted",
        "sweep": "ids",
        "fetch": "fetch",
        "merge": "merge",
        "receive": "receive",
    }

    match: ClassVar[str | None] = None
    """Text field that a record is found by; None: the first that is unique and can be written."""
    text: ClassVar[str | None] = None
    """Text field that anybody may change; None: the first that can be written."""
    texts: ClassVar[Mapping[str, str]] = TEXTS
    """What must come back as it was from `text`."""
    breaks: ClassVar[str | None] = None
    """Text field that takes line breaks; None: `text` does."""
    page: ClassVar[int] = 2
    """Page size of the laws of paging."""
    writes: ClassVar[str] = ""
    """Part of the path of every call that writes, where others come before it."""

    @pytest.fixture
    def spec(self) -> ConnectorSpec:
        """Override: give the `ConnectorSpec` that the hook offers."""
        raise NotImplementedError("Override the fixture spec: see crmkit.testing.ConnectorSuite")

    @pytest.fixture(autouse=True)
    def hurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a `Service` wait for nothing; override it where the connector waits by itself."""
        defaults = Service.__init__.__kwdefaults__ or {}
        monkeypatch.setitem(defaults, "sleep", lambda _seconds: None)

    @pytest.fixture
    def connector(self, opened: Opened) -> Connector:
        """Give the opened connector."""
        found: Connector = opened()
        return found

    @pytest.fixture
    def open_paged(self, opened: Opened, spec: ConnectorSpec) -> Opened:
        """Give what opens one that reads pages of `page` records; override it where need be."""
        if spec.config is None or "page_size" not in attrs.fields_dict(spec.config):
            pytest.skip("the settings have no page_size: override the fixture `open_paged`")
        return lambda: opened(page_size=self.page)

    @pytest.fixture
    def paged(self, open_paged: Opened) -> Connector:
        """Give a connector that reads pages of `page` records."""
        found: Connector = open_paged()
        return found

    @pytest.fixture
    def entity(self, connector: Connector) -> str:
        """Give the object that the laws are tried on; override it for another than the first."""
        return connector.entities()[0]

    @pytest.fixture
    def people(self, simulator: Any, entity: str) -> People:
        """Override: give the people who work in the CRM; a simulator's `book` serves by itself."""
        book = getattr(simulator, "book", None)
        if not isinstance(book, Book):
            raise NotImplementedError("Override the fixture people: see crmkit.testing.People")
        return BookPeople(book, entity)

    def record(self, schema: Schema, number: int = 0) -> dict[str, Any]:
        """Give the values of a good record, each number's its own; override it to your needs."""
        match, text = self.match_of(schema), self.text_of(schema)
        values = {
            field.name: self.samples(field)[0]
            for field in schema.fields
            if field.required and not field.readonly
        }
        values |= {text: f"Ann {number}"}
        return values if match is None else values | {match: f"ann{number}@example.com"}

    def _crowd(self, connector: Connector, entity: str, people: People, count: int) -> list[str]:
        """Let people add so many records, and give their ids."""
        schema = connector.schema(entity)
        ids = [people.add(self.record(schema, number)) for number in range(count)]
        people.later()
        return ids

    def bad(self, schema: Schema) -> dict[str, Any] | None:
        """Give the values of a record that the remote refuses; None: it refuses none."""
        good = self.record(schema, 99)
        for field in schema.fields:
            if field.required and not field.readonly:
                return {**good, field.name: None}
        for field in schema.fields:
            if field.name == self.text_of(schema) and field.length is not None:
                return {**good, field.name: "x" * (field.length + 1)}
        return None

    def samples(self, field: Field) -> Sequence[Any]:
        """Give values to be tried in a field; none: it is left out, as an ``other`` is."""
        if field.type == "choice":
            return field.choices
        if field.type == "list" and field.choices:
            return list(field.choices[:2]), list(field.choices[:1])
        return SAMPLES.get(field.type, ())

    def match_of(self, schema: Schema) -> str | None:
        """Name the field that a record is found by; None: there is none."""
        found = [f.name for f in schema.fields if f.unique and not f.readonly and _plain(f)]
        return self.match or (found[0] if found else None)

    def text_of(self, schema: Schema) -> str:
        """Name the text field that anybody may change."""
        match = self.match_of(schema)
        found = [f.name for f in schema.fields if not f.readonly and _plain(f) and f.name != match]
        if self.text is None and not found:
            pytest.skip("set `text`: the object has no text field that can be written")
        return self.text or found[0]

    def fail(self, simulator: Any, trouble: str, times: int = 1, *, on: str = "") -> None:
        """Make the remote's next calls go wrong; override it for what is no `Simulator`.

        Args:
            simulator: What the fixture gave.
            trouble: ``full`` (too much to do, and does not say for how long), ``busy`` (asks to
                wait an hour), or ``cut`` (carries the call out and breaks off). Skip what your
                remote cannot do.
            times: How many calls.
            on: Only calls whose path contains it.
        """
        if not isinstance(simulator, Simulator):
            pytest.skip("no simulator, or no `fail` for it: the laws of faults need one")
        faults = {"full": busy(), "busy": busy(HOUR), "cut": Fault(cut=True)}
        simulator.fail(*[attrs.evolve(faults[trouble], on=on)] * times)

    def mend(self, simulator: Any) -> None:
        """Take back what `fail` did and no call has met; override it as `fail`."""
        if isinstance(simulator, Simulator):
            simulator.mend()

    def expire(self, simulator: Any) -> None:  # noqa: ARG002 - for who can
        """Override: end every token that the remote has given out."""
        pytest.skip("override `expire`: end every token that the remote has given out")

    def outdated(self, cursor: Cursor) -> Cursor:
        """Give a cursor whose token the remote knows no more; override it for another form."""
        return attrs.evolve(cursor, token=f"{cursor.token}x")

    def signed_call(
        self,
        connector: Connector,  # noqa: ARG002
        simulator: Any,  # noqa: ARG002
        body: bytes | None = None,  # noqa: ARG002
    ) -> Incoming | None:
        """Override for ``receive``: give a call as the remote makes it, rightly signed.

        Args:
            connector: The opened connector.
            simulator: What the fixture gave.
            body: To be sent instead, signed all the same; give None where that cannot be.
        """
        return None


def _plain(field: Field) -> bool:
    return field.type == "text"


def drain(
    connector: Connector, entity: str, cursor: Cursor | None, fields: Sequence[str]
) -> tuple[list[Remote], Cursor]:
    """Read page after page to the end, and give all records and the last cursor."""
    found: list[Remote] = []
    for _ in range(MOST_PAGES):
        page = connector.changes(entity, cursor, fields=fields)
        found += page.records
        cursor = page.cursor
        if not page.more:
            return found, cursor
    pytest.fail(f"after {MOST_PAGES} pages there is still more: {len(found)} records came")


def newest(records: Sequence[Remote]) -> dict[str, Remote]:
    """Give each record as it came last, by its id; not those that came as deleted."""
    last = {record.id: record for record in records}
    return {key: record for key, record in last.items() if not record.deleted}


def one(connector: Connector, entity: str, record: Upsert) -> Result:
    """Write one record and give its one result."""
    (result,) = connector.upsert(entity, [record])
    assert result.key == record.key, result  # noqa: S101 - every law rests on it
    return result


def alike(first: Any, second: Any) -> bool:
    """Tell whether two values are the same: numbers by their amount, instants by their moment."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    numbers = (int, float, Decimal)
    if isinstance(first, numbers) and isinstance(second, numbers):
        return Decimal(str(first)) == Decimal(str(second))
    if isinstance(first, str) and isinstance(second, str) and "T" in first and first != second:
        try:
            return datetime.fromisoformat(first) == datetime.fromisoformat(second)
        except (ValueError, TypeError):
            return False
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return sorted(first) == sorted(second)
    return bool(first == second)
