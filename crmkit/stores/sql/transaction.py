"""One transaction of the SQL store: rows go to the driver and come from it as plain tuples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa

from crmkit.contracts.store import Reader, Row, Value, Writer
from crmkit.contracts.tables import Table
from crmkit.errors import CrmkitError, StoreError
from crmkit.stores import checks
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.statements import Scan, Statements, where_shape

STREAM = 2_000
"""Rows fetched at a time: memory stays flat however long the scan."""


class Rows(Iterator[Row]):
    """The rows of one statement, read as they are asked for."""

    def __init__(self, transaction: SqlReader, cursor: Any) -> None:
        """Read from `cursor` while `transaction` lasts."""
        self._transaction = transaction
        self._cursor = cursor
        self._rest: Iterator[Row] = iter(())

    def __next__(self) -> Row:
        for row in self._rest:
            return row
        if self._cursor is None:
            raise StopIteration
        self._rest = iter(self._more(STREAM))
        return next(self)

    def _more(self, size: int) -> list[Row]:
        self._transaction.check()
        try:
            rows: list[Row] = self._cursor.fetchmany(size)
        except Exception as error:
            raise self._transaction.dialect.translate(error) from error
        if len(rows) < size:
            self._cursor.close()
            self._cursor = None
        return rows

    def settle(self) -> None:
        """Read the rest now, since something is about to be written."""
        rest = self._rest
        while self._cursor is not None:
            rest = chain(rest, self._more(STREAM))
        self._rest = rest


class SqlReader(Reader):
    """A snapshot of the workspace."""

    def __init__(self, connection: sa.Connection, dialect: Dialect, statements: Statements) -> None:
        """Read by `connection`, whose transaction the store opens and ends."""
        self.connection = connection
        self.dialect = dialect
        self.statements = statements
        self._over = False

    def end(self) -> None:
        """Refuse whatever is asked from now on."""
        self._over = True

    def check(self) -> None:
        """Raise StoreError where the transaction is over."""
        if self._over:
            message = "This read or write is over: use it, and what it gives, inside its block"
            raise StoreError(message)

    def run(self, sql: str, values: Any = ()) -> sa.CursorResult[Any]:
        """Run one statement; a list of tuples runs it for each.

        Raises:
            StoreError: the database could not do it.
        """
        self.check()
        try:
            return self.connection.exec_driver_sql(
                sql, values or None, execution_options={"preserve_rowcount": True}
            )
        except CrmkitError:
            raise
        except Exception as error:
            raise self.dialect.translate(error) from error

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """Run a query and give its rows as they are asked for."""
        # The driver's cursor gives plain tuples; a Row object each would cost as much again.
        return Rows(self, self.run(sql, values).cursor)

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`: see the contract."""
        by = checks.leading(table, by)
        self.check()
        parts = []
        for given, group in by_nulls(keys, len(by)).items():
            size = max(1, self.dialect.key_values // max(1, sum(given)))
            keyed = iter(sorted(group))  # neighbours on one page are read together
            while part := list(islice(keyed, size)):
                sql = self.statements.fetch(table, by, given, len(part))
                parts.append((sql, tuple(chain.from_iterable(part))))
        return chain.from_iterable(self.stream(sql, values) for sql, values in parts)

    def scan(  # noqa: PLR0913 - the contract's own
        self,
        table: Table,
        *,
        by: tuple[str, ...] | None = None,
        equal: Row = (),
        low: Value = None,
        high: Value = None,
        after: Row | None = None,
        where: Mapping[str, Value | tuple[Value, ...]] | None = None,
        contains: Mapping[str, str] | None = None,
        reverse: bool = False,
        limit: int | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> Iterator[Row]:
        """Stream rows in order: see the contract."""
        order = checks.order(table, by)
        bounded = low is not None or high is not None
        checks.place(by or table.key, equal, bounded, after, len(order))
        checks.known(table, where, contains, columns)
        conditions, values = where_shape(where)
        behind = None if after is None else after[len(equal) :]
        shape = Scan(
            order=order,
            by=by or table.key,
            equal=tuple(value is not None for value in equal),
            low=low is not None,
            high=high is not None,
            after=None if behind is None else tuple(value is not None for value in behind),
            where=conditions,
            contains=tuple(contains or ()),
            reverse=reverse,
            limit=limit is not None,
            columns=columns or table.names,
        )
        values |= {"low": low, "high": high, "limit": limit}
        values |= {f"equal{place}": value for place, value in enumerate(equal)}
        values |= {f"after{place}": value for place, value in enumerate(behind or ())}
        values |= {f"contains_{name}": text for name, text in (contains or {}).items()}
        query = self.statements.scan(table, shape)
        return self.stream(query.sql, query.bind(values))

    def count(self, table: Table, where: Mapping[str, Value] | None = None) -> int:
        """Count the rows whose columns equal `where`."""
        checks.known(table, where)
        shape, values = where_shape(where)
        query = self.statements.count(table, shape)
        return int(self.run(query.sql, query.bind(values)).scalar_one())

    def watermark(self) -> int:
        """Give the ``seq`` up to which nothing new can appear any more."""
        self.check()
        return self.dialect.watermark(self.connection)


class SqlWriter(SqlReader, Writer):
    """A transaction that writes."""

    def __init__(self, connection: sa.Connection, dialect: Dialect, statements: Statements) -> None:
        """Write by `connection`, whose transaction the store opens and ends."""
        super().__init__(connection, dialect, statements)
        self._open: WeakSet[Rows] = WeakSet()

    def stream(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """Run a query; its rows stay those of now, whatever is written before they are read."""
        rows = Rows(self, self.run(sql, values).cursor)
        self._open.add(rows)
        return rows

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`, as they are now."""
        return iter(list(super().fetch(table, keys, by=by)))

    def _settle(self) -> None:
        """Read open scans to their end: what a statement reads while it is written is undefined."""
        for rows in list(self._open):
            rows.settle()
        self._open.clear()

    def sequence(self, count: int) -> int:
        """Reserve `count` consecutive values of ``seq`` and give the first."""
        self.check()
        try:
            return self.dialect.reserve(self.connection, count)
        except Exception as error:
            raise self.dialect.translate(error) from error

    def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
        """Add rows whose key is new; give the positions of the others."""
        checks.width(table, rows)
        if not rows:
            return []
        self._settle()
        sql = self.statements.insert(table)
        point = self.connection.begin_nested()
        added = self.run(sql, list(rows)).rowcount
        if added == len(rows):
            point.commit()
            return []
        # Only now it is worth asking which: without their own rows in the table.
        point.rollback()
        there = self._there(table, rows)
        fresh = [row for place, row in enumerate(rows) if place not in there]
        if fresh:
            self.run(sql, fresh)
        return sorted(there)

    def _there(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """Give the positions whose key is in the table, or stands earlier in `rows`."""
        places = [table.position[name] for name in table.key]
        keys = [tuple(row[place] for place in places) for row in rows]
        seen = {tuple(row[place] for place in places) for row in self.fetch(table, keys)}
        found = set()
        for place, key in enumerate(keys):
            if key in seen:
                found.add(place)
            seen.add(key)
        return found

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, or replace those with the same key; of two with one key the later holds."""
        checks.width(table, rows)
        if not rows:
            return
        self._settle()
        if self.dialect.sort_puts:
            places = [table.position[name] for name in table.key]
            rows = sorted(rows, key=lambda row: [row[place] for place in places])
        self.run(self.statements.upsert(table), list(rows))

    def delete(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> int:
        """Delete the rows that `fetch` would give; tell how many."""
        by = checks.leading(table, by)
        self._settle()
        deleted = 0
        for given, group in by_nulls(keys, len(by)).items():
            sql = self.statements.delete(table, by, given)
            # One run for the one key () that binds nothing, else one for each key.
            deleted += self.run(sql, list(group) if any(given) else ()).rowcount
        return deleted


def by_nulls(keys: Iterable[Row], width: int) -> dict[tuple[bool, ...], dict[Row, None]]:
    """Group keys by which of their values are None, without those, each key once.

    Raises:
        StoreError: a key has another number of values.
    """
    groups: dict[tuple[bool, ...], dict[Row, None]] = {}
    whole = groups.setdefault((True,) * width, {})
    for key in keys:
        if len(key) != width:
            raise StoreError(f"Key {key!r} must have {width} values")
        if None not in key:
            whole[key] = None
        else:
            given = tuple(value is not None for value in key)
            groups.setdefault(given, {})[tuple(v for v in key if v is not None)] = None
    return {given: group for given, group in groups.items() if group}
