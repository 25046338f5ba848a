"""A host that works by SQLAlchemy's ORM: the order and the touchpoint, both or neither."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.hosts.kit import Shop, order


class Base(DeclarativeBase):
    pass


class Sale(Base):
    __tablename__ = "sale"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf: Mapped[int | None]


def buy(shop: Shop, session: Session, number: int, *, shelf: int | None = None) -> None:
    """Take an order as a host does; the session writes its row when it thinks fit."""
    session.add(Sale(id=number, shelf=shelf))
    crm = shop.crm.using(session.connection())
    assert crm.capture([order(number)], source="shop").new == 1


def test_both_are_committed(shop: Shop, engine: sa.Engine) -> None:
    """The session's commit keeps the order and the touchpoint, and then tells."""
    with Session(engine) as session:
        buy(shop, session, 1)
        buy(shop, session, 2)
        assert (shop.heard, shop.look()) == ([], (0, []))
        session.commit()
        assert shop.heard == ["o-1", "o-2"]
    assert shop.listener.seen == [(2, ["o-1", "o-2"])] * 2


@pytest.mark.parametrize("how", ["rollback", "closed", "raised"])
def test_neither_is_kept(shop: Shop, engine: sa.Engine, how: str) -> None:
    """A session that rolls back, is closed or leaves its block by an error keeps nothing."""
    with Session(engine) as session:
        if how == "raised":
            with pytest.raises(KeyError), session.begin():
                buy(shop, session, 1)
                raise KeyError
        else:
            buy(shop, session, 1)
            session.flush()
            if how == "rollback":
                session.rollback()
    assert (shop.heard, shop.look()) == ([], (0, []))


@pytest.mark.parametrize("shelf", [None, 7], ids=["refused by the flush", "by the commit"])
def test_an_order_that_is_refused_takes_the_touchpoint_along(
    shop: Shop, engine: sa.Engine, shelf: int | None
) -> None:
    """Where the database refuses the host's row, late as that may be, nothing else stays."""
    with Session(engine) as session:
        buy(shop, session, 1)
        session.commit()
        buy(shop, session, 2)
        session.expunge_all()
        session.add(Sale(id=1 if shelf is None else 3, shelf=shelf))
        with pytest.raises(sa.exc.IntegrityError):
            session.commit()
    engine.dispose()  # SQLite keeps what it could not commit, and the pool would hand it on
    assert (shop.heard, shop.look()) == (["o-1"], (1, ["o-1"]))
    with Session(engine) as session:
        buy(shop, session, 4)
        session.commit()
    assert (shop.heard, shop.look()) == (["o-1", "o-4"], (2, ["o-1", "o-4"]))


def test_a_part_of_the_session_can_be_undone(shop: Shop, engine: sa.Engine) -> None:
    """A nested block that is rolled back takes its own order and touchpoint along."""
    with Session(engine) as session, session.begin():
        buy(shop, session, 1)
        session.flush()
        with pytest.raises(KeyError), session.begin_nested():
            buy(shop, session, 2)
            raise KeyError
        with session.begin_nested():
            buy(shop, session, 3)
    assert (shop.heard, shop.look()) == (["o-1", "o-3"], (2, ["o-1", "o-3"]))


def test_a_session_inside_somebody_elses_transaction(shop: Shop, engine: sa.Engine) -> None:
    """A session that only sets savepoints, as in a host's own tests, tells nothing by itself."""
    with engine.connect() as connection, connection.begin() as around:
        connection.execute(sa.insert(Sale).values(id=1))
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            buy(shop, session, 2)
            session.commit()
            buy(shop, session, 3)
            session.rollback()
        assert shop.heard == []
        around.commit()
    assert (shop.heard, shop.look()) == (["o-2"], (2, ["o-2"]))


def test_what_the_session_wrote_is_seen(shop: Shop, engine: sa.Engine) -> None:
    """Scores and customers are read as the session's transaction sees them."""
    with Session(engine) as session:
        buy(shop, session, 1)
        crm = shop.crm.using(session.connection())
        ann = crm.customers.find(email="ann@example.com")
        assert ann is not None
        assert crm.value.score(ann.id).total > 0
        assert shop.crm.customers.find(email="ann@example.com") is None
        assert session.scalar(sa.select(sa.func.count()).select_from(Sale)) == 1
