"""Reads that fail inside a host's transaction on PostgreSQL, which leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.stores.sql.cursor import STREAM
from crmkit.stores.sql.reader import SqlReader
from tests.hosts.kit import NOW, Shop, driven, open_shop, order, sell
from tests.postgres import database

TABLES = ("workspace", "customer", "touchpoint")


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with one order in PostgreSQL."""
    shop = open_shop(database())
    shop.crm.capture([order(1)], source="shop")
    yield shop
    shop.crm.close()


@pytest.fixture
def connection(shop: Shop) -> Iterator[sa.Connection]:
    """A connection of the host's, in a transaction that has written and waits for no lock."""
    engine = sa.create_engine(driven(shop.url))
    with engine.connect() as connection:
        sell(connection, 1)
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        yield connection
    engine.dispose()


def look(crm: crmkit.CRM) -> list[Any]:
    """Read in several ways, from each of TABLES."""
    store = crm.session.store
    ann = crm.customers.find(email="ann@example.com")
    with store.read() as reader:
        return [ann, store.workspaces(), reader.count(TOUCHPOINT), list(reader.scan(TOUCHPOINT))]


@pytest.mark.parametrize("table", TABLES)
def test_a_read_that_waited_too_long(shop: Shop, connection: sa.Connection, table: str) -> None:
    """The host goes on after a StoreBusy, reads again once it can, and commits its own work."""
    joined = shop.crm.using(connection)
    expected = look(shop.crm)
    with shop.outside.begin() as other:
        other.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        other.exec_driver_sql(f"LOCK TABLE crmkit_{table} IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(crmkit.StoreBusy):
            look(joined)
        assert connection.scalar(sa.text("SELECT count(*) FROM sale")) == 1
    assert look(joined) == expected
    connection.commit()
    assert shop.look() == (1, ["o-1"])


def test_a_stream_among_the_hosts_savepoints(shop: Shop, connection: sa.Connection) -> None:
    """The host sets savepoints and goes back behind them while rows are read, as it likes."""
    many = [{**order(n), "at": NOW - timedelta(minutes=n)} for n in range(2, 2 * STREAM)]
    shop.crm.capture(many, source="shop")
    store = shop.crm.using(connection).session.store
    with store.read() as reader:
        rows = reader.scan(TOUCHPOINT)
        read = [next(rows)]
        outer = connection.begin_nested()
        read.append(next(rows))
        sell(connection, 2)
        inner = connection.begin_nested()
        read += rows
        inner.commit()
        outer.rollback()
        assert len(set(read)) == len(read) == 2 * STREAM - 1
    sell(connection, 3)
    connection.commit()
    assert shop.sales() == 2


@pytest.mark.filterwarnings("ignore")  # psycopg's, of a cursor that is gone and cannot be closed
@pytest.mark.parametrize("ending", ["read on", "left", "ended"])
def test_a_stream_that_the_host_rolled_back(
    shop: Shop, connection: sa.Connection, ending: str
) -> None:
    """A stream from inside a savepoint that is gone can end as it will: the host goes on."""
    many = [{**order(n), "at": NOW - timedelta(minutes=n)} for n in range(2, 100)]
    shop.crm.capture(many, source="shop")
    store = shop.crm.using(connection).session.store
    point = connection.begin_nested()
    with store.read() as reader:
        rows = reader.scan(TOUCHPOINT)
        next(rows)
        point.rollback()
        if ending == "read on":
            with pytest.raises(crmkit.StoreError):
                list(rows)
        elif ending == "left":
            del rows
            assert reader.count(TOUCHPOINT) == 99
    sell(connection, 2)
    connection.commit()
    assert shop.sales() == 2


def test_news_outlive_a_read_that_failed(shop: Shop, connection: sa.Connection) -> None:
    """What waits to be told is untouched by the savepoints that a read sets and goes back to."""
    joined = shop.crm.using(connection)
    joined.capture([order(2)], source="shop")
    with joined.session.store.read() as reader:
        assert isinstance(reader, SqlReader)
        with pytest.raises(crmkit.StoreError, match="nowhere"):
            reader.query("SELECT nothing FROM nowhere")
    connection.commit()
    assert shop.heard == ["o-1", "o-2"]
