"""A look at the memory store, and a transaction on top of one."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from crmkit.contracts.store import Reader, Row, Value, Writer
from crmkit.contracts.tables import Table
from crmkit.errors import StoreError
from crmkit.stores import checks
from crmkit.stores.checks import picker
from crmkit.stores.memory_table import Changes, MemoryTable, Order, Version, order_of


class MemoryReader(Reader):
    """A look at one version of the workspace."""

    def __init__(self, version: Version, seq: int) -> None:
        """Read `version`, committed up to `seq`."""
        self.version = version
        self.seq = seq
        self.over = False

    def check(self) -> None:
        """Raise StoreError where the block is over."""
        checks.unended(over=self.over)

    def base(self, table: Table) -> MemoryTable:
        """Give the committed rows of a table."""
        found = self.version.tables.get(table.name)
        return MemoryTable(table, None) if found is None else found

    def changed(self, table: Table) -> Changes:  # noqa: ARG002 - a writer's own
        """Give what this transaction did to a table."""
        return {}

    def row(self, table: Table, key: Row) -> Row | None:
        """Give the row of a key, or None."""
        changed = self.changed(table)
        return changed[key] if key in changed else self.base(table).rows.get(key)

    def fetch(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> Iterator[Row]:
        """Give the rows whose leading columns equal one of `keys`: see the contract."""
        by = checks.leading(table, by)
        self.check()
        wanted = dict.fromkeys(keys)
        for key in wanted:
            if len(key) != len(by):
                raise StoreError(f"Key {key!r} must have {len(by)} values")
        if by == table.key:
            rows = (self.row(table, key) for key in wanted)
            return iter([row for row in rows if row is not None])
        declared = next(order for order in table.orders if order[: len(by)] == by)
        return iter([row for key in wanted for row in self.scan(table, by=declared, equal=key)])

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
        names = checks.order(table, by, equal)
        checks.place(by or table.key, equal, (low, high), after, len(names))
        checks.known(table, where, contains, columns)
        self.check()
        order = order_of(table, names)
        least, most = order.bounds(equal, low, high)
        behind = None if after is None else order.behind(after, reverse=reverse)
        rows = self._rows(table, order, least, most, behind, reverse=reverse)
        rows = (row for row in rows if fits(table, row, where, contains))
        if columns is not None:
            rows = map(picker(tuple(table.position[name] for name in columns)), rows)
        return self._while_open(islice(rows, limit))

    def _while_open(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.check()
            yield row

    def _rows(  # noqa: PLR0913 - private
        self, table: Table, order: Order, least: Row, most: Row, after: Row | None, *, reverse: bool
    ) -> Iterator[Row]:
        """Give the rows between two places: the committed ones, and this transaction's among them.

        What the transaction changes later does not show: its changes are taken as they are now.
        """
        base, changed = self.base(table), dict(self.changed(table))
        places = base.walk(order, least, most, after=after, reverse=reverse)
        committed = base.rows
        if not changed:
            return (committed[order.key_of(place)] for place in places)
        own = MemoryTable(table, None)
        own.rows = {key: row for key, row in changed.items() if row is not None}
        mine = own.walk(order, least, most, after=after, reverse=reverse)
        kept = (place for place in places if order.key_of(place) not in changed)
        both = heapq.merge(kept, mine, reverse=reverse)
        return (
            own.rows[key] if key in changed else committed[key] for key in map(order.key_of, both)
        )

    def count(self, table: Table, where: Mapping[str, Value] | None = None) -> int:
        """Count the rows whose columns equal `where`."""
        return sum(1 for _ in self.scan(table, where=where))

    def watermark(self) -> int:
        """Give the ``seq`` up to which nothing new can appear any more."""
        self.check()
        return self.seq


class MemoryWriter(MemoryReader, Writer):
    """A transaction.

    Attributes:
        changes: What it did, by table.
        failure: Why a batch was refused; nothing is kept then, as in any other store.
    """

    def __init__(self, version: Version, seq: int) -> None:
        """Write on top of `version`."""
        super().__init__(version, seq)
        self.last = seq
        self.changes: dict[str, tuple[Table, Changes]] = {}
        self.failure: StoreError | None = None

    def check(self) -> None:
        """Raise StoreError where the transaction is over, or failed before."""
        super().check()
        checks.unfailed(self.failure)

    def changed(self, table: Table) -> Changes:
        """Give what this transaction did to a table."""
        return self.changes[table.name][1] if table.name in self.changes else {}

    def _change(self, table: Table, rows: Sequence[Row] = ()) -> Changes:
        """Give what may be changed of a table, where `rows` may be written to it."""
        self.check()
        try:
            checked(table, rows)
        except StoreError as error:
            self.failure = error
            raise
        return self.changes.setdefault(table.name, (table, {}))[1]

    def sequence(self, count: int) -> int:
        """Reserve `count` consecutive values of ``seq`` and give the first."""
        self.check()
        first = self.last + 1
        self.last += count
        return first

    def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
        """Add rows whose key is new; give the positions of the others."""
        changed, key_of = self._change(table, rows), _key_of(table)
        known = []
        for position, row in enumerate(rows):
            key = key_of(row)
            if self.row(table, key) is None:
                changed[key] = row
            else:
                known.append(position)
        return known

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, or replace those with the same key; of two with one key the later holds."""
        changed, key_of = self._change(table, rows), _key_of(table)
        changed.update((key_of(row), row) for row in rows)

    def delete(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> int:
        """Delete the rows that `fetch` would give; tell how many."""
        changed, key_of = self._change(table), _key_of(table)
        gone = [key_of(row) for row in self.fetch(table, keys, by=by)]
        changed.update(dict.fromkeys(gone))
        return len(gone)

    def clear(self, table: Table) -> None:
        """Delete every row of a table."""
        changed = self._change(table)
        changed.update(dict.fromkeys([*changed, *self.base(table).rows]))


def _key_of(table: Table) -> Callable[[Row], Row]:
    return picker(tuple(table.position[name] for name in table.key))


def checked(table: Table, rows: Sequence[Row]) -> None:
    """Raise StoreError where a row has another number of values, or None where none may be."""
    checks.width(table, rows)
    needed = picker(tuple(place for place, column in enumerate(table.columns) if not column.null))
    if any(None in needed(row) for row in rows):
        raise StoreError(f"A row of {table.name} has None in a column that must have a value")


def fits(
    table: Table,
    row: Row,
    where: Mapping[str, Value | tuple[Value, ...]] | None,
    contains: Mapping[str, str] | None,
) -> bool:
    """Tell whether a row meets the conditions of a scan."""
    for name, wanted in (where or {}).items():
        value = row[table.position[name]]
        if value not in wanted if isinstance(wanted, tuple) else value != wanted:
            return False
    for name, text in (contains or {}).items():
        value = row[table.position[name]]
        if value is None or text not in value:
            return False
    return True
