"""Touchpoints lie by year in PostgreSQL, and one record's key stands once for all years."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from crmkit.clock import DAY, SECOND
from crmkit.contracts.store import Store
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.stores import open_store
from crmkit.stores.postgres_log import KEYS, LOG
from crmkit.testing.rows import row
from tests.postgres import database

YEAR = 366 * DAY


def told(reader: Any, select: str) -> list[str]:
    return sorted(map(str, reader.connection.exec_driver_sql(select).scalars()))


def names(store: Store, select: str) -> list[str]:
    with store.read() as reader:
        return told(reader, select)


def parts_of(reader: Any) -> list[str]:
    select = f"SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{LOG}'::regclass"
    return told(reader, select)


def parts(store: Store) -> list[str]:
    with store.read() as reader:
        return parts_of(reader)


@pytest.fixture
def store():
    opened = open_store(database())
    yield opened
    opened.close()


def test_each_year_has_its_part(store: Store) -> None:
    """Parts come with the first touchpoint of their year, the last second of one year included."""
    instants = [-(200 * YEAR), 0, 365 * DAY - SECOND, 365 * DAY, 56 * YEAR, 9_000 * YEAR]
    with store.write() as writer:
        first = writer.sequence(len(instants))
        rows = [row(TOUCHPOINT, seq=first + n, id=f"o-{n}", at=at) for n, at in enumerate(instants)]
        assert writer.append(TOUCHPOINT, rows) == []
    assert parts(store) == [f"{LOG}_{year}" for year in (1899, 1970, 1971, 2026, 9999)]
    with store.read() as reader:
        found = [at for (at,) in reader.scan(TOUCHPOINT, by=("at",), columns=("at",))]
        assert found == instants
    assert names(store, f"SELECT id FROM {LOG}_1970") == ["o-1", "o-2"]


def test_a_key_stands_once_whatever_the_year(store: Store) -> None:
    """The same record dated otherwise is known, and one that was deleted may come again."""
    for at, known in ((0, []), (5 * YEAR, [0])):
        with store.write() as writer:
            again = [row(TOUCHPOINT, seq=writer.sequence(1), id="o-1", customer="c", at=at)]
            assert writer.append(TOUCHPOINT, again) == known
    with store.write() as writer:
        assert writer.delete(TOUCHPOINT, [("c",)], by=("customer",)) == 1
    assert names(store, f"SELECT id FROM {KEYS}") == []
    with store.write() as writer:
        again = [row(TOUCHPOINT, seq=writer.sequence(1), id="o-1", at=5 * YEAR)]
        assert writer.append(TOUCHPOINT, again) == []


def test_a_part_goes_with_a_write_that_is_undone(store: Store) -> None:
    """What was not committed made no part, and the next write makes it."""
    for zero in (0, 1):
        with suppress(ZeroDivisionError), store.write() as writer:
            new = [row(TOUCHPOINT, seq=writer.sequence(1), id="o-1", at=0)]
            assert writer.append(TOUCHPOINT, new) == []
            assert parts_of(writer) == [f"{LOG}_1970"]
            1 / zero
        assert parts(store) == [f"{LOG}_1970"][:zero]


def test_a_read_of_one_span_leaves_the_other_years_alone(store: Store) -> None:
    """The server plans a span of time without the parts outside it."""
    with store.write() as writer:
        first = writer.sequence(10)
        rows = [row(TOUCHPOINT, seq=first + n, id=f"o-{n}", at=n * YEAR) for n in range(10)]
        writer.append(TOUCHPOINT, rows)
    with store.read() as reader:
        select = f"EXPLAIN SELECT * FROM {LOG} WHERE workspace = 1 AND at < {DAY}"
        plan = "\n".join(told(reader, select))
    assert f"{LOG}_1970" in plan
    assert f"{LOG}_1975" not in plan
