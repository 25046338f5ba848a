"""Whatever is done to them, in whatever order, the stores of the core give the same."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crmkit.contracts.store import Reader, Row, Store, Writer
from crmkit.contracts.tables import CUSTOMER, META, STATE, TABLES, TOUCHPOINT, VOID, Table
from crmkit.stores import open_store
from crmkit.testing.rows import row

_CHOICES: dict[str, Any] = {
    "text": st.sampled_from(["", "a", "A", "b", "é", "a b", "店"]),
    "decimal": st.sampled_from(["0", "1.50", "-2"]),
    "integer": st.sampled_from([-1, 0, 1, 2**40]),
    "real": st.sampled_from([0.0, -1.5, 0.1]),
    "blob": st.sampled_from([b"", b"\0a"]),
}
TABLE = st.sampled_from([META, VOID, CUSTOMER, STATE, TOUCHPOINT])


def value(table: Table, name: str) -> st.SearchStrategy[Any]:
    column = table.columns[table.position[name]]
    return st.none() | _CHOICES[column.type] if column.null else _CHOICES[column.type]


@st.composite
def batches(draw: st.DrawFn) -> tuple[Table, list[dict[str, Any]]]:
    table = draw(TABLE)
    names = [name for name in table.names if not (table.log and name == "seq")]
    one = st.fixed_dictionaries({name: value(table, name) for name in names[:5]})
    return table, draw(st.lists(one, min_size=1, max_size=5))


@st.composite
def keys(draw: st.DrawFn) -> tuple[Table, tuple[str, ...], list[Row]]:
    table = draw(TABLE)
    order = draw(st.sampled_from(table.orders))
    by = order[: draw(st.integers(1, len(order)))]
    one = st.tuples(*(value(table, name) for name in by))
    return table, by, draw(st.lists(one, max_size=4))


@st.composite
def scans(draw: st.DrawFn) -> tuple[Table, dict[str, Any]]:
    table = draw(TABLE)
    by = draw(st.sampled_from(table.orders))
    order = by + tuple(name for name in table.key if name not in by)
    bound = draw(st.integers(0, len(by)))
    how: dict[str, Any] = {"by": by, "reverse": draw(st.booleans())}
    how["equal"] = tuple(draw(value(table, name)) for name in by[:bound])
    if bound < len(by):
        how["low"] = draw(st.none() | value(table, by[bound]))
        how["high"] = draw(st.none() | value(table, by[bound]))
    if draw(st.booleans()):
        how["after"] = how["equal"] + tuple(draw(value(table, name)) for name in order[bound:])
    if draw(st.booleans()):
        name = draw(st.sampled_from(table.names))
        several = st.lists(value(table, name), max_size=3).map(tuple)
        how["where"] = {name: draw(value(table, name) | several)}
    how["limit"] = draw(st.none() | st.integers(0, 4))
    return table, how


class Stores(RuleBasedStateMachine):
    """Drive the memory store and SQLite side by side, in two workspaces, with open readers."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.pairs: list[tuple[Store, Store]] = []
        for name in ("one", "two"):
            stores = (
                open_store(f"memory://{folder}", workspace=name),
                open_store(f"sqlite:///{folder}/crm.db", workspace=name),
            )
            self.pairs.append(stores)
            for store in stores:
                self.stack.callback(store.close)
        self.writers: tuple[Writer, ...] = ()
        self.write = ExitStack()
        self.readers: list[tuple[ExitStack, tuple[Reader, ...]]] = []

    def teardown(self) -> None:
        if self.writers:
            self.end(keep=True)
        while self.readers:
            self.look_away()
        self.stack.close()

    @initialize()
    def start(self) -> None:
        self.begin(0)

    @precondition(lambda self: not self.writers)
    @rule(workspace=st.integers(0, 1))
    def begin(self, workspace: int) -> None:
        self.writers = tuple(self.write.enter_context(s.write()) for s in self.pairs[workspace])

    @precondition(lambda self: self.writers)
    @rule(keep=st.booleans())
    def end(self, keep: bool) -> None:
        self.writers = ()
        write, self.write = self.write, ExitStack()
        if keep:
            write.close()
        else:
            write.__exit__(KeyError, KeyError(), None)

    @precondition(lambda self: len(self.readers) < 3)
    @rule(workspace=st.integers(0, 1))
    def look(self, workspace: int) -> None:
        stack = ExitStack()
        looks = tuple(stack.enter_context(store.read()) for store in self.pairs[workspace])
        self.readers.append((stack, looks))

    @precondition(lambda self: self.readers)
    @rule()
    def look_away(self) -> None:
        stack, looks = self.readers.pop(0)
        self.same(looks)
        stack.close()

    @precondition(lambda self: self.writers)
    @rule(batch=batches())
    def append(self, batch: tuple[Table, list[dict[str, Any]]]) -> None:
        table, values = batch
        known = [w.append(table, self.rows(w, table, values)) for w in self.writers]
        assert known[0] == known[1]

    @precondition(lambda self: self.writers)
    @rule(batch=batches())
    def put(self, batch: tuple[Table, list[dict[str, Any]]]) -> None:
        table, values = batch
        for writer in self.writers:
            writer.put(table, self.rows(writer, table, values))

    @staticmethod
    def rows(writer: Writer, table: Table, values: list[dict[str, Any]]) -> list[Row]:
        if not table.log:
            return [row(table, **given) for given in values]
        first = writer.sequence(len(values))
        return [row(table, seq=first + n, **given) for n, given in enumerate(values)]

    @precondition(lambda self: self.writers)
    @rule(wanted=keys())
    def delete(self, wanted: tuple[Table, tuple[str, ...], list[Row]]) -> None:
        table, by, found = wanted
        counts = [writer.delete(table, found, by=by) for writer in self.writers]
        assert counts[0] == counts[1]

    @precondition(lambda self: self.writers or self.readers)
    @rule(wanted=keys())
    def fetch(self, wanted: tuple[Table, tuple[str, ...], list[Row]]) -> None:
        table, by, found = wanted
        for looks in self.looks():
            rows = [list(look.fetch(table, found, by=by)) for look in looks]
            assert len(rows[0]) == len(rows[1])
            assert set(rows[0]) == set(rows[1])

    @precondition(lambda self: self.writers or self.readers)
    @rule(wanted=scans())
    def scan(self, wanted: tuple[Table, dict[str, Any]]) -> None:
        table, how = wanted
        for looks in self.looks():
            rows = [list(look.scan(table, **how)) for look in looks]
            assert rows[0] == rows[1]

    def looks(self) -> list[tuple[Reader, ...]]:
        return [looks for looks in (self.writers, *(looks for _, looks in self.readers)) if looks]

    @staticmethod
    def same(looks: tuple[Reader, ...]) -> None:
        for table in TABLES:
            rows = [list(look.scan(table)) for look in looks]
            assert rows[0] == rows[1]
        assert looks[0].watermark() == looks[1].watermark()

    @invariant()
    def nothing_differs(self) -> None:
        if not self.writers:
            for pair in self.pairs:
                with pair[0].read() as one, pair[1].read() as other:
                    self.same((one, other))
            assert self.pairs[0][0].workspaces() == self.pairs[0][1].workspaces()


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, print_blob=True
)
