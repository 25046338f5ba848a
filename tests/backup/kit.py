"""A shop with a bit of everything in it, and what a database holds, to be compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import crmkit
from crmkit.contracts.store import Store
from crmkit.contracts.tables import META, TABLES, TOUCHPOINT

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = "a key that lies elsewhere"
OURS = {"generation", "restored"}
"""What a restore itself writes into META."""


class Clock:
    """Stands still until it is told to move."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def purchase(number: int, who: str, **fields: Any) -> dict[str, Any]:
    """Make a record of a shop."""
    return {
        "id": f"o-{number}",
        "kind": "purchase",
        "at": NOW - number * DAY,
        "customer": {"email": f"{who}@example.com", "name": who.title()},
        "amount": "880.00",
        "currency": "CNY",
        "item": "茶",
    } | fields


def connect(url: str, clock: Clock | None = None, **more: Any) -> crmkit.CRM:
    """Open a workspace whose clock stands."""
    return crmkit.connect(url, clock=clock or Clock(), actor="lin", plugins=[], **more)


def sqlite(folder: Path, name: str = "shop") -> str:
    """Give the URL of a file."""
    return f"sqlite:///{folder / name}.db"


def fill(crm: crmkit.CRM, people: int = 6) -> None:
    """Let a bit of everything happen."""
    names = [f"p{number}" for number in range(people)]
    crm.capture((purchase(n, names[n % people]) for n in range(5 * people)), source="shop")
    first, second, third = (crm.customers.find(email=f"{name}@example.com") for name in names[:3])
    assert first
    assert second
    assert third
    crm.capture([purchase(900, "p0", kind="complaint", rating=2, text="zu spät")], source="desk")
    crm.consents.grant(first.id, "marketing", source="form")
    crm.value.override(second.id, crm.value.model().indicators[0].name, 50.0, reason="known")
    merged = crm.customers.merge(first.id, third.id, reason="the same")
    crm.customers.unmerge(merged.id)
    crm.touchpoints.correct("shop", "o-1", {"amount": "12.50"}, reason="typing error")
    crm.lifecycle.advance()


def rows(store: Store, *, but: set[str] | None = None) -> dict[str, list[Any]]:
    """Give every row of every table, without what a restore writes down about itself."""
    skip = OURS if but is None else but
    with store.read() as reader:
        found = {table.name: list(reader.scan(table)) for table in TABLES}
    found[META.name] = [row for row in found[META.name] if row[0] not in skip]
    return found


def held(crm: crmkit.CRM) -> dict[str, list[Any]]:
    """Give every row of an open workspace."""
    return rows(crm.session.store)


def answers(crm: crmkit.CRM) -> list[Any]:
    """Give what users would be told: scores, movements, the agenda."""
    scores = sorted(crm.value.scores(), key=lambda one: one.customer_id)
    moved = [crm.value.explain(one.customer_id, NOW - 30 * DAY) for one in scores]
    return [*scores, *moved, *crm.care.agenda(NOW.date())]


def records(store: Store) -> Iterator[tuple[str, str]]:
    """Give the source and id of every touchpoint."""
    with store.read() as reader:
        for row in reader.scan(TOUCHPOINT):
            yield row[1], row[2]
