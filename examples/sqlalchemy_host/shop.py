"""A shop on SQLAlchemy's ORM, with its CRM in the same database and the same transactions."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import crmkit

PRICES = {"tea": Decimal("88.00"), "cup": Decimal("35.50")}

engine = sa.create_engine(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))
crm = crmkit.connect(engine=engine)


class Base(DeclarativeBase):
    """The shop's own tables; crmkit's stand beside them, each called crmkit_ something."""


class Order(Base):
    """Who ordered what."""

    __tablename__ = "customer_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    item: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    placed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))

    def touchpoint(self) -> dict[str, object]:
        """Say the same to the CRM."""
        return {
            "id": f"order-{self.id}",
            "kind": "purchase",
            "at": self.placed_at,
            "customer": {"email": self.email},
            "item": self.item,
            "amount": self.amount,
            "currency": "CNY",
        }


class Refused(Exception):  # noqa: N818 - what a customer is told
    """The order cannot be taken; nothing of it was kept."""


def place_order(email: str, item: str) -> Order:
    """Take an order: its row and its touchpoint are committed together, or neither is.

    Raises:
        Refused: there is no such item, or nobody can be told by this address.
    """
    if item not in PRICES:
        raise Refused(f"we do not sell {item}")
    order = Order(email=email, item=item, amount=PRICES[item], placed_at=datetime.now(UTC))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(order)
        session.flush()  # gives the order its number
        report = crm.using(session.connection()).capture([order.touchpoint()], source="shop")
        for rejection in report.rejected:
            raise Refused(rejection.reason)  # leaves the block, and so undoes the order
    return order


@crm.captures(kind="complaint", source="shop")
def leave_word(email: str, text: str) -> dict[str, object] | None:
    """Take a word left in the shop; one about something broken becomes a touchpoint."""
    if "broken" not in text:
        return None
    return {"id": f"word-{uuid4()}", "customer": {"email": email}, "text": text}


Base.metadata.create_all(engine)
