"""A host that commits in two phases."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crmkit.stores.postgres_bulk import BULK
from tests.hosts.kit import Shop, driven, open_shop, order, sell
from tests.postgres import database, start


def patient() -> str:
    """Start a server that may prepare transactions, which it must know when it starts."""
    server = start()
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_prepared_transactions = 4")
    server.stop()
    server.start()
    return str(server.get_uri())


def buy(shop: Shop, connection: sa.Connection, number: int) -> None:
    sell(connection, number)
    shop.crm.using(connection).capture([order(number)], source="shop")


def test_it_is_told_after_the_second_phase() -> None:
    """Prepared is not committed: plugins hear after the second phase, of what was not undone."""
    shop = open_shop(patient())
    engine = sa.create_engine(driven(shop.url))
    with engine.connect() as connection:
        for number, ending in enumerate(("commit", "rollback", "both", "prepared, undone")):
            transaction = connection.begin_twophase()
            buy(shop, connection, number)
            if ending in ("both", "prepared, undone"):
                transaction.prepare()
                assert f"o-{number}" not in shop.heard
            if "und" in ending or ending == "rollback":
                transaction.rollback()
            else:
                transaction.commit()
    assert shop.heard == ["o-0", "o-2"]
    assert shop.listener.seen == [(1, ["o-0"]), (2, ["o-0", "o-2"])]
    assert shop.look() == (2, ["o-0", "o-2"])
    engine.dispose()
    shop.crm.close()


def test_many_rows_can_be_prepared() -> None:
    """However many customers are new or changed, the transaction can be prepared and committed."""
    shop = open_shop(patient())
    engine = sa.create_engine(driven(shop.url))
    count = 3 * BULK
    for day in (1, 2):
        orders = [
            {**order(n + day * count), "customer": {"email": f"{n}@example.com"}}
            for n in range(count)
        ]
        with Session(engine, twophase=True) as session:
            shop.crm.using(session.connection()).capture(orders, source="shop")
            assert len(shop.heard) == (day - 1) * count
            session.commit()
        assert len(shop.heard) == day * count
        assert shop.crm.report().customers == count
    engine.dispose()
    shop.crm.close()


def test_a_first_phase_that_fails_tells_nothing() -> None:
    """Where the database refuses what was done, nothing is kept and nobody hears."""
    shop = open_shop(database())
    engine = sa.create_engine(driven(shop.url))
    with engine.connect() as connection:
        transaction = connection.begin_twophase()
        buy(shop, connection, 1)
        sell(connection, 2, shelf=7)
        with pytest.raises(sa.exc.IntegrityError):
            transaction.commit()
    assert (shop.heard, shop.look()) == ([], (0, []))
    engine.dispose()
    shop.crm.close()
