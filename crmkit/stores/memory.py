"""A store in this process: what tests run on, and the plainest statement of what a store does.

A transaction keeps its changes beside the tables and hands them over at its end; a version of
the workspace that readers hold is copied before it changes, never changed under them.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from crmkit.contracts.specs import StoreConfig
from crmkit.contracts.store import Reader, Row, Store, Value, Writer
from crmkit.contracts.tables import Table
from crmkit.errors import StoreClosed, StoreError
from crmkit.stores import checks
from crmkit.stores.checks import picker
from crmkit.stores.memory_table import Changes, MemoryTable, Order, order_of
from crmkit.stores.turns import Turns

TIMEOUT = 30.0
"""Seconds a writer waits for the others."""


class Version:
    """The tables of one workspace as of some commit; `readers` counts who looks at it."""

    def __init__(self) -> None:
        """Make an empty one."""
        self.readers = 0
        self.tables: dict[str, MemoryTable] = {}


class Database:
    """What the stores of one URL share."""

    def __init__(self) -> None:
        """Make an empty one."""
        self.turns = Turns(TIMEOUT)
        self.guard = threading.Lock()
        """Held for an instant, to take, change or give back a version."""
        self.versions: dict[str, Version] = {}
        self.seq = 0

    @contextmanager
    def pinned(self, workspace: str) -> Iterator[tuple[Version, int]]:
        """Keep the present version as it is for a block; give it and the last ``seq``."""
        with self.guard:
            version, seq = self.versions.get(workspace) or Version(), self.seq
            version.readers += 1
        try:
            yield version, seq
        finally:
            with self.guard:
                version.readers -= 1

    def commit(self, workspace: str, changes: dict[str, tuple[Table, Changes]], seq: int) -> None:
        """Make the changes of a transaction the present version."""
        with self.guard:
            version = self.versions.get(workspace)
            if version is None or version.readers:
                fresh = Version()
                fresh.tables = dict(version.tables) if version else {}
                version = fresh
            for name, (table, changed) in changes.items():
                present = version.tables.get(name) or MemoryTable(table, version)
                if present.owner is not version:
                    present = present.copy(version)
                present.apply(changed)
                version.tables[name] = present
            self.versions[workspace] = version
            self.seq = seq


_named: WeakValueDictionary[str, Database] = WeakValueDictionary()


def open_memory(config: StoreConfig) -> Store:
    """Open ``memory://`` (a fresh one) or ``memory://name`` (while any store of it is open)."""
    name = config.url.partition("://")[2]
    database = _named.setdefault(name, Database()) if name else Database()
    return MemoryStore(database, config.workspace)


class MemoryStore(Store):
    """Everything in dictionaries; see the module."""

    name: ClassVar[str] = "memory"
    persistent: ClassVar[bool] = False

    def __init__(self, database: Database | None = None, workspace: str = "default") -> None:
        """Look at one workspace of a database; None: a fresh one."""
        self.workspace = workspace
        self._database: Database | None = database or Database()

    def _held(self) -> Database:
        if self._database is None:
            message = f"The store of workspace {self.workspace!r} was closed: open it again"
            raise StoreClosed(message)
        return self._database

    def read(self) -> AbstractContextManager[Reader]:
        """Open a consistent look at the workspace: see the contract."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        with self._held().pinned(self.workspace) as (version, seq):
            reader = self.reader(version, seq)
            try:
                yield reader
            finally:
                reader.over = True

    def write(self) -> AbstractContextManager[Writer]:
        """Open a transaction: see the contract."""
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        database = self._held()
        with database.turns.turn(), database.pinned(self.workspace) as (version, seq):
            writer = self.writer(version, seq)
            try:
                yield writer
            finally:
                writer.over = True
            version.readers -= 1  # its own look need not keep the version from changing in place
            try:
                database.commit(self.workspace, writer.changes, writer.last)
            finally:
                version.readers += 1

    def reader(self, version: Version, seq: int) -> MemoryReader:
        """Make the reader of one `read`."""
        return MemoryReader(version, seq)

    def writer(self, version: Version, seq: int) -> MemoryWriter:
        """Make the writer of one `write`."""
        return MemoryWriter(version, seq)

    def workspaces(self) -> list[str]:
        """Name every workspace in the database, sorted."""
        database = self._held()
        with database.guard:
            return sorted(database.versions)

    def close(self) -> None:
        """Let the data go, unless another store holds it by the same name."""
        self._database = None


class MemoryReader(Reader):
    """A look at one version of the workspace."""

    def __init__(self, version: Version, seq: int) -> None:
        """Read `version`, committed up to `seq`."""
        self.version = version
        self.seq = seq
        self.over = False

    def check(self) -> None:
        """Raise StoreError where the block is over."""
        if self.over:
            message = "This read or write is over: use it, and what it gives, inside its block"
            raise StoreError(message)

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
        names = checks.order(table, by)
        checks.place(by or table.key, equal, (low, high), after, len(names))
        checks.known(table, where, contains, columns)
        self.check()
        order = order_of(table, names)
        least, most = order.bounds(equal, low, high)
        behind = None if after is None else order.encode(after)
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
    """A transaction; `changes` holds what it did, by table."""

    def __init__(self, version: Version, seq: int) -> None:
        """Write on top of `version`."""
        super().__init__(version, seq)
        self.last = seq
        self.changes: dict[str, tuple[Table, Changes]] = {}

    def changed(self, table: Table) -> Changes:
        """Give what this transaction did to a table."""
        return self.changes[table.name][1] if table.name in self.changes else {}

    def _change(self, table: Table) -> Changes:
        self.check()
        return self.changes.setdefault(table.name, (table, {}))[1]

    def sequence(self, count: int) -> int:
        """Reserve `count` consecutive values of ``seq`` and give the first."""
        self.check()
        first = self.last + 1
        self.last += count
        return first

    def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
        """Add rows whose key is new; give the positions of the others."""
        checked(table, rows)
        changed, key_of = self._change(table), _key_of(table)
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
        checked(table, rows)
        changed, key_of = self._change(table), _key_of(table)
        changed.update((key_of(row), row) for row in rows)

    def delete(
        self, table: Table, keys: Iterable[Row], *, by: tuple[str, ...] | None = None
    ) -> int:
        """Delete the rows that `fetch` would give; tell how many."""
        changed, key_of = self._change(table), _key_of(table)
        gone = [key_of(row) for row in self.fetch(table, keys, by=by)]
        changed.update(dict.fromkeys(gone))
        return len(gone)


def _key_of(table: Table) -> Any:
    return picker(tuple(table.position[name] for name in table.key))


def checked(table: Table, rows: Sequence[Row]) -> None:
    """Raise StoreError where a row has another number of values, or None where none may be."""
    needed = picker(tuple(place for place, column in enumerate(table.columns) if not column.null))
    for row in rows:
        if len(row) != len(table.columns):
            raise StoreError(
                f"A row of {table.name} has {len(table.columns)} values, not {len(row)}"
            )
        if None in needed(row):
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
