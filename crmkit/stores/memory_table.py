"""One table of the memory store: rows by key, and sorted lists for the orders that were asked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from functools import lru_cache

from crmkit.contracts.store import Row, Value
from crmkit.contracts.tables import Table
from crmkit.stores.checks import enough, picker

Changes = dict[Row, Row | None]
"""What a transaction did to a table: the new row of each key it touched; None: it is gone."""


class _Top:
    """Greater than every value."""

    def __lt__(self, _: object) -> bool:
        return False

    def __gt__(self, _: object) -> bool:
        return True


TOP = _Top()
NONE = ()  # stands before every (value,) of a column that may be None


class Order:
    """How rows sort by some columns; None comes before every value."""

    def __init__(self, table: Table, names: tuple[str, ...]) -> None:
        """Take the full order: a declared one, then the rest of the key."""
        self.names = names
        self._null = tuple(table.columns[table.position[name]].null for name in names)
        self._pick = picker(tuple(table.position[name] for name in names))
        self.key_of = picker(tuple(names.index(name) for name in table.key))
        """Take the key out of a place; keys are never None."""
        self._enough = len(enough(table, names))

    def place(self, row: Row) -> Row:
        """Give what a row sorts by."""
        values: Row = self._pick(row)
        return self.encode(values) if any(self._null) else values

    def encode(self, values: Row) -> Row:
        """Turn values of the leading columns into what sorts."""
        return tuple(
            (NONE if value is None else (value,)) if null else value
            for value, null in zip(values, self._null, strict=False)
        )

    def behind(self, after: Row, *, reverse: bool) -> Row:
        """Give the place that a scan goes on from."""
        place = self.encode(after[: self._enough])
        return place if reverse else (*place, TOP)

    def bounds(self, equal: Row, low: Value, high: Value) -> tuple[Row, Row]:
        """Give two places, one before and one behind all that a scan may meet."""
        least = most = self.encode(equal)
        column = len(equal)
        if low is not None:
            least = self.encode((*equal, low))
        elif high is not None and self._null[column]:
            least = (*least, NONE, TOP)  # a row without a value lies in no range
        if high is not None:
            most = self.encode((*equal, high))
        return least, (*most, TOP)


@lru_cache(maxsize=256)
def order_of(table: Table, names: tuple[str, ...]) -> Order:
    """Give the order by these columns, made once."""
    return Order(table, names)


class MemoryTable:
    """Rows of one table in one workspace.

    Attributes:
        owner: The version of the workspace that may change it in place; any other copies it.
        rows: By key.
        orders: Sorted places, by the columns of the order; made when first asked for.
        seqs: Of a log, the key that has each ``seq``.
    """

    def __init__(self, table: Table, owner: object) -> None:
        """Make an empty one."""
        self.table = table
        self.owner = owner
        self.rows: dict[Row, Row] = {}
        self.orders: dict[tuple[str, ...], list[Row]] = {}
        self.seqs: dict[int, Row] = {}

    def copy(self, owner: object) -> MemoryTable:
        """Give a copy for another version, so that readers of this one are left alone."""
        other = MemoryTable(self.table, owner)
        other.rows = dict(self.rows)
        other.seqs = dict(self.seqs)
        other.orders = {names: list(places) for names, places in list(self.orders.items())}
        return other

    def places(self, order: Order) -> list[Row]:
        """Give the sorted places of all rows."""
        found = self.orders.get(order.names)
        if found is None:
            found = sorted(map(order.place, self.rows.values()))
            self.orders[order.names] = found
        return found

    def apply(self, changes: Changes) -> None:
        """Take the changes of a transaction over."""
        for names in list(self.orders):
            self._reorder(names, changes)
        for key, row in changes.items():
            if self.table.log:
                self._number(key, row)
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row

    def _number(self, key: Row, row: Row | None) -> None:
        old = self.rows.get(key)
        if old is not None and self.seqs.get(old[0]) == key:
            del self.seqs[old[0]]
        if row is not None:
            self.seqs[row[0]] = key

    def _reorder(self, names: tuple[str, ...], changes: Changes) -> None:
        """Keep one sorted list right; where much changes, it is made anew when next asked for."""
        order, places = order_of(self.table, names), self.orders[names]
        if len(changes) * 16 > len(places):
            del self.orders[names]
            return
        for key, row in changes.items():
            old, new = self.rows.get(key), row
            before = None if old is None else order.place(old)
            after = None if new is None else order.place(new)
            if before == after:
                continue
            if before is not None:
                del places[bisect_left(places, before)]
            if after is not None:
                insort(places, after)

    def walk(
        self, order: Order, least: Row, most: Row, *, after: Row | None, reverse: bool
    ) -> Iterator[Row]:
        """Give the places between two, in order, behind `after`."""
        places = self.places(order)
        start, stop = bisect_left(places, least), bisect_right(places, most)
        if after is not None and reverse:
            stop = min(stop, bisect_left(places, after))
        elif after is not None:
            start = max(start, bisect_right(places, after))
        # By number, not by a slice: a page of a long table must not copy the rest of it.
        numbers: Iterable[int] = range(stop - 1, start - 1, -1) if reverse else range(start, stop)
        return map(places.__getitem__, numbers)


class Version:
    """The tables of one workspace as of some commit; `readers` counts who looks at it."""

    def __init__(self) -> None:
        """Make an empty one."""
        self.readers = 0
        self.tables: dict[str, MemoryTable] = {}
