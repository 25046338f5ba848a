"""The databases that hosts have: SQLite in both ways to begin a transaction, and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.hosts.kit import Shop, driven, open_shop
from tests.postgres import database

BEGUN = "sqlite, where the host begins"


@pytest.fixture(params=["sqlite", BEGUN, "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """A host's kind of database, and who begins its transactions."""
    return str(request.param)


@pytest.fixture
def shop(kind: str, tmp_path: Path) -> Iterator[Shop]:
    """A shop in an empty database, closed after the test."""
    shop = open_shop(database() if kind == "postgresql" else f"sqlite:///{tmp_path}/shop.db")
    yield shop
    shop.crm.close()


@pytest.fixture
def engine(kind: str, shop: Shop) -> Iterator[sa.Engine]:
    """The host's own engine."""
    engine = sa.create_engine(driven(shop.url))
    if engine.dialect.name == "sqlite":
        prepare(engine, begins=kind == BEGUN)
    yield engine
    engine.dispose()


def prepare(engine: sa.Engine, *, begins: bool) -> None:
    """Turn foreign keys on, and let SQLAlchemy emit BEGIN as its documentation advises."""

    @sa.event.listens_for(engine, "connect")
    def _connect(driver: Any, _: object) -> None:
        driver.execute("PRAGMA foreign_keys = ON")
        if begins:
            driver.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if begins:
            connection.exec_driver_sql("BEGIN")
