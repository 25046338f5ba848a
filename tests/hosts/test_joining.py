"""What can be joined, what it sees, and what it leaves as it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import crmkit
from tests.hosts.kit import NOW, Shop, driven, open_shop, order, sell
from tests.postgres import database


def find(crm: crmkit.CRM) -> crmkit.Customer | None:
    return crm.customers.find(email="ann@example.com")


# -- what it sees and leaves -----------------------------------------------------------------


def test_the_hosts_transaction_sees_what_others_do_not(shop: Shop, engine: sa.Engine) -> None:
    """Customers, workspaces and changes are there inside before they are outside."""
    with engine.connect() as connection:
        joined = shop.crm.using(connection)
        joined.capture([order(1)], source="shop")
        assert find(joined) is not None
        assert joined.session.store.workspaces() == ["default"]
        assert find(shop.crm) is None
        assert shop.crm.session.store.workspaces() == []
        connection.commit()
    assert find(shop.crm) is not None


def test_a_look_leaves_the_connection_as_it_was(shop: Shop, engine: sa.Engine) -> None:
    """A host that only asks first can write as before, in the isolation it chose."""
    with engine.connect() as connection:
        before = connection.get_isolation_level()
        connection.rollback()
        assert find(shop.crm.using(connection)) is None
        assert connection.get_isolation_level() == before
        sell(connection, 1)
        connection.commit()
    assert shop.sales() == 1


def test_a_block_that_raises_leaves_the_hosts_work(shop: Shop, engine: sa.Engine) -> None:
    """What crmkit cannot do undoes nothing of the host's, which goes on and commits."""
    with engine.connect() as connection:
        joined = shop.crm.using(connection)
        joined.capture([order(1)], source="shop")
        sell(connection, 1)
        with pytest.raises(crmkit.CustomerNotFound):
            joined.customers.merge("nobody", "no one", reason="a slip")
        with pytest.raises(KeyError), joined.session.store.write():
            raise KeyError
        joined.capture([order(2)], source="shop")
        connection.commit()
    assert shop.look() == (1, ["o-1", "o-2"])


def test_the_same_for_another_actor_and_connection(shop: Shop, engine: sa.Engine) -> None:
    """A joined workspace can be acted in by somebody else, and be joined to another connection."""
    with engine.connect() as one, engine.connect() as two:
        joined = shop.crm.using(one).using(two).as_actor("lin")
        joined.capture([order(1)], source="shop")
        ann = find(joined)
        assert ann is not None
        declined = joined.value.decline(ann.id, "suggestions", reason="she asked")
        assert declined.by == "lin"
        one.rollback()
        two.commit()
    assert shop.heard == ["o-1"]


def test_a_connection_that_was_given_back_says_so(shop: Shop, engine: sa.Engine) -> None:
    """After the host's block, or its own end, a joined workspace says that it is over."""
    with engine.connect() as connection:
        joined, closed = shop.crm.using(connection), shop.crm.using(connection)
        closed.close()
        with pytest.raises(crmkit.StoreClosed, match="using"):
            closed.capture([order(1)], source="shop")
        assert connection.scalar(sa.text("SELECT count(*) FROM sale")) == 0
    with pytest.raises(crmkit.StoreClosed, match="given back"):
        joined.capture([order(1)], source="shop")


def test_a_transaction_that_failed_says_so(shop: Shop, engine: sa.Engine) -> None:
    """Where the host's transaction can only be rolled back, that is one of crmkit's errors."""
    with engine.connect() as connection:
        joined = shop.crm.using(connection)
        sell(connection, 1, shelf=7)
        with pytest.raises(sa.exc.IntegrityError):
            connection.commit()
        with pytest.raises(crmkit.StoreError, match="rollback"):
            joined.capture([order(1)], source="shop")
        connection.rollback()


def test_erasing_needs_no_other_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the host's transaction the key beside the file serves, and the erased are refused."""
    monkeypatch.delenv("CRMKIT_ERASURE_KEY", raising=False)
    shop = open_shop(f"sqlite:///{tmp_path}/shop.db")
    for number, erasing in ((1, False), (2, True)):
        with shop.outside.begin() as connection:
            joined = shop.crm.using(connection)
            report = joined.capture([order(number)], source="shop")
            assert report.new == 1
            ann = find(joined)
            assert ann is not None
            if erasing:
                joined.customers.erase(ann.id, reason="she asked")
    with shop.outside.begin() as connection:
        report = shop.crm.using(connection).capture([order(3)], source="shop")
    assert [rejection.field for rejection in report.rejected] == ["customer"]
    shop.crm.close()


def test_who_is_erased_is_gone_from_the_file(tmp_path: Path) -> None:
    """After the host's commit neither the file nor the log beside it holds what was erased."""
    shop = open_shop(f"sqlite:///{tmp_path}/shop.db")
    secret = "a word that nobody else says"

    def kept() -> bool:
        return any(secret.encode() in file.read_bytes() for file in tmp_path.glob("shop.db*"))

    with shop.outside.begin() as connection:
        shop.crm.using(connection).capture([{**order(1), "text": secret}], source="shop")
    assert kept()
    with shop.outside.begin() as connection:
        joined = shop.crm.using(connection)
        ann = find(joined)
        assert ann is not None
        joined.customers.erase(ann.id, reason="she asked")
    assert not kept()
    shop.crm.close()


# -- what can be joined ----------------------------------------------------------------------


@pytest.mark.parametrize("what", ["nothing", "engine", "session", "driver"])
def test_what_is_no_connection_is_refused(tmp_path: Path, what: str) -> None:
    """Whatever else a host may have at hand is told from a connection, with what to give."""
    shop = open_shop(f"sqlite:///{tmp_path}/shop.db")
    driver = sqlite3.connect(tmp_path / "shop.db")
    given: dict[str, Any] = {
        "nothing": None,
        "engine": shop.outside,
        "session": Session(shop.outside),
        "driver": driver,
    }
    with pytest.raises(crmkit.InvalidValueError, match=r"session\.connection\(\)") as caught:
        shop.crm.using(given[what])
    assert caught.value.field == "connection"
    driver.close()
    shop.crm.close()


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    """A connection to SQLite cannot be joined by a store in PostgreSQL, nor the other way."""
    urls = f"sqlite:///{tmp_path}/shop.db", database()
    for ours, theirs in (urls, reversed(urls)):
        engine = sa.create_engine(driven(theirs))
        with (
            crmkit.connect(ours) as crm,
            engine.connect() as connection,
            pytest.raises(crmkit.InvalidValueError, match=r"sqlite\+pysqlite"),
        ):
            crm.using(connection)
        engine.dispose()


def test_a_store_without_transactions_of_the_hosts_says_so() -> None:
    """A store in memory cannot join anything."""
    with crmkit.connect("memory://") as crm, pytest.raises(crmkit.StoreError, match="memory"):
        crm.using(object())


def test_a_connection_that_translates_schemas_is_refused(shop: Shop, engine: sa.Engine) -> None:
    """What is looked up by it would be another schema's, and the rows this one's."""
    options = {"schema_translate_map": {None: "tenant"}}
    refused = pytest.raises(crmkit.InvalidValueError, match="without schema_translate_map")
    with engine.connect().execution_options(**options) as connection, refused:
        shop.crm.using(connection)


# -- the host's engine -----------------------------------------------------------------------

TRANSLATING = sa.create_engine(
    "postgresql+psycopg://nobody@nowhere/shop",
    execution_options={"schema_translate_map": {None: "tenant"}},
)


def test_the_hosts_engine_is_enough(engine: sa.Engine) -> None:
    """`connect` asks for no URL beside an engine, and leaves it open."""
    with crmkit.connect(engine=engine, clock=lambda: NOW) as crm:
        assert crm.capture([order(1)], source="shop").new == 1
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM crmkit_touchpoint")) == 1


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("sqlite:///shop.db", "create_engine"),
        (object(), "create_engine"),
        (sa.create_engine("postgresql+psycopg_async://nobody@nowhere/shop"), "to_thread"),
        (TRANSLATING, "search_path"),
    ],
    ids=["url", "object", "asyncio", "translating"],
)
def test_what_is_no_engine_is_refused(engine: Any, words: str) -> None:
    """What cannot be worked with is a ConfigError that names the argument."""
    with pytest.raises(crmkit.ConfigError, match=words) as caught:
        crmkit.connect(engine=engine)
    assert caught.value.key == "engine"


def test_a_detached_connection_is_joined_as_any_other(shop: Shop, engine: sa.Engine) -> None:
    """It belongs to no pool any more, and is its host's alone."""
    with engine.connect() as connection:
        connection.detach()
        shop.crm.using(connection).capture([order(1)], source="shop")
        connection.commit()
    assert find(shop.crm) is not None
