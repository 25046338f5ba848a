"""A look at a SQL database: rows come from the driver as plain tuples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa

from crmkit.contracts.store import Reader, Row, Value
from crmkit.contracts.tables import Table
from crmkit.errors import StoreError
from crmkit.paging import pages
from crmkit.stores import checks
from crmkit.stores.sql.cursor import STREAM, Cursor, Guard, give_up
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.statements import Last, Scan, Statements, where_shape


class SqlReader(Reader):
    """A snapshot of the workspace."""

    connection: sa.Connection

    def __init__(self, connection: sa.Connection, dialect: Dialect, texts: Statements) -> None:
        """Read by `connection`, whose transaction the store opens and ends."""
        self.connection = connection
        self.dialect = dialect
        self.texts = texts
        self._over = False
        self._open: WeakSet[Cursor] = WeakSet()
        self._left: list[tuple[Any, Guard]] = []

    def end(self) -> None:
        """Refuse whatever is asked from now on."""
        self._over = True
        for cursor in list(self._open):
            cursor.close()
        self._give_up()

    def check(self) -> None:
        """Raise StoreError where the transaction is over."""
        checks.unended(over=self._over)

    def run(self, sql: str, values: Row | list[Row] = ()) -> sa.CursorResult[Any]:
        """Run one statement; a list of tuples runs it for each.

        Raises:
            StoreError: the database could not do it.
        """
        with self.asking(), self.guard():
            return self.connection.exec_driver_sql(
                sql, values or None, execution_options={"preserve_rowcount": True}
            )

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask the database something in a block, which raises StoreError where it cannot do it."""
        self.check()
        with self.dialect.words():
            yield

    def guard(self) -> AbstractContextManager[None]:
        """Give the block for a statement: nothing is kept of a transaction that fails."""
        return nullcontext()

    def query(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """Run a query and give its rows as they are asked for."""
        with self.asking(), self.guard():
            cursor = self.dialect.select(self.connection, sql, self.dialect.bound(values))
        return self._rows(cursor)

    def _rows(self, driver_cursor: Any, guard: Guard = nullcontext) -> Iterator[Row]:
        self._give_up()
        cursor = Cursor(self, driver_cursor, self._left, guard)
        self._open.add(cursor)
        return iter(cursor)

    def _give_up(self) -> None:
        """Close what nobody reads to its end any more."""
        while self._left:
            give_up(*self._left.pop())

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`: see the contract."""
        self.check()
        return self.fetched(table, keys, checks.leading(table, by), table.names)

    def fetch_columns(
        self,
        table: Table,
        keys: Iterable[Row],
        columns: tuple[str, ...],
        *,
        by: tuple[str, ...] | None = None,
    ) -> Iterator[Row]:
        """Give some columns of the rows whose leading columns equal a key: see the contract."""
        self.check()
        checks.known(table, None, None, columns)
        return self.fetched(table, keys, checks.leading(table, by), columns)

    def fetched(
        self, table: Table, keys: Iterable[Row], by: tuple[str, ...], columns: tuple[str, ...]
    ) -> Iterator[Row]:
        """Give some columns of the rows that `fetch` gives, statement by statement."""
        for given, group in by_nulls(keys, len(by)).items():
            size = self.dialect.key_values // max(1, sum(given))
            # Neighbours on one page are read together.
            for part in pages(checks.in_order(table, group, range(sum(given))), size):
                sql = self.texts.fetch(table, by, given, columns, len(part))
                yield from self.query(sql, self.dialect.bind_keys(part) if any(given) else ())

    def last_of(  # noqa: PLR0913 - the contract's own
        self,
        table: Table,
        keys: Iterable[Row],
        *,
        by: tuple[str, ...],
        count: int,
        low: Value = None,
        high: Value = None,
        where: Mapping[str, Value | tuple[Value, ...]] | None = None,
    ) -> Iterator[Row]:
        """Give the last rows of each key: see the contract."""
        whole = dict.fromkeys(keys)
        width = len(next(iter(whole), ()))
        if not table.log or not width or any(None in key or len(key) != width for key in whole):
            yield from super().last_of(
                table, whole, by=by, count=count, low=low, high=high, where=where
            )
            return
        checks.place(by, next(iter(whole)), (low, high), None, len(checks.order(table, by)))
        checks.known(table, where, None, None)
        conditions, values = where_shape(where)
        shape = Last(by, width, low is not None, high is not None, conditions)
        values |= {"low": low, "high": high, "count": count}
        for part in pages(sorted(whole), self.dialect.key_values // width):
            query = self.texts.last(table, shape, len(part))
            if query is None:
                yield from super().last_of(
                    table, part, by=by, count=count, low=low, high=high, where=where
                )
            else:
                yield from self.query(
                    query.sql, (*self.dialect.bind_keys(part), *query.bind(values))
                )

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
        order = checks.order(table, by, equal)
        checks.place(by or table.key, equal, (low, high), after, len(order))
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
            columns=table.names if columns is None else columns,
        )
        values |= {"low": low, "high": high, "limit": limit}
        values |= {f"equal{place}": value for place, value in enumerate(equal)}
        values |= {f"after{place}": value for place, value in enumerate(behind or ())}
        values |= {f"contains_{name}": text for name, text in (contains or {}).items()}
        if self.dialect.streams and (limit is None or limit > STREAM):
            with self.asking(), self.guard():
                stream = self.dialect.stream(self.connection, self.texts, table, shape, values)
            return self._rows(stream, self.guard)
        query = self.texts.scan(table, shape)
        return self.query(query.sql, query.bind(values))

    def count(self, table: Table, where: Mapping[str, Value] | None = None) -> int:
        """Count the rows whose columns equal `where`."""
        checks.known(table, where)
        shape, values = where_shape(where)
        query = self.texts.count(table, shape)
        return int(self.run(query.sql, query.bind(values)).scalar_one())

    def watermark(self) -> int:
        """Give the ``seq`` up to which nothing new can appear any more."""
        with self.asking(), self.guard():
            return self.dialect.watermark(self.connection, self.texts.number)


def by_nulls(keys: Iterable[Row], width: int) -> dict[tuple[bool, ...], dict[Row, None]]:
    """Group keys by which of their values are given, without the others, each key once.

    Raises:
        StoreError: a key has another number of values.
    """
    asked = dict.fromkeys(keys)
    if set(map(len, asked)) == {width} and None not in chain.from_iterable(asked):  # mostly
        return {(True,) * width: asked}
    whole: dict[Row, None] = {}
    groups = {(True,) * width: whole}
    for key in asked:
        if len(key) != width:
            raise StoreError(f"Key {key!r} must have {width} values")
        if None not in key:
            whole[key] = None
        else:
            given = tuple(value is not None for value in key)
            groups.setdefault(given, {})[tuple(v for v in key if v is not None)] = None
    return {given: group for given, group in groups.items() if group}
