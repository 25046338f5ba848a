"""Hosts whose transactions wait for each other on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
import sqlalchemy as sa

import crmkit
from crmkit.plugins import PluginManager
from tests.hosts.kit import NOW, Shop, driven, open_shop, order, sell
from tests.postgres import database, execute
from tests.stores.postgres_kit import pid_of


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop that waits half a second for other writers."""
    patient = open_shop(database())
    patient.crm.close()
    manager = PluginManager(discover=False)
    manager.register(patient.listener)
    url = f"{patient.url}&timeout=0.5"
    with crmkit.connect(url, clock=lambda: NOW, plugins=manager) as crm:
        patient.listener.look = lambda: (0, [])
        yield attrs.evolve(patient, crm=crm)


@pytest.fixture
def engine(shop: Shop) -> Iterator[sa.Engine]:
    """The host's own engine."""
    engine = sa.create_engine(driven(shop.url))
    yield engine
    engine.dispose()


def setting(connection: sa.Connection) -> str:
    """Give how long the host's own statements wait for locks."""
    return str(connection.scalar(sa.text("SHOW lock_timeout")))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("theirs", ["0", "50ms", "1min"])
def test_a_joined_writer_waits_no_longer_than_others(
    shop: Shop, engine: sa.Engine, theirs: str, known: bool
) -> None:
    """He gets a StoreBusy after `timeout`, or sooner as the host likes, which finds its own set."""
    if known:
        shop.crm.capture([order(0)], source="shop")
    with engine.connect() as one, engine.connect() as two:
        shop.crm.using(one).capture([order(1)], source="shop")
        sell(two, 1)
        two.exec_driver_sql(f"SET LOCAL lock_timeout = '{theirs}'")
        start = time.monotonic()
        with pytest.raises(crmkit.StoreBusy):
            shop.crm.using(two).capture([order(2)], source="shop")
        assert (time.monotonic() - start < 0.4) == (theirs == "50ms")
        assert setting(two) == theirs
        one.commit()
        assert shop.crm.using(two).capture([order(2)], source="shop").new == 1
        assert setting(two) == theirs
        two.commit()
        assert setting(two) == "0"
    assert (shop.heard[-2:], shop.sales()) == (["o-1", "o-2"], 1)


def test_what_the_host_sets_for_its_session(shop: Shop, engine: sa.Engine) -> None:
    """It holds in the transaction that crmkit joins, and after it."""
    with engine.connect() as connection:
        connection.exec_driver_sql("SET lock_timeout = '7s'")
        connection.commit()
        shop.crm.using(connection).capture([order(1)], source="shop")
        assert setting(connection) == "7s"
        connection.commit()
        assert setting(connection) == "7s"


def test_who_went_back_and_asks_again_is_not_waited_for_in_a_circle() -> None:
    """Whoever waited for what a savepoint took along goes on, and then the others do."""
    shop = open_shop(database())
    shop.crm.capture([order(0)], source="shop")
    engine = sa.create_engine(driven(shop.url))

    def until_waits(which: str = "true") -> None:
        while not execute(shop.url, f"SELECT 1 FROM pg_locks WHERE NOT granted AND {which}"):
            time.sleep(0.01)

    with ThreadPoolExecutor() as pool, engine.connect() as first, engine.connect() as other:
        joined = shop.crm.using(first)
        point = first.begin_nested()
        joined.capture([order(1)], source="shop")
        waiting = pool.submit(shop.crm.capture, [order(2)], source="shop")
        until_waits()
        point.rollback()
        shop.crm.using(other).capture([order(3)], source="shop")
        again = pool.submit(joined.capture, [order(4)], source="shop")
        until_waits(f"pid = {pid_of(first)}")
        other.commit()
        assert again.result().new == 1
        first.commit()
        assert waiting.result().new == 1
    assert sorted(shop.captured()) == ["o-0", "o-2", "o-3", "o-4"]
    engine.dispose()
    shop.crm.close()
