"""A share of a shop's work: what several do at once must come to what one does alone.

Whatever order they come in, the records lead to the same customers: an e-mail address stands in
each, and nothing in one contradicts another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import crmkit
from crmkit.model.care import AgendaItem
from crmkit.model.customer import Customer, Identity, Merge
from crmkit.model.touchpoint import CaptureReport

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""When all of it has ended."""
_BEGAN = NOW - timedelta(hours=1)
PARTS = ("capture", "advance", "list", "act")
PEOPLE = 60
RECORDS = 360
CHUNK = 15
PAIRS = 6
"""Customers 0 and 1, 2 and 3... that are one person each."""


def ticking(began: float) -> Callable[[], datetime]:
    """Give a clock that several processes share: it ticks from when the work began."""
    return lambda: _BEGAN + timedelta(seconds=time.time() - began)


def email(number: int) -> str:
    return f"c{number}@example.com"


def customer(number: int) -> dict[str, str]:
    """Give a customer as a record names him; his id in the shop comes with every fifth."""
    person = number % PEOPLE
    known = {"email": email(person)}
    return known | ({"shop": str(person)} if number % 5 == 0 else {})


def purchase(number: int) -> dict[str, Any]:
    return {
        "id": f"p-{number}",
        "kind": "purchase",
        "at": (NOW - timedelta(days=30 + number * 7 % 300)).isoformat(),
        "customer": customer(number),
        "amount": f"{100 + number * 37 % 5003}.50",
        "currency": "CNY",
        "item": f"tea {number % 11}",
    }


def back(number: int) -> dict[str, Any]:
    """Give the return of a purchase."""
    record = purchase(number) | {"id": f"r-{number}", "kind": "return", "of": f"p-{number}"}
    record["at"] = (NOW - timedelta(days=1 + number % 20)).isoformat()
    return record | {"amount": "-1.25"}


class Share:
    """What one of several does, in `PARTS`; all must have ended one before the next begins.

    A share overlaps the others: the same records, the same customers, and returns of purchases
    that another captures.
    """

    def __init__(self, crm: crmkit.CRM, number: int, shares: int) -> None:
        self.crm = crm
        self.number = number
        self.shares = shares
        self.new = 0
        self.items: tuple[AgendaItem, ...] = ()

    def mine(self, number: int) -> bool:
        return number % self.shares == self.number

    def records(self) -> Iterator[dict[str, Any]]:
        for number in range(RECORDS):
            if self.mine(number) or number % 3 == 0:
                yield purchase(number)
            if number % 4 == 0 and self.mine(number // 4 + 1):
                yield back(number)

    def take(self, report: CaptureReport) -> None:
        assert report.rejected == ()
        assert report.collisions == 0
        self.new += report.new

    # -- the parts -----------------------------------------------------------------------

    def capture(self) -> None:
        """Capture in small bites, and between them merge, amend, save, score and undo."""
        records = list(self.records())
        busy = chain.from_iterable(work() for work in self.duties())
        for start in range(0, len(records), CHUNK):
            self.take(self.crm.capture(records[start : start + CHUNK], source="shop"))
            next(busy, None)
            if start % (4 * CHUNK) == 0:
                self.look()
        for _ in busy:
            pass

    def duties(self) -> Iterator[Callable[[], Iterator[None]]]:
        """Give what I do besides; all of it is done by somebody, and once."""
        work = (self.wrong_import, self.merges, self.amends, self.names)
        return (one for place, one in enumerate(work) if place % self.shares == self.number)

    def advance(self) -> None:
        """Bring everybody to where the rules say, as everybody else does."""
        self.crm.lifecycle.advance()

    def look(self) -> None:
        """Read what is worked on: every list is of one moment, and nobody stands in it twice."""
        scored = [score.customer_id for score in self.crm.value.scores()]
        listed = [customer.id for customer in self.crm.customers.search(limit=1000).items]
        for found in (scored, listed):
            assert found == sorted(set(found))

    def list(self) -> None:
        """Find what is to be done, before anybody does any of it."""
        self.items = self.crm.care.agenda(NOW.date(), limit=1000)

    def act(self) -> None:
        """Make or put off my contacts; every fifth is made by everybody."""
        for item in self.items:
            found = self.crm.customers.get(item.customer_id)
            numbers = [int(one.value[1:-12]) for one in found.identities if one.system == "email"]
            number = min(numbers)
            if number % 5 == 0:
                self.crm.care.done(item, outcome={"text": "called", "at": _BEGAN})
            elif self.mine(number) and number % 2:
                self.crm.care.done(item, outcome={"text": f"called {number}", "at": _BEGAN})
            elif self.mine(number):
                self.crm.care.snooze(item, (NOW + timedelta(days=9)).date())

    # -- between the bites ---------------------------------------------------------------

    def id(self, number: int) -> str | None:
        found = self.crm.customers.find(email=email(number))
        return None if found is None else found.id

    def sure(self, number: int) -> str:
        """Give the id of somebody whom another captures, perhaps only now."""
        found = self.id(number)
        if found is None:
            self.take(self.crm.capture([purchase(number)], source="shop"))
            found = self.id(number)
        assert found is not None
        return found

    def wrong_import(self) -> Iterator[None]:
        """Import what was meant for another shop, with strangers in it, and take it back."""
        runs: list[str] = []
        for number in range(0, 40, 4):
            self.sure(number)
        for start in range(0, 40, 10):
            strangers = [
                purchase(number)
                | {"id": f"w-{number}", "source": "wrong"}
                | ({"customer": {"email": f"stranger{number}@example.com"}} if number % 4 else {})
                for number in range(start, start + 10)
            ]
            runs.append(self.crm.capture(strangers).run)
            yield
        for run in runs:
            self.crm.touchpoints.undo(run, reason="another shop's")
            yield

    def merges(self) -> Iterator[None]:
        """Merge pairs, and take every other merge back."""
        made: list[Merge] = []
        for pair in range(PAIRS):
            keep, drop = self.sure(2 * pair), self.sure(2 * pair + 1)
            made.append(self.crm.customers.merge(keep, drop, reason="one person"))
            yield
        for merge in made[::2]:
            self.crm.customers.unmerge(merge.id, reason="two after all")
            yield

    def amends(self) -> Iterator[None]:
        """Correct and retract purchases of everybody's, and decline an indicator."""
        for number in range(0, 60, 6):
            self.take(self.crm.capture([purchase(number)], source="shop"))
            if number % 4:
                changes = {"amount": f"{number}.75"}
                self.crm.touchpoints.correct("shop", f"p-{number}", changes, reason="misread")
            else:
                self.crm.touchpoints.retract("shop", f"p-{number}", reason="never was")
            yield
        for number in range(20, 60, 8):
            indicator = self.crm.value.model().indicators[0].name
            self.crm.value.decline(self.sure(number), indicator, reason="he asked")
            yield

    def names(self) -> Iterator[None]:
        """Save what everybody is called who is not merged meanwhile."""
        for start in range(2 * PAIRS, PEOPLE, 12):
            self.crm.customers.save_all(
                Customer(name=f"Name {number}", identities=(Identity("email", email(number)),))
                for number in range(start, start + 12)
            )
            yield
        for number in range(20, PEOPLE, 9):
            self.crm.value.override(self.sure(number), "purchase_recency", 50, reason="he wrote")
            yield
