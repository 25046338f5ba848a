"""A long scan on MariaDB, page by page.

A cursor that the server keeps would leave no other statement its connection until it is read to
the end, and an engine asks about what it scans. So each page is a query of its own, which begins
behind the last row of the one before; the transaction's snapshot makes them one look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit.contracts.store import Row
from crmkit.contracts.tables import Table
from crmkit.stores.checks import picker
from crmkit.stores.mariadb_values import kept
from crmkit.stores.sql.statements import Scan, Statements


class Pages:
    """The rows of one scan, as a driver's cursor gives them."""

    def __init__(
        self,
        connection: sa.Connection,
        texts: Statements,
        table: Table,
        shape: Scan,
        values: Mapping[str, Any],
    ) -> None:
        """Scan `table` from the place that `shape` and `values` begin at; asks for nothing yet."""
        self._connection = connection
        self._texts = texts
        self._table = table
        self._values = dict(values)
        limit = self._values.get("limit")
        self._left: int | None = limit
        self._width = len(shape.columns)
        added = tuple(name for name in shape.order if name not in shape.columns)
        columns = shape.columns + added
        self._shape = attrs.evolve(shape, columns=columns, limit=True)
        rest = shape.order[len(shape.equal) :]
        self._place = picker(columns.index(name) for name in rest) if rest else None
        self._over = False

    def fetchmany(self, size: int) -> list[Row]:
        """Give at most `size` rows; fewer are the last."""
        if self._left is not None:
            size = min(size, self._left)
        if self._over or not size:
            return []
        query = self._texts.scan(self._table, self._shape)
        bound = query.bind(self._values | {"limit": size})
        cursor = self._connection.exec_driver_sql(query.sql, tuple(map(kept, bound))).cursor
        rows = list(cursor.fetchall())
        self._over = len(rows) < size or self._place is None
        if self._left is not None:
            self._left -= len(rows)
        if not self._over:
            self._go_on(rows[-1])
        if len(self._shape.columns) > self._width:
            return [row[: self._width] for row in rows]
        return rows

    def _go_on(self, last: Row) -> None:
        """Begin the next page behind this row."""
        assert self._place is not None  # noqa: S101 - else this was the only page
        place = self._place(last)
        given = tuple(value is not None for value in place)
        self._shape = attrs.evolve(self._shape, after=given)
        self._values.update({f"after{number}": value for number, value in enumerate(place)})

    def fetchall(self) -> list[Row]:
        """Give the rest."""
        rows: list[Row] = []
        while page := self.fetchmany(10_000):
            rows += page
        return rows

    def close(self) -> None:
        """Ask for no more."""
        self._over = True
