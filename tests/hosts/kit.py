"""What a host has: tables of its own, a CRM beside them, a plugin that looks when it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import sqlalchemy as sa

import crmkit
from crmkit.plugins import PluginManager, hookimpl

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DEFERRED = "REFERENCES shelf (id) DEFERRABLE INITIALLY DEFERRED"
TABLES = (
    "CREATE TABLE shelf (id INTEGER PRIMARY KEY)",
    f"CREATE TABLE sale (id INTEGER PRIMARY KEY, shelf INTEGER {DEFERRED})",
)


def order(number: int) -> dict[str, Any]:
    """Give a purchase of o-`number` by Ann."""
    return {
        "id": f"o-{number}",
        "kind": "purchase",
        "at": "2026-04-30T10:00:00+08:00",
        "customer": {"email": "ann@example.com"},
        "amount": "88.00",
        "currency": "CNY",
    }


class Listener:
    """A plugin that notes what it is told, and what others see at that moment."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.seen: list[tuple[int, list[str]]] = []
        self.look: Any = lambda: None

    @hookimpl
    def crmkit_touchpoints_recorded(self, touchpoints: list[crmkit.Touchpoint]) -> None:
        self.heard += [touchpoint.id for touchpoint in touchpoints]
        self.seen.append(self.look())


@attrs.frozen
class Shop:
    """A host's shop on one database, seen from outside its transactions."""

    url: str
    crm: crmkit.CRM
    listener: Listener
    outside: sa.Engine

    @property
    def heard(self) -> list[str]:
        """Ids of the touchpoints that the plugin was told of."""
        return self.listener.heard

    def sales(self) -> int:
        """Count the host's own rows that are committed."""
        with self.outside.connect() as connection:
            return int(connection.scalar(sa.text("SELECT count(*) FROM sale")) or 0)

    def captured(self) -> list[str]:
        """Give the ids of the touchpoints that are committed."""
        ann = self.crm.customers.find(email="ann@example.com")
        return sorted(one.id for one in self.crm.touchpoints.of(ann.id)) if ann else []

    def look(self) -> tuple[int, list[str]]:
        """Give both as somebody else sees them."""
        return self.sales(), self.captured()


def open_shop(url: str, **options: Any) -> Shop:
    """Make the host's tables and a CRM in an empty database."""
    outside = sa.create_engine(driven(url), poolclass=sa.NullPool)
    with outside.begin() as connection:
        for table in TABLES:
            connection.exec_driver_sql(table)
    listener = Listener()
    manager = PluginManager(discover=False)
    manager.register(listener)
    crm = crmkit.connect(url, clock=lambda: NOW, plugins=manager, **options)
    shop = Shop(url, crm, listener, outside)
    listener.look = shop.look
    return shop


def driven(url: str) -> str:
    """Name the driver in a URL, as SQLAlchemy wants it."""
    url = url.replace("postgresql:", "postgresql+psycopg:")
    return url.replace("mariadb:", "mysql+pymysql:")


def sell(connection: sa.Connection, number: int, shelf: int | None = None) -> None:
    """Write the host's own row of a sale; a `shelf` that is not there fails at the commit."""
    sale = sa.text("INSERT INTO sale (id, shelf) VALUES (:id, :shelf)")
    connection.execute(sale, {"id": number, "shelf": shelf})
