"""Finding rows as ``data/query`` does: filters that must all hold, an order, and a page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crmkit.testing.simulators.book import Book, Entry

MOST = 100
"""Rows in a page at most."""
DEEPEST = 10_000
"""Largest offset."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGED, _ID, _LIFE = "last_modified_time", "_id", "life_status"


def milliseconds(at: datetime) -> int:
    """Give an instant as the platform writes it."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def row(entity: str, entry: Entry) -> dict[str, Any]:
    """Give a record as it goes over the wire, empty fields left out as the platform does."""
    values = {name: value for name, value in entry.values.items() if value not in (None, "", [])}
    voided = entry.deleted is not None
    return {
        **values,
        _ID: entry.id,
        "object_describe_api_name": entity,
        "create_time": milliseconds(entry.created),
        _CHANGED: milliseconds(entry.changed),
        _LIFE: "invalid" if voided else values.get(_LIFE, "normal"),
        "is_deleted": False,
        "searchAfterId": [str(milliseconds(entry.changed)), entry.id],
    }


class Queries:
    """Runs queries on a book, quickly where they go by time or by id."""

    def __init__(self, book: Book) -> None:
        """Read this book."""
        self._book = book
        self._ids: dict[str, tuple[int, list[str]]] = {}

    def page(
        self, entity: str, info: Mapping[str, Any], *, shows_voided: bool
    ) -> list[dict[str, Any]]:
        """Give one page of rows.

        Raises:
            ValueError: the query is none; it says why.
        """
        limit, offset = info.get("limit", 20), info.get("offset", 0)
        if not isinstance(limit, int) or not 1 <= limit <= MOST:
            raise ValueError(f"limit must be 1 to {MOST}")
        if not isinstance(offset, int) or offset < 0 or offset % limit:
            raise ValueError("offset must be a multiple of limit")
        if offset > DEEPEST:
            raise IndexError(f"offset out of range {DEEPEST}")
        found = self._found(entity, info, shows_voided=shows_voided)
        page = [one for place, one in zip(range(offset + limit), found, strict=False)][offset:]
        wanted = info.get("fieldProjection")
        if not wanted:
            return page
        kept = {*wanted, _ID, "searchAfterId"}
        return [{name: value for name, value in one.items() if name in kept} for one in page]

    def count(self, entity: str, info: Mapping[str, Any], *, shows_voided: bool) -> int:
        """Give how many rows there are on all pages."""
        return sum(1 for _ in self._found(entity, info, shows_voided=shows_voided))

    def _found(
        self, entity: str, info: Mapping[str, Any], *, shows_voided: bool
    ) -> Iterator[dict[str, Any]]:
        filters = [_filter(one) for one in info.get("filters") or ()]
        orders = [(one["fieldName"], one["isAsc"]) for one in info.get("orders") or ()]
        voided = shows_voided or any(name == _LIFE for name, _, _ in filters)
        now = self._book.now()
        bounds = {(name, word): values for name, word, values in filters}
        rows = (
            row(entity, entry)
            for entry in self._entries(entity, orders, bounds)
            if (entry.hidden is None or entry.hidden <= now) and (voided or entry.deleted is None)
        )
        kept = (one for one in rows if all(_holds(one, *test) for test in filters))
        if orders in ([(_ID, True)], [(_CHANGED, True)], [(_CHANGED, True), (_ID, True)], []):
            yield from kept
            return
        listed = list(kept)
        for name, rising in reversed(orders):
            listed.sort(key=lambda one: _sorting(one.get(name)), reverse=not rising)
        yield from listed

    def _entries(
        self,
        entity: str,
        orders: Sequence[tuple[str, bool]],
        bounds: Mapping[tuple[str, str], Sequence[str]],
    ) -> Iterator[Entry]:
        records = self._book.of(entity)
        since = bounds.get((_CHANGED, "GTE")) or bounds.get((_CHANGED, "EQ"))
        only = bounds.get((_CHANGED, "EQ"))
        if orders[:1] == [(_ID, True)] and not only:
            ids = self._sorted(entity)
            after = bounds.get((_ID, "GT"))
            yield from (records[id_] for id_ in ids[bisect_right(ids, after[0]) if after else 0 :])
            return
        first = None if since is None else _EPOCH + timedelta(milliseconds=int(since[0]))
        # of one instant the book gives the smallest id first: both orders are the same there
        for entry in self._book.changed(entity, first, deleted=None):
            if only and milliseconds(entry.changed) > int(only[0]):
                return
            yield entry

    def _sorted(self, entity: str) -> list[str]:
        revision = self._book.revision(entity)
        kept = self._ids.get(entity)
        if kept is None or kept[0] != revision:
            kept = self._ids[entity] = revision, sorted(self._book.of(entity))
        return kept[1]


def _filter(given: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    word, values = given["operator"], given["field_values"]
    if word not in _TESTS:
        raise ValueError(f"operator {word} is not supported")
    if not isinstance(values, list):
        raise TypeError("field_values must be a list")
    return given["field_name"], word, [str(value) for value in values]


def _sorting(value: Any) -> tuple[bool, float, str]:
    number = isinstance(value, (int, float))
    return value is not None, float(value) if number else 0.0, "" if number else str(value)


def _holds(one: Mapping[str, Any], name: str, word: str, values: list[str]) -> bool:
    value = one.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _TESTS[word](float(value), [float(text) for text in values])
    if isinstance(value, list):
        return any(_TESTS[word](str(part), values) for part in value)
    return _TESTS[word]("" if value is None else str(value), values)


def _within(value: Any, values: list[Any]) -> bool:
    return bool(values[0] <= value <= values[1])


_TESTS: dict[str, Callable[[Any, list[Any]], bool]] = {
    "EQ": lambda value, values: value == values[0],
    "N": lambda value, values: value != values[0],
    "GT": lambda value, values: value > values[0],
    "GTE": lambda value, values: value >= values[0],
    "LT": lambda value, values: value < values[0],
    "LTE": lambda value, values: value <= values[0],
    "LIKE": lambda value, values: values[0] in str(value),
    "NLIKE": lambda value, values: values[0] not in str(value),
    "IS": lambda value, _values: value == "",
    "ISN": lambda value, _values: value != "",
    "IN": lambda value, values: value in values,
    "NIN": lambda value, values: value not in values,
    "BETWEEN": _within,
    "STARTWITH": lambda value, values: str(value).startswith(str(values[0])),
    "ENDWITH": lambda value, values: str(value).endswith(str(values[0])),
}
