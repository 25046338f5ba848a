"""A transaction on a SQL database: rows go to the driver as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa

from crmkit.contracts.store import Row, Writer
from crmkit.contracts.tables import Table
from crmkit.errors import StoreError
from crmkit.stores import checks
from crmkit.stores.sql.dialect import Dialect
from crmkit.stores.sql.reader import SqlReader, by_nulls
from crmkit.stores.sql.statements import Statements


class SqlWriter(SqlReader, Writer):
    """A transaction that writes.

    Attributes:
        failure: The first thing that went wrong; nothing is committed after it, since the
            database may have undone more than the one statement.
    """

    def __init__(self, connection: sa.Connection, dialect: Dialect, texts: Statements) -> None:
        """Write by `connection`, whose transaction the store opens and ends."""
        super().__init__(connection, dialect, texts)
        self.failure: StoreError | None = None
        self._first: int | None = None
        self._last_work: Iterator[object] = iter(())

    def check(self) -> None:
        """Raise StoreError where the transaction is over, or failed before."""
        super().check()
        checks.unfailed(self.failure)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Let the whole transaction fail where the database cannot do what a block asks."""
        try:
            with super().asking():
                yield
        except StoreError as error:
            self.failure = error
            raise

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`, as they are now."""
        return iter(list(super().fetch(table, keys, by=by)))

    def _settle(self) -> None:
        """Read open scans to their end: what they give stays that of now, whatever is written."""
        for cursor in list(self._open):
            cursor.settle()
        self._open.clear()

    def watermark(self) -> int:
        """Give the last ``seq`` before those this transaction reserved."""
        last = super().watermark()
        return last if self._first is None else self._first - 1

    def sequence(self, count: int) -> int:
        """Reserve `count` consecutive values of ``seq`` and give the first."""
        with self.asking():
            first = self.dialect.reserve(self.connection, self.texts.number, count)
        self._first = first if self._first is None else self._first
        return first

    def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
        """Add rows whose key is new; give the positions of the others."""
        if not self._ready(table, rows):
            return []
        with self.asking():
            point = self.connection.begin_nested()
            if self._add(table, list(rows)):
                point.commit()
                return []
            # Some were there. Which ones shows only without those that were just added.
            point.rollback()
        known = self._known(table, rows)
        fresh = [row for place, row in enumerate(rows) if place not in known]
        with self.asking():
            if fresh and not self._add(table, fresh):
                message = f"{table.name}: a number or a key of a new row is taken"
                raise StoreError(message)
        return sorted(known)

    def _ready(self, table: Table, rows: Sequence[Row]) -> bool:
        """Make ready to write rows; False where there are none."""
        with self.asking():
            checks.width(table, rows)
        self._settle()
        return bool(rows)

    def _add(self, table: Table, rows: list[Row]) -> bool:
        return self.dialect.add(self.connection, self.texts, table, rows)

    def _known(self, table: Table, rows: Sequence[Row]) -> set[int]:
        """Give the positions whose key is in the table, or stands earlier in `rows`."""
        places = [table.position[name] for name in table.key]
        keys = [tuple(row[place] for place in places) for row in rows]
        seen = set(self.fetched(table, keys, table.key, table.key))
        known = set()
        for place, key in enumerate(keys):
            if key in seen:
                known.add(place)
            seen.add(key)
        return known

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, or replace those with the same key; of two with one key the later holds."""
        if not self._ready(table, rows):
            return
        with self.asking():
            if self.dialect.sort_puts:
                places = (table.position[name] for name in table.key)
                rows = checks.in_order(table, rows, places)
            self.dialect.replace(self.connection, self.texts, table, list(rows))

    def change(self, table: Table, rows: Sequence[Row], columns: tuple[str, ...]) -> None:
        """Replace rows that are there, and differ from what is there in some columns alone."""
        checks.known(table, columns)
        if self._ready(table, rows):
            with self.asking():
                self.dialect.change(self.connection, self.texts, table, list(rows), columns)

    def while_waiting(self, work: Iterator[object]) -> AbstractContextManager[None]:
        """Do as much work of the caller's own as there is time for: see the contract."""
        with self.asking():
            return self.dialect.while_waiting(self.connection, work)

    def while_committing(self, work: Iterator[object]) -> None:
        """Do as much of it while the transaction is committed: see the contract."""
        self._last_work = work

    def commit(self) -> None:
        """End the transaction; nothing may have failed in it."""
        self.check()
        with (
            self.dialect.words(committing=True),
            self.dialect.while_waiting(self.connection, self._last_work),
        ):
            self.connection.commit()

    def delete(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> int:
        """Delete the rows that `fetch` would give; tell how many."""
        by = checks.leading(table, by)
        self.check()
        self._settle()
        deleted = 0
        for given, group in by_nulls(keys, len(by)).items():
            sql = self.texts.delete(table, by, given)
            # A key of nothing but None binds no value, and the statement runs once without any.
            deleted += self.run(sql, list(group) if any(given) else ()).rowcount
        return deleted

    def clear(self, table: Table) -> None:
        """Delete every row of the workspace's table."""
        self.check()
        self._settle()
        self.run(self.texts.clear(table))
