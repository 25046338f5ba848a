"""A CRM inside the host's own database transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.plugins import PluginManager, hookimpl

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ORDER = {
    "id": "o-1",
    "kind": "purchase",
    "at": "2026-04-30T10:00:00+08:00",
    "customer": {"email": "ann@example.com"},
    "amount": "88.00",
    "currency": "CNY",
}


class Listener:
    """A plugin that notes what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def crmkit_touchpoints_recorded(self, touchpoints: list[crmkit.Touchpoint]) -> None:
        self.heard += [touchpoint.id for touchpoint in touchpoints]


Host = tuple[sa.Engine, crmkit.CRM, Listener]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host's engine, a CRM on it, and a plugin that listens."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    listener = Listener()
    manager = PluginManager(discover=False)
    manager.register(listener)
    crm = crmkit.connect(
        f"sqlite:///{tmp_path / 'shop.db'}", engine=engine, clock=lambda: NOW, plugins=manager
    )
    yield engine, crm, listener
    crm.close()
    engine.dispose()


def test_what_the_host_undoes_never_happened(host: Host) -> None:
    """After the host's rollback the touchpoint is not there, and no plugin heard of it."""
    engine, crm, listener = host
    with engine.connect() as connection:
        assert crm.using(connection).capture([ORDER], source="shop").new == 1
        connection.rollback()
    assert crm.customers.find(email="ann@example.com") is None
    assert listener.heard == []


def test_plugins_hear_after_the_hosts_commit(host: Host) -> None:
    """The host's commit is what tells the plugins; before it they hear nothing."""
    engine, crm, listener = host
    with engine.connect() as connection:
        crm.using(connection).capture([ORDER], source="shop")
        assert listener.heard == []
        connection.commit()
        assert listener.heard == ["o-1"]
    assert crm.customers.find(email="ann@example.com") is not None


def test_outside_a_hosts_transaction_plugins_hear_at_once(host: Host) -> None:
    """Without `using`, a capture is committed when it returns, and was told."""
    _, crm, listener = host
    crm.capture([ORDER], source="shop")
    assert listener.heard == ["o-1"]


def test_a_store_without_transactions_of_the_hosts_says_so() -> None:
    """A store in memory cannot join anything."""
    with crmkit.connect("memory://") as crm, pytest.raises(crmkit.StoreError, match="memory"):
        crm.using(object())
