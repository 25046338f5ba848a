"""Hosts whose transactions wait for each other on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator

import attrs
import pytest
import sqlalchemy as sa

import crmkit
from crmkit.plugins import PluginManager
from tests.hosts.kit import NOW, Shop, driven, open_shop, order, sell
from tests.postgres import database


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
