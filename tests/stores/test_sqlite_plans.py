"""How SQLite goes about it: no sort of a whole table, flat memory, tables laid out as measured."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from crmkit.contracts.tables import META, TABLES, TOUCHPOINT, Sparse, Table
from crmkit.stores import open_store
from crmkit.stores.sql.store import SqlStore
from crmkit.testing.rows import touchpoints


@pytest.fixture(scope="module")
def store() -> Iterator[SqlStore]:
    store = open_store("sqlite://")
    assert isinstance(store, SqlStore)
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    yield store
    store.close()


def plans(store: SqlStore, read: object) -> list[str]:
    """Give the plans of the queries that a function runs on a reader."""
    seen: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, sql: str, values: object, *_: object) -> None:
        seen.append((sql, values))

    sa.event.listen(store.engine, "before_cursor_execute", note)
    try:
        with store.read() as reader:
            read(reader)  # type: ignore[operator]
    finally:
        sa.event.remove(store.engine, "before_cursor_execute", note)
    with store.engine.connect() as connection:
        return [
            line[3]
            for sql, values in seen
            if "crmkit_" in sql and "crmkit_fact" not in sql and "crmkit_workspace" not in sql
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]


CASES = [
    pytest.param(table, by, id=f"{table.name}-{'-'.join(by)}")
    for table in TABLES
    for by in dict.fromkeys(table.orders)
]


@pytest.mark.parametrize(("table", "by"), CASES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bound", [0, 1])
@pytest.mark.parametrize("where", [False, True])
def test_no_scan_sorts_a_table(
    store: SqlStore, table: Table, by: tuple[str, ...], reverse: bool, bound: int, where: bool
):
    """Every declared order is read from an index; a log sorts at most rows of one place."""
    conditions = {table.names[-1]: "x"} if where else None
    found = plans(
        store,
        lambda reader: list(
            reader.scan(table, by=by, equal=("x",) * bound, reverse=reverse, where=conditions)
        ),
    )
    assert len(found) in {1, 2}, found
    assert "SEARCH" in found[0] or by == ("seq",), found
    sorts = [] if not table.log else ["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"]
    if table.log and bound == len(by):
        sorts.append("USE TEMP B-TREE FOR ORDER BY")  # but of the rows of one place only
    assert set(found[1:]) <= set(sorts), found


@pytest.mark.parametrize(("table", "by"), CASES)
def test_a_fetch_looks_each_key_up(store: SqlStore, table: Table, by: tuple[str, ...]):
    """Keys are looked up one by one in an index, never found by reading the table."""
    keys = [("x",) * len(by), ("y",) * len(by)]
    found = plans(store, lambda reader: list(reader.fetch(table, keys, by=by)))
    search = [line for line in found if line.startswith("SEARCH")]
    assert len(search) == 1, found
    column = "rowid" if table.log and by[-1] == "seq" else by[-1]
    assert f"{column}=?" in search[0], found


SPARSE = [
    pytest.param(table, few, id=f"{table.name}-{few.by[-1]}")
    for table in TABLES
    for few in table.sparse
]


@pytest.mark.parametrize(("table", "few"), SPARSE)
@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_of_few_rows_sees_no_others(
    store: SqlStore, table: Table, few: Sparse, reverse: bool
):
    """An order of few rows is read from its index, which holds no others."""
    equal = ("x",) * len(few.by)
    found = plans(
        store, lambda reader: list(reader.scan(table, by=few.by, equal=equal, reverse=reverse))
    )
    (line,) = found
    assert f"SEARCH crmkit_{table.name} USING INDEX crmkit_{table.name}_{'_'.join(few.by)}" in line
    assert f"{few.by[-1]}=?" in line
    with store.engine.connect() as connection:
        told = connection.exec_driver_sql(f"PRAGMA index_list(crmkit_{table.name})")
        assert {row[1] for row in told if row[4]} == {
            f"crmkit_{table.name}_{'_'.join(one.by)}" for one in table.sparse
        }


def test_a_scan_keeps_memory_flat(store: SqlStore):
    """Reading a log to its end holds some thousands of rows at a time, not all."""
    with store.write() as writer:
        for part in range(10):
            ids = [f"{part}-{n}" for n in range(4000)]
            writer.append(TOUCHPOINT, touchpoints(writer, ids, text="x" * 200))
    with store.read() as reader:
        tracemalloc.start()
        try:
            assert sum(1 for _ in reader.scan(TOUCHPOINT, by=("seq",))) == 40_000
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 8 * 2**20


def test_a_file_is_set_up_for_speed(store: SqlStore):
    """Write-ahead logging and the page size that was measured are in force."""
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA page_size").scalar() == 8192
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
