"""Agenda entries in numbers: one account's next contact, before anything is read about him."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from heapq import heappush, heapreplace
from math import inf
from typing import NamedTuple

from crmkit.care.changes import Day
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import STANDING
from crmkit.lifecycle.cadence import STEPS, most_overdue, overdue
from crmkit.lifecycle.standing import LISTED_SINCE

_COLUMNS = (
    "customer owner weight ideal worst due contact total delta unexpected tier facts"
).split()
_PLACES = tuple(STANDING.position[name] for name in _COLUMNS)
_QUEUE, _DUE, _WEIGHT, _OWNER, _FACTS = (
    STANDING.position[name] for name in ("queue", "due", "weight", "owner", "facts")
)


class Entry(NamedTuple):
    """One account's next contact.

    Attributes:
        account: Customer id: a person, or an organisation with all who belong to it.
        owner: Who makes the contact.
        weight: The part of the priority that does not grow with time.
        ideal: Contact is due after so long, in microseconds.
        worst: It is overdue after so long.
        due: When it is due.
        contact: Newest real touch before the day; None: nobody ever talked to him.
        total: Value score.
        delta: Its change over the quarter.
        unexpected: The part that his own rhythm does not explain.
        tier: His tier.
        facts: What else `advance` kept, as JSON.
    """

    account: str
    owner: str | None
    weight: float
    ideal: int
    worst: int
    due: int
    contact: int | None
    total: float
    delta: float
    unexpected: float
    tier: str | None
    facts: str | None

    def priority(self, day_end: int) -> float:
        """Give value x overdue x fall on the day that ends there."""
        return self.weight * overdue(self.due, self.ideal, self.worst, day_end)

    def whole(self) -> Entry:
        """Give it with the figures of all who belong to its account, which its weight rests on."""
        kept = json.loads(self.facts) if self.facts else {}
        return self._replace(**kept.get("account", {}))

    @property
    def causes(self) -> list[tuple[str, float]]:
        """The indicators that moved most, with their points."""
        kept = json.loads(self.facts) if self.facts else {}
        return [(name, delta) for name, delta in kept.get("causes", ())]


def entry_of(row: Row) -> Entry:
    """Take an entry out of a STANDING row that has one."""
    return Entry(*(row[place] for place in _PLACES))


def order(entries: Iterable[Entry], day_end: int) -> list[Entry]:
    """Put entries in the order of their priority, then of their ids."""
    return sorted(entries, key=lambda entry: (-entry.priority(day_end), entry.account))


def due_rows(rows: Iterable[Row], day_end: int) -> Iterator[Row]:
    """Leave out the rows that have no contact due by the day's end."""
    return (row for row in rows if row[_QUEUE] is not None and row[_DUE] < day_end)


def most_pressing(  # noqa: PLR0913 - whose, when, and how many
    reader: Reader, owner: str | None, count: int, day: Day, growth: float, skip: set[str]
) -> list[Entry]:
    """Read one owner's most pressing entries, without going through all of them.

    Those that were due when `advance` ran are read from the latest to the least late, and of those
    that are about as late from the heaviest on: as lateness multiplies a weight by so much at most,
    reading ends where nothing lighter can come in. Those that fell due since are read by their
    date.

    Args:
        reader: Where to read.
        owner: Whose; None: nobody's.
        count: How many.
        day: The day: who came onto the list on it, or is due later, is left out.
        growth: How much the overdue factor can have grown since `advance` ran.
        skip: Accounts to leave out.
    """
    if count <= 0:
        return []
    found: list[Entry] = []
    best: list[float] = []
    for place in range(STEPS + 1, 0, -1):
        most = most_overdue(place, growth)
        heavy = reader.scan(
            STANDING, by=("owner", "queue", "weight"), equal=(owner, place), reverse=True
        )
        for row in heavy:
            if len(best) == count and row[_WEIGHT] * most < best[0]:
                break
            _consider(row, found, best, count, day, skip)
    ripened = reader.scan(
        STANDING, by=("owner", "queue", "due"), equal=(owner, 0), high=day.ends - 1
    )
    for row in ripened:
        _consider(row, found, best, count, day, skip)
    return order(found, day.ends)[:count]


def _consider(  # noqa: PLR0913 - the body of two loops
    row: Row, found: list[Entry], best: list[float], count: int, day: Day, skip: set[str]
) -> None:
    """Keep an entry if it is among the best so far; `best` is a heap of their priorities."""
    if row[_DUE] >= day.ends or row[0] in skip or _came_on(row, day):
        return
    entry = entry_of(row)
    priority = entry.priority(day.ends)
    if len(best) < count:
        heappush(best, priority)
    elif priority < best[0]:
        return
    elif priority > best[0]:
        heapreplace(best, priority)
    found.append(entry)


def _came_on(row: Row, day: Day) -> bool:
    """Tell whether what put him on the list happened on the day itself, or after."""
    facts = row[_FACTS]
    if facts is None or LISTED_SINCE not in facts:
        return False
    since: float = json.loads(facts).get(LISTED_SINCE, -inf)
    return since >= day.begins
