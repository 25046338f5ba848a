"""The shop: its orders, its CRM in the same database, and what is done once an order is in."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import crmkit
from crmkit.config import Config

PRICES = {"tea": Decimal("88.00"), "cup": Decimal("35.50")}
SETTINGS = Path(__file__).parent / "crmkit.toml"
THANKS = "{{ customer.name }}, thank you for your order of {{ item }}."


class Base(DeclarativeBase):
    """The shop's own tables; those of crmkit and Procrastinate stand beside them."""


class Order(Base):
    """Who ordered what."""

    __tablename__ = "customer_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    item: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    placed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))

    def touchpoint(self) -> dict[str, object]:
        """Say the same to the CRM."""
        return {
            "id": f"order-{self.id}",
            "kind": "purchase",
            "at": self.placed_at,
            "customer": {"email": self.email, "name": self.name},
            "item": self.item,
            "amount": self.amount,
            "currency": "CNY",
        }


class Refused(Exception):  # noqa: N818 - what a customer is told
    """The order cannot be taken; nothing of it was kept."""


class Shop:
    """Everything here waits for the database: an asynchronous program calls it in a thread."""

    def __init__(self) -> None:
        """Open the database, and make what is not there."""
        url = sa.make_url(Config.load(SETTINGS).url).set(drivername="postgresql+psycopg")
        self.engine = sa.create_engine(url)
        Base.metadata.create_all(self.engine)
        self.crm = crmkit.connect(config=SETTINGS)

    def close(self) -> None:
        """Give the connections back."""
        self.crm.close()
        self.engine.dispose()

    def place_order(self, email: str, name: str, item: str) -> int:
        """Take an order and give its number.

        Its row, its touchpoint, the message of thanks and the job that sends it are committed
        together, or none of them is.

        Raises:
            Refused: there is no such item, or nobody can be told by this address.
        """
        if item not in PRICES:
            raise Refused(f"we do not sell {item}")
        order = Order(
            email=email, name=name, item=item, amount=PRICES[item], placed_at=datetime.now(UTC)
        )
        with Session(self.engine) as session, session.begin():
            session.add(order)
            session.flush()  # gives the order its number
            crm = self.crm.using(session.connection())
            report = crm.capture([order.touchpoint()], source="shop")
            for rejection in report.rejected:
                raise Refused(rejection.reason)  # leaves the block, and so undoes the order
            customer = crm.customers.find(email=email)
            if customer is None:
                raise Refused("nobody is known by this address")
            crm.outreach.enqueue(
                customer.id,
                purpose="transactional",
                occasion=f"order-{order.id}",
                channel="mails",
                template={"text": THANKS},
                each={customer.id: {"item": item}},
            )
            crm.jobs.submit("dispatch")  # a worker sends it, as soon as this is committed
            return order.id

    def value_of(self, email: str) -> dict[str, object] | None:
        """Give what a customer is worth, and by what; None: nobody knows him."""
        customer = self.crm.customers.find(email=email)
        if customer is None:
            return None
        score = self.crm.value.score(customer.id)
        best = sorted(score.parts, key=lambda part: -part.contribution)[:3]
        return {
            "name": customer.name,
            "total": round(score.total, 1),
            "because": [part.indicator for part in best],
        }
