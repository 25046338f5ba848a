"""Outreach inside a host's own transaction: both or neither; and nothing is sent from there."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.errors import RefusedError
from crmkit.model.outreach import Counts
from tests.hosts.kit import driven
from tests.outreach.sink import enter, fill, lines, opened, taken
from tests.postgres import database

TABLE = "CREATE TABLE sale (id INTEGER PRIMARY KEY)"
SOLD = "INSERT INTO sale VALUES (1)"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'crm.db'}" if request.param == "sqlite" else database()


@pytest.fixture
def engine(url: str) -> sa.Engine:
    """Give the host's engine, with a table of the host's own."""
    engine = sa.create_engine(driven(url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(TABLE)
    return engine


def sales(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return len(connection.exec_driver_sql("SELECT * FROM sale").all())


def test_a_message_is_entered_with_the_hosts_work_or_not_at_all(
    url: str, engine: sa.Engine, tmp_path: Path
):
    """What the host undoes was never entered; what it commits is sent afterwards, once."""
    sink = tmp_path / "sink"
    with opened(url, sink) as crm:
        (ann,) = fill(crm, 1)
        with engine.connect() as connection:
            connection.exec_driver_sql(SOLD)
            (row,) = enter(crm.using(connection), [ann])
            assert row.state == "planned"
            connection.rollback()
        assert (sales(engine), crm.outreach.ledger()) == (0, ())
        assert crm.outreach.dispatch() == Counts()

        with engine.begin() as connection:
            connection.exec_driver_sql(SOLD)
            joined = crm.using(connection)
            enter(joined, [ann])
            assert len(joined.outreach.ledger(ann)) == 1
        assert (sales(engine), len(crm.outreach.ledger(ann))) == (1, 1)
        assert crm.outreach.dispatch() == Counts({"accepted": 1})
    assert taken(sink) == {("c0@example.com", "tea"): 1}


def test_nothing_is_sent_inside_a_hosts_transaction(url: str, engine: sa.Engine, tmp_path: Path):
    """A host that undid the claim would send it again: so it is refused, and said what to do."""
    sink = tmp_path / "sink"
    with opened(url, sink) as crm:
        enter(crm, fill(crm, 1))
        with engine.begin() as connection:
            joined = crm.using(connection)
            with pytest.raises(RefusedError, match="after the host's commit"):
                joined.outreach.dispatch()
            assert joined.outreach.dispatch(dry_run=True) == Counts({"accepted": 1})
        assert lines(sink) == []
        assert crm.outreach.dispatch() == Counts({"accepted": 1})


def test_an_alert_is_not_sent_there_either(url: str, engine: sa.Engine, tmp_path: Path):
    """An alert goes at once, so it leaves no row where it cannot go."""
    with (
        crmkit.connect(url, plugins=[]) as crm,
        engine.begin() as connection,
        pytest.raises(RefusedError, match="after the host's commit"),
    ):
        crm.using(connection).outreach.alert("bot", "the till is empty", occasion="till")
    with opened(url, tmp_path / "sink") as crm:
        assert crm.outreach.ledger() == ()
