"""The search index: it shows a change some time after it was made, and gives 10,000 at most."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import attrs

from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.hubspot.answers import refuse
from crmkit.testing.simulators.hubspot.properties import (
    Property,
    instant,
    millis,
    number,
    stamp,
)

CAP = 10_000
"""Results that one query can be paged through."""
PAGE = 200
"""Most results in one page."""
_GROUPS, _FILTERS = 5, 10
_BOUNDS = frozenset({"EQ", "GT", "GTE", "LT", "LTE"})


@attrs.define
class _Index:
    """What one object's search shows: entries by (changed, an order that means nothing)."""

    revision: int
    until: datetime | None
    entries: list[Entry]
    stamps: list[int]

    def holds(self, revision: int, now: datetime) -> bool:
        return self.revision == revision and (self.until is None or now < self.until)


class Search:
    """Searches a book.

    Attributes:
        lag: How long after a change the search shows it; until then the record is missing.
    """

    def __init__(self, book: Book, objects: Mapping[str, Mapping[str, Property]]) -> None:
        """Index nothing yet."""
        self.lag = timedelta(0)
        self._book, self._objects = book, objects
        self._indices: dict[str, _Index] = {}

    def answer(
        self, entity: str, body: Mapping[str, Any], shown: Callable[[Entry], dict[str, Any]]
    ) -> Answer:
        """Carry a search out; `shown` words one record.

        Raises:
            Refused: it asks for what HubSpot does not give.
        """
        limit, after = int(body.get("limit") or 10), int(body.get("after") or 0)
        if not 0 < limit <= PAGE or after < 0:
            raise _bad(f"The limit {limit} is not between 1 and {PAGE}")
        if after >= CAP or after + limit > CAP:
            raise _bad(f"There are more than {CAP} results: after {after} is beyond them")
        found = self._found(entity, body.get("filterGroups") or [])
        found = self._sorted(entity, found, body.get("sorts") or [])
        page = found[after : after + limit]
        told: dict[str, Any] = {"total": len(found), "results": [shown(entry) for entry in page]}
        if after + limit < len(found):
            told["paging"] = {"next": {"after": str(after + limit)}}
        return Answer(told)

    def _index(self, entity: str) -> _Index:
        now, revision = self._book.now(), self._book.revision(entity)
        index = self._indices.get(entity)
        if index is not None and index.holds(revision, now):
            return index
        due = [
            (max(entry.hidden or entry.changed, entry.changed + self.lag), entry)
            for entry in self._book.of(entity).values()
            if entry.deleted is None
        ]
        entries = sorted((entry for at, entry in due if at <= now), key=_key)
        until = min((at for at, _ in due if at > now), default=None)
        index = _Index(revision, until, entries, [millis(entry.changed) for entry in entries])
        self._indices[entity] = index
        return index

    def _found(self, entity: str, groups: list[Mapping[str, Any]]) -> list[Entry]:
        """Give what one of the groups takes, in the index's order."""
        if len(groups) > _GROUPS or any(len(g.get("filters", ())) > _FILTERS for g in groups):
            raise _bad(f"More than {_GROUPS} filterGroups, or {_FILTERS} filters in one")
        if not groups:
            return self._index(entity).entries
        if len(groups) == 1:
            return self._grouped(entity, groups[0].get("filters", []))
        united = {one.id: one for g in groups for one in self._grouped(entity, g["filters"])}
        return sorted(united.values(), key=_key)

    def _grouped(self, entity: str, filters: list[Mapping[str, Any]]) -> list[Entry]:
        index, rest = self._index(entity), []
        start, end = 0, len(index.entries)
        for one in filters:
            name, operator = one.get("propertyName"), one.get("operator")
            if name not in self._objects[entity]:
                raise _bad(f"Property {name} does not exist")
            at = instant(str(one.get("value")))
            if name != stamp(entity) or operator not in _BOUNDS or at is None:
                rest.append(_test(self._objects[entity][str(name)], one))
                continue
            if operator in ("EQ", "GTE"):
                start = max(start, bisect_left(index.stamps, millis(at)))
            if operator in ("EQ", "LTE"):
                end = min(end, bisect_right(index.stamps, millis(at)))
            if operator == "GT":
                start = max(start, bisect_right(index.stamps, millis(at)))
            if operator == "LT":
                end = min(end, bisect_left(index.stamps, millis(at)))
        found = index.entries[start:end]
        return [entry for entry in found if all(test(entry) for test in rest)] if rest else found

    def _sorted(self, entity: str, found: list[Entry], sorts: list[Any]) -> list[Entry]:
        if len(sorts) > 1:
            raise _bad("Only one sort is supported")
        if not sorts:
            return sorted(found, key=lambda entry: int(entry.id))
        wanted = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
        name, falling = wanted.get("propertyName"), wanted.get("direction") == "DESCENDING"
        if name == stamp(entity):
            return found[::-1] if falling else found
        if name == "hs_object_id":
            return sorted(found, key=lambda entry: int(entry.id), reverse=falling)
        if name not in self._objects[entity]:
            raise _bad(f"Property {name} does not exist")
        return sorted(found, key=lambda e: str(e.values.get(name) or ""), reverse=falling)


def _key(entry: Entry) -> tuple[int, int]:
    # Records of one instant come in an order that is the same each time and means nothing.
    return millis(entry.changed), crc32(entry.id.encode())


def _bad(message: str) -> Exception:
    return refuse(400, "VALIDATION_ERROR", message)


def _test(known: Property, wanted: Mapping[str, Any]) -> Callable[[Entry], bool]:
    """Make the test of one filter."""
    operator, name = wanted.get("operator"), known.name

    def read(value: Any) -> Any:
        text = str(value)
        return number(text) if known.type == "number" else text.lower()

    if operator == "GT" and name == "hs_object_id":
        least = int(wanted["value"])
        return lambda entry: int(entry.id) > least
    if operator in ("IN", "NOT_IN"):
        among = {read(one) for one in wanted.get("values", ())}
        return lambda entry: (read(_value(entry, name)) in among) == (operator == "IN")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda entry: bool(_value(entry, name)) == (operator == "HAS_PROPERTY")
    if operator not in _BOUNDS | {"NEQ"}:
        raise _bad(f"The operator {operator} is not supported")
    other = read(wanted.get("value"))
    tests: dict[Any, Callable[[Any], bool]] = {
        "EQ": lambda value: value == other,
        "NEQ": lambda value: value != other,
        "GT": lambda value: value is not None and value > other,
        "GTE": lambda value: value is not None and value >= other,
        "LT": lambda value: value is not None and value < other,
        "LTE": lambda value: value is not None and value <= other,
    }
    return lambda entry: tests[operator](read(_value(entry, name)))


def _value(entry: Entry, name: str) -> str:
    return entry.id if name == "hs_object_id" else str(entry.values.get(name) or "")
