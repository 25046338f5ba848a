"""A workspace in memory, a clock that stands still, and a dump that leaves out made-up ids."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from crmkit.capture.engine import Capture, Settings
from crmkit.clock import micros
from crmkit.contracts.store import Store
from crmkit.contracts.tables import (
    COLLISION,
    CUSTOMER,
    FED,
    IDENTITY,
    META,
    STATE,
    TABLES,
    TOUCHPOINT,
    VOID,
)
from crmkit.model.touchpoint import CaptureReport
from crmkit.model.value import Indicator, ValueModel
from crmkit.stores import open_store
from crmkit.value.layout import Layout

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOW_US = micros(NOW)
HALF_LIFE = timedelta(days=90)


def stories(most: int) -> int:
    """Give how many examples a law gets: a fifth on PostgreSQL, where each takes far longer."""
    return most // 5 if os.environ.get("CRMKIT_TEST_STORE") else most


LAYOUT = Layout(
    ValueModel(
        "test",
        (
            Indicator("orders", ("purchase",), "count", half_life=HALF_LIFE, weight=1),
            Indicator(
                "amount",
                ("purchase", "return"),
                "sum",
                field="amount",
                half_life=HALF_LIFE,
                weight=1,
            ),
            Indicator("recency", ("purchase",), "recency", half_life=HALF_LIFE, weight=1),
        ),
        currency="CNY",
    )
)


def purchase(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Give a plain purchase of o-`number` by Ann, changed as asked; None takes a key away."""
    record = {
        "id": f"o-{number}",
        "kind": "purchase",
        "at": f"2026-05-{1 + number % 28:02d}T10:00:00+08:00",
        "customer": {"email": "ann@example.com"},
        "amount": "880.00",
        "currency": "CNY",
    } | changes
    return {key: value for key, value in record.items() if value is not None}


@attrs.define
class Shop:
    """A workspace and what captures into it."""

    store: Store = attrs.field(factory=lambda: open_store("memory://"))
    settings: Settings = attrs.field(factory=lambda: Settings(clock=lambda: NOW, region="CN"))
    capture_: Capture | None = None

    def capture(self, *records: Any, **options: Any) -> CaptureReport:
        return self.capture_all(records, **options)

    def capture_all(self, records: Iterable[Any], **options: Any) -> CaptureReport:
        if self.capture_ is None:
            self.capture_ = Capture(self.settings)
        return self.capture_.run(self.store, records, LAYOUT, **{"source": "shop"} | options)

    def rows(self, table: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as reader:
            return list(reader.scan(table))

    def who(self, system: str, value: str) -> str | None:
        """Give the root of the customer a key finds."""
        with self.store.read() as reader:
            for row in reader.fetch(IDENTITY, [(system, value)]):
                for customer in reader.fetch(CUSTOMER, [(row[2],)]):
                    return str(customer[2])
        return None

    def dump(self) -> dict[str, list[Any]]:
        """Give everything in the workspace but instants of recording, seqs and made-up ids."""
        return dump(self.store)


def dump(store: Store) -> dict[str, list[Any]]:
    """Give everything in a workspace with made-up ids replaced by their owners' keys."""
    with store.read() as reader:
        tables = {table: list(reader.scan(table)) for table in TABLES}
    names = _names(tables[IDENTITY])
    called = {TOUCHPOINT: _without(TOUCHPOINT, "seq", "recorded", "run")}
    called[CUSTOMER] = _without(CUSTOMER, "seq", "recorded")
    called[COLLISION] = _without(COLLISION, "id", "recorded", "resolved")
    called[IDENTITY] = _without(IDENTITY, "recorded")
    called[STATE] = _without(STATE, "recorded")
    called[FED] = _without(FED, "recorded")
    called[VOID] = _without(VOID, "touchpoint", "at", "decision")
    plain: dict[str, list[Any]] = {}
    for table, rows in tables.items():
        keep = called.get(table, lambda row: row)
        kept = [tuple(_called(value, names) for value in keep(row)) for row in rows]
        plain[table.name] = sorted(kept, key=repr)
    plain[META.name] = [row for row in plain[META.name] if row[0].startswith("return-of")]
    return plain


def _names(identities: list[tuple[Any, ...]]) -> dict[str, str]:
    keys: dict[str, list[str]] = {}
    for system, value, customer, _ in identities:
        keys.setdefault(customer, []).append(f"{system}={value}")
    return {customer: "|".join(sorted(found)) for customer, found in keys.items()}


def _without(table: Any, *columns: str) -> Any:
    kept = [place for name, place in table.position.items() if name not in columns]
    return lambda row: tuple(row[place] for place in kept)


def _called(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        if value in names:
            return names[value]
        if value.startswith("{"):
            body = json.loads(value)
            body.pop("run", None)
            return json.dumps(body, sort_keys=True)
        if value.startswith("["):
            return sorted(names.get(item, item) for item in json.loads(value))
    return value
