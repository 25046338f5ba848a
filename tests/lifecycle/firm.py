"""A small firm for the tests of stages and of the agenda, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import crmkit
from crmkit.model.care import AgendaItem
from crmkit.model.customer import Customer, Identity

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
PEOPLE = {
    "lin": {"name": "林", "capacity": 3},
    "wang": {"name": "王", "capacity": 2},
    "boss": {"name": "老板", "senior": True},
}


class Firm:
    """A CRM, and short words for what happens in it."""

    def __init__(self, url: str = "memory://", now: datetime = START, **sections: Any) -> None:
        self.now = now
        self.count = 0
        config = {"people": PEOPLE, **sections}
        self.crm = crmkit.connect(url, config=config, clock=lambda: self.now, plugins=())
        self.lifecycle = self.crm.lifecycle
        self.care = self.crm.care

    @property
    def today(self) -> date:
        return self.now.date()

    def wait(self, days: float) -> datetime:
        self.now += days * DAY
        return self.now

    def at(self, days_ago: float) -> datetime:
        return self.now - days_ago * DAY

    def save(self, name: str, **fields: Any) -> str:
        """Save a customer named so, with an e-mail address and that id."""
        fields.setdefault("identities", (Identity("email", f"{name}@x.org"),))
        self.crm.customers.save(Customer(id=name, name=name.title(), **fields))
        return name

    def note(self, name: str, kind: str, days_ago: float = 0, **fields: Any) -> None:
        """Capture one record about a customer that was saved."""
        self.count += 1
        record = {
            "id": f"r{self.count}",
            "kind": kind,
            "at": self.at(days_ago),
            "customer": name,
            **fields,
        }
        report = self.crm.capture([record], "shop")
        assert report.rejected == ()

    def buy(self, name: str, *days_ago: float, amount: str = "100") -> None:
        for days in days_ago:
            self.note(name, "purchase", days, amount=amount, currency="CNY", item="tea")

    def buyer(self, name: str, *days_ago: float, amount: str = "100", **fields: Any) -> str:
        """Save somebody who bought on these days."""
        self.save(name, **fields)
        self.buy(name, *days_ago, amount=amount)
        return name

    def agenda(self, **options: Any) -> tuple[AgendaItem, ...]:
        return self.care.agenda(options.pop("day", self.today), **options)

    def listed(self, **options: Any) -> list[str]:
        return [item.customer_id for item in self.agenda(**options)]

    def item(self, name: str, **options: Any) -> AgendaItem:
        return next(item for item in self.agenda(**options) if item.customer_id == name)

    def stage(self, name: str, days_ago: float | None = None) -> str:
        at = None if days_ago is None else self.at(days_ago)
        return self.lifecycle.stage(name, at).name

    def walked(self, name: str, what: str = "stage") -> list[tuple[str | None, str]]:
        """Give a customer's moves as (before, after)."""
        moves = self.lifecycle.history(name)
        return [(move.before, move.after) for move in moves if move.what == what]


@contextmanager
def firm(**options: Any) -> Iterator[Firm]:
    opened = Firm(**options)
    try:
        yield opened
    finally:
        opened.crm.close()


def plain(record: Any) -> Mapping[str, Any]:
    """Give a record JSON-ready, for comparisons."""
    return record.to_dict()
