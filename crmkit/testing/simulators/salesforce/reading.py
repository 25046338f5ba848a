"""Queries over the book, with the cursors of those that have more than a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import attrs

from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.salesforce.rows import Refusal, Row, Table
from crmkit.testing.simulators.salesforce.soql import Query, SoqlError, parse

CURSORS = 10
"""Cursors that one user may have open; the oldest goes where he opens one more."""
LASTS = timedelta(days=2)
"""How long a cursor lives."""
PAGE, LEAST = 2000, 200
"""Rows of a page, and the least that ``Sforce-Query-Options`` can bring it to."""


@attrs.frozen(kw_only=True)
class _Found:
    """What a query found: the records are settled, their values are read page by page."""

    query: Query
    table: Table
    entries: list[Entry]
    deleted: bool
    size: int
    at: datetime


class Reading:
    """Answers queries.

    Attributes:
        cursors: What is open, by locator; empty it and all of them are dead.
    """

    def __init__(self, book: Book, tables: Mapping[str, Table], most: int) -> None:
        """Open none; a page has at most so many rows."""
        self._book, self._tables, self._most = book, tables, most
        self._numbers = count(1)
        self.cursors: dict[str, _Found] = {}

    def query(self, base: str, soql: str, options: str, *, deleted: bool) -> dict[str, Any]:
        """Answer a query with its first page.

        Args:
            base: Path of the resource, for ``nextRecordsUrl``.
            soql: The query.
            options: The header ``Sforce-Query-Options``.
            deleted: Whether deleted records are found too.

        Raises:
            Refusal: it cannot be understood.
        """
        try:
            query = parse(soql)
        except SoqlError as error:
            raise Refusal(error.code, str(error)) from error
        if query.entity == "Organization":
            return _page("Organization", [{"Id": "00D000000000001AAA"}], base)
        table = self._tables.get(query.entity)
        if table is None:
            message = f"sObject type '{query.entity}' is not supported."
            raise Refusal("INVALID_TYPE", message)
        _check(query, table)
        entries = self._entries(query, table, deleted=deleted)
        if not query.fields:
            return {"totalSize": len(entries), "done": True, "records": []}
        size = int(options.partition("batchSize=")[2] or PAGE)
        found = _Found(
            query=query,
            table=table,
            entries=entries,
            deleted=deleted,
            size=min(self._most, max(LEAST, size)),
            at=self._book.now(),
        )
        return self._given(base, f"01g{next(self._numbers):012d}AAA", found, 0)

    def more(self, base: str, locator: str) -> dict[str, Any]:
        """Answer with a further page.

        Raises:
            Refusal: the cursor is dead.
        """
        name, _, start = locator.rpartition("-")
        found = self.cursors.get(name)
        if found is None or not start.isdigit() or self._book.now() - found.at > LASTS:
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._given(base, name, found, int(start))

    def _given(self, base: str, name: str, found: _Found, start: int) -> dict[str, Any]:
        end = start + found.size
        names = [found.table.column(field).name for field in found.query.fields]
        records = [
            {field: found.table.cell(entry, field) for field in names}
            for entry in found.entries[start:end]
            if found.deleted or entry.deleted is None
        ]
        told = _page(found.query.entity, records, base) | {"totalSize": len(found.entries)}
        if end < len(found.entries):
            self.cursors[name] = found
            while len(self.cursors) > CURSORS:
                del self.cursors[next(iter(self.cursors))]
            told |= {"done": False, "nextRecordsUrl": f"{base}/{name}-{end}"}
        return told

    def _entries(self, query: Query, table: Table, *, deleted: bool) -> list[Entry]:
        found = [
            entry
            for entry in self._candidates(query, table, deleted=deleted)
            if (deleted or entry.deleted is None)
            and table.shown(entry)
            and (query.where is None or query.where.holds(Row(table, entry)))
        ]
        for name, down in reversed(query.order):
            # Null comes first upwards, as in SOQL.
            found.sort(key=lambda one: _key(Row(table, one)[name]), reverse=down)
        return found if query.limit is None else found[: query.limit]

    def _candidates(self, query: Query, table: Table, *, deleted: bool) -> Iterable[Entry]:
        """Give few records among which all that are wanted are, where the query allows it."""
        records = self._book.of(query.entity)
        for one in query.conditions():
            field = table.column(one.field).name
            values = one.value if one.op == "in" else (one.value,)
            if one.op in ("in", "=") and field == "Id":
                return [records[value] for value in {*values} if value in records]
            stored = all(isinstance(value, str) for value in values) and field != "Name"
            if one.op in ("in", "=") and stored and not deleted:
                found = (self._book.find(query.entity, field, value) for value in values)
                return {entry.id: entry for some in found for entry in some}.values()
            if field == "SystemModstamp" and one.op in (">", ">="):
                return self._book.changed(query.entity, one.value, deleted=None)
        return list(records.values())


def _check(query: Query, table: Table) -> None:
    for name in query.fields:
        table.column(name)
    for one in query.compared():
        column = table.column(one.field)
        values = one.value if isinstance(one.value, tuple) else (one.value,)
        timed = column.type in ("datetime", "date")
        if any(isinstance(value, str) == timed for value in values if value is not None) and (
            timed or column.type in ("string", "email", "id", "reference", "phone")
        ):
            how = "should not" if timed else "should"
            message = (
                f"value of filter criterion for field '{column.name}' must be of type "
                f"{column.type} and {how} be enclosed in quotes"
            )
            raise Refusal("INVALID_FIELD", message)


def _page(entity: str, records: list[dict[str, Any]], base: str) -> dict[str, Any]:
    root = base.rpartition("/")[0]
    given = [
        {"attributes": {"type": entity, "url": f"{root}/sobjects/{entity}/{one.get('Id')}"}, **one}
        for one in records
    ]
    return {"totalSize": len(given), "done": True, "records": given}


def _key(value: Any) -> tuple[bool, Any]:
    return value is not None, value.casefold() if isinstance(value, str) else value
