"""An older database becomes a newer one, by whatever way, with all its data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.errors import SchemaError
from crmkit.stores import open_store
from crmkit.stores.sql import schema
from tests.cli.kit import run
from tests.many.picture import picture
from tests.stores.migrating.databases import Database
from tests.stores.migrating.steps import NOW, cents, shades, use, version
from tests.stores.migrating.story import opened
from tests.stores.test_sqlite_host import begin_by_hand


def test_data_are_upgraded(base: Database, upgrade: Any):
    """Steps that add columns and fill them find all the data, and lose none of the rest."""
    with opened(base.url) as crm:
        before = picture(crm)
    upgrade(shades, cents)
    with opened(base.url) as crm:
        assert picture(crm) == before
    assert version(base) == NOW + 2
    select = "SELECT name, shade FROM crmkit_customer WHERE workspace = 1"
    assert dict(base.execute(select))["王小明"] == "王小明!"
    spent = "SELECT id, amount, cents FROM crmkit_touchpoint WHERE workspace = 1"
    found = {name: (amount, round(cents)) for name, amount, cents in base.execute(spent) if amount}
    assert found["purchase-bob-6"] == ("0.10", 10)
    assert found["return-wang-2"] == ("-80.10", -8010)
    assert len(base.execute("SELECT * FROM crmkit_shade")) == 4
    for migrate in ("auto", "check", "never"):
        open_store(base.url, migrate=migrate).close()
    use(base)


def test_check_refuses_an_older_schema(base: Database, upgrade: Any):
    """With `check` the command is named that upgrades it, and nothing is touched."""
    before = base.layout(), base.rows()
    upgrade(shades)
    for settings in ({"url": base.url}, {"engine": base.engine(poolclass=sa.NullPool)}):
        with pytest.raises(SchemaError, match="run `crmkit migrate`") as caught:
            crmkit.connect(**settings, migrate="check", plugins=[])
        assert (caught.value.found, caught.value.expected) == (NOW, NOW + 1)
    assert (base.layout(), base.rows()) == before


def test_check_refuses_an_empty_database(empty: Database):
    """Where there is no schema at all, it says so, and makes none."""
    with pytest.raises(SchemaError, match=r"has no crmkit schema.*run `crmkit migrate`") as caught:
        open_store(empty.url, migrate="check")
    assert (caught.value.found, caught.value.expected) == (None, schema.VERSION)
    assert empty.rows() == {}


@pytest.mark.parametrize("migrate", ["auto", "check"])
def test_a_newer_schema_is_refused(base: Database, migrate: str):
    """A database that a later crmkit wrote is not touched, and it is said what to install."""
    base.execute("UPDATE crmkit_fact SET value = 99 WHERE name = 'schema'")
    before = base.rows()
    with pytest.raises(SchemaError, match="install the newer crmkit") as caught:
        open_store(base.url, migrate=migrate)
    assert (caught.value.found, caught.value.expected) == (99, schema.VERSION)
    assert base.rows() == before


# -- by others -----------------------------------------------------------------------------


@pytest.fixture(params=["driver begins", "host begins", "commits by itself"])
def engine(request: pytest.FixtureRequest, base: Database) -> Iterator[sa.Engine]:
    """Give a host's engine to the database, and a table of its own in there."""
    options = {"isolation_level": "AUTOCOMMIT"} if request.param == "commits by itself" else {}
    engine = base.engine(**options)
    if request.param == "host begins" and base.kind == "sqlite":
        begin_by_hand(engine)
    base.execute("CREATE TABLE customer (id INTEGER)", "INSERT INTO customer VALUES (7)")
    yield engine
    engine.dispose()


def test_by_a_hosts_engine(base: Database, upgrade: Any, engine: sa.Engine):
    """It is upgraded as by crmkit's own, in one transaction; the host's tables stay as they are."""
    before = base.layout(), base.rows()
    upgrade(shades, cents, lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        crmkit.connect(engine=engine, plugins=[])
    assert (base.layout(), base.rows()) == before
    upgrade(shades, cents)
    with crmkit.connect(engine=engine, plugins=[]) as crm:
        assert crm.customers.find(email="ann@example.com") is not None
    assert version(base) == NOW + 2
    assert base.execute("SELECT * FROM customer") == [(7,)]


def test_by_the_command(base: Database, upgrade: Any):
    """`crmkit migrate` upgrades what the doctor and `check` complain of, and leaves the rest."""
    program = ("--no-plugins", "--url", base.url)
    upgrade(shades)
    assert "crmkit migrate" in run(*program, "doctor", code=1).stdout
    for _ in range(2):
        assert "is up to date" in run(*program, "migrate").stderr
    assert version(base) == NOW + 1
    assert "crmkit migrate" not in run(*program, "doctor", "--json").stdout
    base.execute("UPDATE crmkit_fact SET value = 99 WHERE name = 'schema'")
    assert "install the newer crmkit" in run(*program, "migrate", code=3).stderr
    told = run(*program, "doctor", "--json", code=1).stdout
    assert "install the newer crmkit" in told
    assert "crmkit migrate" not in told
