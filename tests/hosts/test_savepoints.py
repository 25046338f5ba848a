"""Savepoints of the host: what was captured inside goes with them, and so does the news."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.hosts.kit import Shop, order, sell


@pytest.fixture
def connection(engine: sa.Engine) -> sa.Connection:
    """A connection of the host's in a transaction, which the test commits."""
    connection = engine.connect()
    sell(connection, 0)  # sqlite3 begins with the first write, and a savepoint is none
    return connection


def capture(shop: Shop, connection: sa.Connection, number: int) -> None:
    shop.crm.using(connection).capture([order(number)], source="shop")


def end(shop: Shop, connection: sa.Connection, kept: list[str]) -> None:
    """Commit, and find that just these are there, and were told of."""
    connection.commit()
    connection.close()
    assert shop.heard == kept
    assert shop.captured() == kept
    assert shop.sales() == 1


def test_a_savepoint_that_is_rolled_back(shop: Shop, connection: sa.Connection) -> None:
    """Only what was captured before and after it stays, and is told of."""
    capture(shop, connection, 1)
    with pytest.raises(KeyError), connection.begin_nested():
        capture(shop, connection, 2)
        raise KeyError
    capture(shop, connection, 3)
    end(shop, connection, ["o-1", "o-3"])


def test_the_first_thing_that_waits_may_be_undone(shop: Shop, connection: sa.Connection) -> None:
    """A savepoint that was set before anything waited takes everything along."""
    point = connection.begin_nested()
    capture(shop, connection, 1)
    capture(shop, connection, 2)
    point.rollback()
    end(shop, connection, [])


def test_a_savepoint_that_is_released(shop: Shop, connection: sa.Connection) -> None:
    """What was captured inside belongs to the transaction around it."""
    with connection.begin_nested():
        capture(shop, connection, 1)
    end(shop, connection, ["o-1"])


def test_one_that_was_released_inside_one_that_is_rolled_back(
    shop: Shop, connection: sa.Connection
) -> None:
    """The outer one takes along what the inner one had kept."""
    capture(shop, connection, 1)
    with pytest.raises(KeyError), connection.begin_nested():
        with connection.begin_nested():
            capture(shop, connection, 2)
        raise KeyError
    end(shop, connection, ["o-1"])


def test_one_that_is_rolled_back_inside_one_that_is_released(
    shop: Shop, connection: sa.Connection
) -> None:
    """Of two savepoints only the inner one's captures are gone."""
    with connection.begin_nested():
        capture(shop, connection, 1)
        with pytest.raises(KeyError), connection.begin_nested():
            capture(shop, connection, 2)
            raise KeyError
        capture(shop, connection, 3)
    end(shop, connection, ["o-1", "o-3"])


def test_a_commit_with_a_savepoint_open(shop: Shop, connection: sa.Connection) -> None:
    """The commit keeps what an open savepoint holds, so it is told of."""
    connection.begin_nested()
    capture(shop, connection, 1)
    end(shop, connection, ["o-1"])


def test_savepoints_of_the_hosts_own_words(shop: Shop, connection: sa.Connection) -> None:
    """A host that writes SAVEPOINT and ROLLBACK TO itself is understood."""
    connection.exec_driver_sql("SAVEPOINT outer_one")
    capture(shop, connection, 1)
    connection.exec_driver_sql("savepoint inner_one")
    capture(shop, connection, 2)
    connection.exec_driver_sql("  rollback to inner_one")
    capture(shop, connection, 3)
    connection.exec_driver_sql("ROLLBACK TO SAVEPOINT inner_one")
    connection.exec_driver_sql("RELEASE SAVEPOINT outer_one")
    capture(shop, connection, 4)
    end(shop, connection, ["o-1", "o-4"])


SPELLINGS = [
    ("/* app */ SAVEPOINT x", "/* app */ ROLLBACK TO x"),
    ("-- app: savepoint y\nSAVEPOINT x", "--\n /**/ rollback -- to\n to/**/savepoint/* y */x"),
    ("SAVEPOINT x/*route='shop'*/", "ROLLBACK TO SAVEPOINT x -- route='shop'"),
    ("SAVEPOINT x;", "ROLLBACK TO x"),
    ("savepoint x", "rollback transaction to savepoint x ;"),
    ("savepoint X", "ROLLBACK TO SAVEPOINT x"),
    ('savepoint "x"', "ROLLBACK TO X"),
    ('SAVEPOINT "a b; -- c"', 'ROLLBACK TO "a b; -- c"'),
]


@pytest.mark.parametrize(("setting", "undoing"), SPELLINGS)
def test_spellings_of_a_savepoint(
    shop: Shop, connection: sa.Connection, setting: str, undoing: str
) -> None:
    """Comments, semicolons, quotes and case change nothing of what is undone, nor what is kept."""
    capture(shop, connection, 1)
    connection.exec_driver_sql("SAVEPOINT other")
    connection.exec_driver_sql(setting)
    capture(shop, connection, 2)
    connection.exec_driver_sql("/* ROLLBACK TO other */ SELECT 1 -- \nROLLBACK").close()
    connection.exec_driver_sql(undoing)
    end(shop, connection, ["o-1"])


def test_a_host_that_comments_on_each_statement(shop: Shop, engine: sa.Engine) -> None:
    """A comment before each statement, which many tools for tracing write, hides no savepoint."""

    @sa.event.listens_for(engine, "before_cursor_execute", retval=True)
    def _comment(*execution: Any) -> tuple[str, Any]:
        return f"/* route='shop' */ {execution[2]}", execution[3]

    connection = engine.connect()
    sell(connection, 0)
    capture(shop, connection, 1)
    with pytest.raises(KeyError), connection.begin_nested():
        capture(shop, connection, 2)
        raise KeyError
    end(shop, connection, ["o-1"])


def test_one_name_for_two_savepoints(shop: Shop, connection: sa.Connection) -> None:
    """When the inner one is released, its name is the outer one's again."""
    capture(shop, connection, 1)
    connection.exec_driver_sql("SAVEPOINT x")
    capture(shop, connection, 2)
    connection.exec_driver_sql("SAVEPOINT x")
    capture(shop, connection, 3)
    connection.exec_driver_sql("RELEASE x")
    connection.exec_driver_sql("ROLLBACK TO x")
    capture(shop, connection, 4)
    connection.exec_driver_sql("ROLLBACK TO x")
    end(shop, connection, ["o-1"])


def test_quoted_names_are_others_on_postgresql(shop: Shop, connection: sa.Connection) -> None:
    """There a quoted name keeps its case, and one that is not quoted has none."""
    if connection.dialect.name != "postgresql":
        return
    for number, name in enumerate(("x", '"X"'), start=1):
        connection.exec_driver_sql(f"SAVEPOINT {name}")
        capture(shop, connection, number)
    connection.exec_driver_sql('ROLLBACK TO "X"')
    capture(shop, connection, 3)
    end(shop, connection, ["o-1", "o-3"])


def test_a_rollback_of_the_hosts_own_words(shop: Shop, connection: sa.Connection) -> None:
    """A host that writes ROLLBACK itself has undone all there was, whatever it commits then."""
    capture(shop, connection, 1)
    connection.exec_driver_sql("ROLLBACK")
    connection.commit()
    connection.close()
    assert (shop.heard, shop.look()) == ([], (0, []))


def test_a_block_of_our_own_that_fails_undoes_no_news(
    shop: Shop, connection: sa.Connection
) -> None:
    """A write of crmkit's that fails in the host's transaction takes nothing older along."""
    capture(shop, connection, 1)
    store = shop.crm.using(connection).session.store
    with pytest.raises(KeyError), store.write():
        raise KeyError
    end(shop, connection, ["o-1"])


def test_one_joined_workspace_outlives_what_is_undone(
    shop: Shop, connection: sa.Connection
) -> None:
    """Who was first met in a savepoint that was rolled back is met again, not remembered."""
    joined = shop.crm.using(connection)
    point = connection.begin_nested()
    joined.capture([order(1)], source="shop")
    point.rollback()
    joined.capture([order(2)], source="shop")
    end(shop, connection, ["o-2"])


def test_ranks_that_were_undone_are_not_remembered(shop: Shop, connection: sa.Connection) -> None:
    """Who stood first by what was rolled back does not stand there any more."""
    joined = shop.crm.using(connection)
    ann, bob = {"email": "ann@example.com"}, {"email": "bob@example.com"}
    joined.capture([order(1), order(2) | {"customer": bob}], source="shop")
    for number, (first, second) in enumerate([(ann, bob), (bob, ann)], 3):
        point = connection.begin_nested()
        big = order(number) | {"customer": first, "amount": "88000.00"}
        joined.capture([big], source="shop")
        ids = [joined.customers.find(**who).id for who in (first, second)]
        wanted = dict(zip(ids, ["key", "base"], strict=True))
        assert {id_: joined.value.score(id_).tier for id_ in ids} == wanted
        assert {one.customer_id: one.tier for one in joined.value.scores()} == wanted
        point.rollback()
    connection.close()


def test_and_outlives_transactions(shop: Shop, engine: sa.Engine) -> None:
    """The same joined workspace goes on in the connection's next transaction."""
    with engine.connect() as connection:
        joined = shop.crm.using(connection)
        for number in (1, 2, 3):
            joined.capture([order(number)], source="shop")
            if number == 2:
                connection.commit()
            else:
                connection.rollback()
        assert joined.customers.find(email="ann@example.com") is not None
    assert (shop.heard, shop.captured()) == (["o-2"], ["o-2"])
