"""A host that works by Django: `django.db.connection` is joined as it is."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import IntegrityError
from django.test.testcases import TestCase

import crmkit
from tests.hosts.djangos import KINDS, SHOP, django
from tests.hosts.kit import NOW, Shop, open_shop, order
from tests.postgres import database


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return database() if request.param == "postgresql" else f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture
def shop(url: str) -> Iterator[Shop]:
    shop = open_shop(url)
    yield shop
    shop.crm.close()


@pytest.fixture
def connection(shop: Shop) -> Iterator[BaseDatabaseWrapper]:
    with django(shop.url) as connection:
        yield connection


@pytest.fixture
def crm(shop: Shop, connection: BaseDatabaseWrapper) -> crmkit.CRM:
    """The workspace, joined to Django's connection once for all."""
    return shop.crm.using(connection)


def sell(number: int, shelf: int | None = None) -> None:
    with connections[SHOP].cursor() as cursor:
        cursor.execute("INSERT INTO sale (id, shelf) VALUES (%s, %s)", [number, shelf])


def buy(crm: crmkit.CRM, number: int) -> None:
    sell(number)
    assert crm.capture([order(number)], source="shop").new == 1


def test_both_are_committed(shop: Shop, crm: crmkit.CRM) -> None:
    """An atomic block keeps the order and the touchpoint together, and then tells."""
    with transaction.atomic(SHOP):
        buy(crm, 1)
        buy(crm, 2)
        assert crm.customers.find(email="ann@example.com") is not None
        assert (shop.heard, shop.look()) == ([], (0, []))
    assert shop.heard == ["o-1", "o-2"]
    assert shop.listener.seen == [(2, ["o-1", "o-2"])] * 2


def test_neither_is_kept(shop: Shop, crm: crmkit.CRM) -> None:
    """A block that raises, is marked for rollback or breaks a rule at its end keeps nothing."""
    with pytest.raises(KeyError), transaction.atomic(SHOP):
        buy(crm, 1)
        raise KeyError
    with transaction.atomic(SHOP):
        buy(crm, 2)
        transaction.set_rollback(True, using=SHOP)
    with pytest.raises(IntegrityError), transaction.atomic(SHOP):
        buy(crm, 3)
        sell(4, shelf=7)
    assert (shop.heard, shop.look()) == ([], (0, []))
    with transaction.atomic(SHOP):
        buy(crm, 5)
    assert (shop.heard, shop.look()) == (["o-5"], (1, ["o-5"]))


def test_nested_blocks(shop: Shop, crm: crmkit.CRM) -> None:
    """An inner block that is rolled back takes its own along, and what was inside of it."""
    with transaction.atomic(SHOP):
        buy(crm, 1)
        with pytest.raises(KeyError), transaction.atomic(SHOP):
            buy(crm, 2)
            with transaction.atomic(SHOP):
                buy(crm, 3)
            raise KeyError
        with transaction.atomic(SHOP):
            buy(crm, 4)
            with pytest.raises(KeyError), transaction.atomic(SHOP):
                buy(crm, 5)
                raise KeyError
    assert (shop.heard, shop.look()) == (["o-1", "o-4"], (2, ["o-1", "o-4"]))


def test_outside_of_a_block_each_call_is_its_own(shop: Shop, crm: crmkit.CRM) -> None:
    """In Django's autocommit a capture is committed when it returns, and was told."""
    buy(crm, 1)
    assert (shop.heard, shop.look()) == (["o-1"], (1, ["o-1"]))
    with pytest.raises(KeyError), transaction.atomic(SHOP):
        buy(crm, 2)
        raise KeyError
    buy(crm, 3)
    assert (shop.heard, shop.look()) == (["o-1", "o-3"], (2, ["o-1", "o-3"]))


def test_a_failure_of_ours_leaves_the_block(shop: Shop, crm: crmkit.CRM) -> None:
    """What crmkit cannot do does not break Django's block."""
    with transaction.atomic(SHOP):
        buy(crm, 1)
        with pytest.raises(crmkit.CustomerNotFound):
            crm.customers.merge("nobody", "no one", reason="a slip")
        with pytest.raises(KeyError), crm.session.store.write():
            raise KeyError
        buy(crm, 2)
    assert shop.look() == (2, ["o-1", "o-2"])


def test_many_rows_at_once(shop: Shop, crm: crmkit.CRM) -> None:
    """What goes another way to the database than a few rows do goes by Django's connection too."""
    records = [{**order(number), "customer": {"shop": str(number)}} for number in range(2_500)]
    with pytest.raises(KeyError), transaction.atomic(SHOP):
        assert crm.capture(records, source="shop").new == len(records)
        assert sum(1 for _ in crm.value.scores()) == len(records)
        raise KeyError
    assert shop.crm.report().customers == 0
    with transaction.atomic(SHOP):
        assert crm.capture(records, source="shop").new == len(records)
    assert shop.crm.report().customers == len(records)


def test_a_listener_that_fails_is_logged(
    shop: Shop, crm: crmkit.CRM, caplog: pytest.LogCaptureFixture
) -> None:
    """An error on the way to the plugins stays with Django's log; other callbacks run."""
    with caplog.at_level(logging.ERROR), transaction.atomic(SHOP):
        crm.session.store.after_commit(lambda: 1 / 0)
        transaction.on_commit(lambda: shop.heard.append("after"), using=SHOP)
    assert shop.heard == ["after"]
    assert "division by zero" in caplog.text


def test_each_thread_joins_its_own_transaction(shop: Shop, crm: crmkit.CRM) -> None:
    """One joined workspace serves all threads: what one undoes the others keep."""
    failures: list[BaseException] = []

    def work(numbers: range) -> None:
        try:
            for number in numbers:
                with transaction.atomic(SHOP):
                    buy(crm, number)
                    transaction.set_rollback(number % 2 == 1, using=SHOP)
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)
        finally:
            connections[SHOP].close()

    threads = [threading.Thread(target=work, args=[range(n, n + 10)]) for n in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = sorted(f"o-{number}" for number in range(0, 30, 2))
    assert (sorted(shop.heard), shop.look()) == (kept, (15, kept))


def test_an_async_view_wraps_what_it_does(shop: Shop, crm: crmkit.CRM) -> None:
    """Both parts go into one function that a thread runs, as Django has it for its own ORM."""

    def work() -> None:
        with transaction.atomic(SHOP):
            buy(crm, 1)
        connections[SHOP].close()
        del connections[SHOP]  # the thread outlives the test

    asyncio.run(sync_to_async(work)())
    assert (shop.heard, shop.look()) == (["o-1"], (1, ["o-1"]))


def test_djangos_own_tests_can_look_at_what_waits(shop: Shop, crm: crmkit.CRM) -> None:
    """Inside a TestCase, which rolls back, the callbacks can be caught and run."""
    with pytest.raises(KeyError), transaction.atomic(SHOP):
        with TestCase.captureOnCommitCallbacks(using=SHOP, execute=True) as callbacks:
            buy(crm, 1)
        assert len(callbacks) == 1
        assert shop.heard == ["o-1"]
        raise KeyError
    assert shop.look() == (0, [])


def test_server_side_binding() -> None:
    """Django's other way to send values to PostgreSQL works as well."""
    shop = open_shop(database())
    with django(shop.url, OPTIONS={"server_side_binding": True}) as connection:
        crm = shop.crm.using(connection)
        with transaction.atomic(SHOP):
            buy(crm, 1)
    assert shop.look() == (1, ["o-1"])
    shop.crm.close()


def test_numbers_are_read_to_the_bit() -> None:
    """However few digits of a number the database is set to show."""
    shop = open_shop(database(extra_float_digits="-15"))
    praise = order(1) | {"kind": "praise", "rating": 9.5, "at": NOW - timedelta(days=9)}
    shop.crm.capture([praise, order(2)], source="shop")
    (ann,) = shop.crm.customers.search().items
    at = NOW - timedelta(days=5)  # before his newest touchpoint: the log is read anew
    with django(shop.url) as connection:
        crm = shop.crm.using(connection)
        with transaction.atomic(SHOP):
            joined = crm.value.score(ann.id, at).parts
    assert joined == shop.crm.value.score(ann.id, at).parts
    shop.crm.close()


# -- what cannot be joined -------------------------------------------------------------------


def test_a_broken_block_says_so(crm: crmkit.CRM) -> None:
    """In a block that Django will undo nothing is read or written, and the error says why."""
    with transaction.atomic(SHOP):
        with pytest.raises(IntegrityError), transaction.atomic(SHOP, savepoint=False):
            sell(1)
            sell(1)
        for use in (crm.report, lambda: crm.capture([order(1)], source="shop")):
            with pytest.raises(crmkit.StoreError, match="atomic block of its own"):
                use()


def test_transactions_by_hand_say_so(crm: crmkit.CRM) -> None:
    """With Django's autocommit off there is no telling when the host commits."""
    transaction.set_autocommit(False, using=SHOP)
    with pytest.raises(crmkit.StoreError, match=r"transaction\.atomic"):
        crm.capture([order(1)], source="shop")
    with transaction.atomic(SHOP):
        crm.capture([order(2)], source="shop")
    transaction.commit(using=SHOP)
    transaction.set_autocommit(True, using=SHOP)
    assert crm.customers.find(email="ann@example.com") is not None


def test_a_lost_connection_is_an_error_of_crmkits(crm: crmkit.CRM) -> None:
    """Where Django's connection is closed in the middle, the store says that it cannot go on."""
    with pytest.raises(crmkit.StoreError), transaction.atomic(SHOP):
        sell(1)
        connections[SHOP].connection.close()
        crm.capture([order(1)], source="shop")


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    """A store in SQLite has no business in a transaction of PostgreSQL."""
    with (
        crmkit.connect(f"sqlite:///{tmp_path}/shop.db") as crm,
        django(database()) as connection,
        pytest.raises(crmkit.StoreError, match=r"psycopg.*sqlite3"),
        transaction.atomic(SHOP),
    ):
        crm.using(connection).capture([order(1)], source="shop")
