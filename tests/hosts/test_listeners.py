"""Engines of a host's whose listeners ask PostgreSQL for something whenever one connects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from tests.hosts.kit import NOW, driven, order
from tests.postgres import database, execute

SETTING = "SET search_path = tenant", "SELECT set_config('search_path', 'tenant', false)"


def asked(engine: sa.Engine, event: str, text: str, *, commits: bool) -> None:
    """Let each connection that is made, or taken from the pool, ask for this."""

    def ask(given: Any, *_: object) -> None:
        if isinstance(given, sa.Connection):
            given.exec_driver_sql(text)
        else:
            given.execute(text)
        if commits:
            given.commit()

    sa.event.listen(engine, event, ask)


@pytest.mark.parametrize("pool", [sa.QueuePool, sa.NullPool])
@pytest.mark.parametrize("commits", [False, True])
@pytest.mark.parametrize("text", SETTING)
@pytest.mark.parametrize("event", ["connect", "checkout", "engine_connect"])
def test_what_a_listener_sets_holds(
    event: str, text: str, commits: bool, pool: Callable[..., Any]
) -> None:
    """Tables are made, written and read where it leads, alone and in the host's transactions."""
    url = database()
    execute(url, "CREATE SCHEMA tenant")
    engine = sa.create_engine(driven(url), poolclass=pool)
    asked(engine, event, text, commits=commits)
    with crmkit.connect(engine=engine, clock=lambda: NOW) as crm:
        for number in (1, 2):
            assert crm.capture([order(number)], source="shop").new == 1
        with engine.connect() as connection:
            assert crm.using(connection).capture([order(3)], source="shop").new == 1
            connection.commit()
        assert crm.report().touchpoints == 3
    plain = sa.create_engine(driven(url))
    with plain.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM tenant.crmkit_touchpoint")) == 3
        assert connection.scalar(sa.text("SELECT to_regclass('public.crmkit_touchpoint')")) is None
    engine.dispose()
    plain.dispose()
