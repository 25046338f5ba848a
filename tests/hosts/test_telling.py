"""Plugins are told once the host has committed, and of nothing that the host undid."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.hosts.kit import Shop, driven, order, sell


def buy(shop: Shop, connection: sa.Connection, number: int) -> None:
    """Take an order as a host does: its own row and the touchpoint in one transaction."""
    sell(connection, number)
    assert shop.crm.using(connection).capture([order(number)], source="shop").new == 1


def by_commit(engine: sa.Engine, work: Callable[[sa.Connection], None]) -> None:
    with engine.connect() as connection:
        work(connection)
        connection.commit()


def by_begin_of_the_engine(engine: sa.Engine, work: Callable[[sa.Connection], None]) -> None:
    with engine.begin() as connection:
        work(connection)


def by_begin_of_the_connection(engine: sa.Engine, work: Callable[[sa.Connection], None]) -> None:
    with engine.connect() as connection, connection.begin():
        work(connection)


def by_the_transaction(engine: sa.Engine, work: Callable[[sa.Connection], None]) -> None:
    with engine.connect() as connection:
        transaction = connection.begin()
        work(connection)
        transaction.commit()


def by_the_session(engine: sa.Engine, work: Callable[[sa.Connection], None]) -> None:
    with Session(engine) as session, session.begin():
        work(session.connection())


WAYS = [by_commit, by_begin_of_the_engine, by_begin_of_the_connection, by_the_transaction]


@pytest.mark.parametrize("committed", WAYS)
def test_whoever_is_told_sees_what_he_is_told_of(
    shop: Shop, engine: sa.Engine, committed: Callable[..., None]
) -> None:
    """At the moment a plugin is told, every other connection sees the order and the touchpoint."""

    def work(connection: sa.Connection) -> None:
        buy(shop, connection, 1)
        assert (shop.heard, shop.look()) == ([], (0, []))

    committed(engine, work)
    assert shop.heard == ["o-1"]
    assert shop.listener.seen == [(1, ["o-1"])]


def test_it_is_told_in_the_commit_and_not_later(shop: Shop, engine: sa.Engine) -> None:
    """When the host's commit returns, plugins were told, however long the connection is kept."""
    with engine.connect() as connection:
        for number in (1, 2):
            buy(shop, connection, number)
            connection.commit()
            assert shop.heard == ["o-1", "o-2"][:number]
    assert shop.heard == ["o-1", "o-2"]


def test_each_is_told_once_in_order(shop: Shop, engine: sa.Engine) -> None:
    """Several joined workspaces in one transaction are told of together, none of them twice."""
    with engine.connect() as connection:
        for number in range(5):
            buy(shop, connection, number)
        connection.commit()
        connection.commit()
    assert shop.heard == [f"o-{number}" for number in range(5)]


@pytest.mark.parametrize("how", ["rollback", "closed", "raised", "transaction"])
def test_what_the_host_undoes_never_happened(shop: Shop, engine: sa.Engine, how: str) -> None:
    """After a rollback, of whatever kind, neither is there, and no plugin hears of it later."""
    with engine.connect() as connection:
        if how == "raised":
            with pytest.raises(KeyError), connection.begin():
                buy(shop, connection, 1)
                raise KeyError
        else:
            buy(shop, connection, 1)
            if how == "transaction":
                connection.get_transaction().rollback()  # type: ignore[union-attr]
            if how == "rollback":
                connection.rollback()
        if how != "closed":
            buy(shop, connection, 2)
            connection.commit()
    kept = [] if how == "closed" else ["o-2"]
    assert (shop.heard, shop.look()) == (kept, (len(kept), kept))


def test_a_commit_that_fails_tells_nothing(shop: Shop, engine: sa.Engine) -> None:
    """Where the database refuses the host's commit, plugins hear nothing, then or later."""
    with engine.connect() as connection:
        buy(shop, connection, 1)
        sell(connection, 2, shelf=7)
        with pytest.raises(sa.exc.IntegrityError):
            connection.commit()
        connection.rollback()
    with engine.begin() as connection:
        buy(shop, connection, 3)
    assert (shop.heard, shop.look()) == (["o-3"], (1, ["o-3"]))


@pytest.mark.parametrize("committed", [*WAYS, by_the_session])
def test_a_commit_that_is_a_rollback_tells_nothing(
    shop: Shop, engine: sa.Engine, committed: Callable[..., None]
) -> None:
    """After a statement that failed PostgreSQL undoes what the host commits, and says nothing."""

    def work(connection: sa.Connection) -> None:
        buy(shop, connection, 1)
        with pytest.raises(sa.exc.DBAPIError):
            connection.execute(sa.text("SELECT nothing FROM nowhere"))

    committed(engine, work)
    kept = [] if engine.dialect.name == "postgresql" else ["o-1"]
    assert (shop.heard, shop.look()) == (kept, (len(kept), kept))
    committed(engine, lambda connection: buy(shop, connection, 2))
    assert shop.heard == [*kept, "o-2"]


def test_a_failure_that_a_savepoint_took_along(shop: Shop, engine: sa.Engine) -> None:
    """Where the host went back to before the failure, the commit keeps the rest, and tells."""
    with engine.begin() as connection:
        buy(shop, connection, 1)
        with pytest.raises(sa.exc.DBAPIError), connection.begin_nested():
            connection.execute(sa.text("SELECT nothing FROM nowhere"))
    assert (shop.heard, shop.look()) == (["o-1"], (1, ["o-1"]))


def test_another_transaction_of_the_connection_tells_nothing_old(
    shop: Shop, engine: sa.Engine
) -> None:
    """What a rolled-back transaction left is not told by a later one that captures nothing."""
    with engine.connect() as connection:
        buy(shop, connection, 1)
        connection.rollback()
        sell(connection, 2)
        connection.commit()
    assert (shop.heard, shop.look()) == ([], (1, []))


def test_what_waits_cannot_break_the_hosts_commit(
    shop: Shop, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """An error on the way to the plugins is logged; the commit stands, and the others are told."""
    shop.listener.look = None  # calling it raises
    with engine.connect() as connection, caplog.at_level(logging.ERROR, "crmkit.stores"):
        store = shop.crm.using(connection).session.store
        buy(shop, connection, 1)
        store.after_commit(lambda: 1 / 0)
        store.after_commit(lambda: shop.heard.append("after"))
        connection.commit()
    assert shop.heard == ["o-1", "after"]
    assert "the commit stands" in caplog.text
    assert shop.look() == (1, ["o-1"])


# -- autocommit ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["connection", "engine", "looked before"])
def test_autocommit_leaves_nothing_to_wait_for(shop: Shop, how: str) -> None:
    """Where each statement commits itself, so does each capture, and is told at once."""
    level = "AUTOCOMMIT" if how == "engine" else "SERIALIZABLE"
    engine = sa.create_engine(driven(shop.url), isolation_level=level)
    with engine.connect() as connection:
        if how != "engine":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        assert shop.crm.using(connection).report().customers == 0
        assert not connection.in_transaction()
        if how == "looked before":
            connection.execute(sa.text("SELECT 1"))
        buy(shop, connection, 1)
        assert shop.heard == ["o-1"]
        assert shop.listener.seen == [(1, ["o-1"])]
    engine.dispose()


def test_a_host_that_begins_all_the_same_is_waited_for(shop: Shop, engine: sa.Engine) -> None:
    """A BEGIN that a host sends in autocommit mode begins a transaction, which is joined."""
    if engine.dialect.name != "sqlite":
        return  # a choice of SQLite's only
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("SELECT 1")
        begun = connection.connection.dbapi_connection.in_transaction  # type: ignore[union-attr]
        buy(shop, connection, 1)
        assert shop.heard == ([] if begun else ["o-1"])
        connection.commit()
    assert shop.heard == ["o-1"]
