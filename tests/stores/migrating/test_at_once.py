"""Several at the door of an older database: one upgrades it, and all of them come in."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit.errors import StoreBusy
from crmkit.stores import open_store
from crmkit.stores.sql import schema
from crmkit.testing.store_sharing import together
from tests.stores.many_processes import open_by_many_processes
from tests.stores.migrating.databases import Database
from tests.stores.migrating.steps import NOW, shades, use, version

SLOWLY = f"""
import time
from crmkit.stores.sql import schema
def slowly(connection, _):
    connection.exec_driver_sql("ALTER TABLE crmkit_customer ADD COLUMN shade TEXT")
    time.sleep(0.5)
schema.VERSION, schema.STEPS = {NOW + 1}, {{{NOW}: slowly}}
"""


def test_many_processes_open_an_older_database_at_once(base: Database, upgrade: Any):
    """One upgrades it, the others wait, and all of them write."""
    upgrade(shades)
    open_by_many_processes(base.url, SLOWLY)
    assert version(base) == NOW + 1


def test_many_threads_open_an_older_database_at_once(base: Database, upgrade: Any):
    """The same within one process: the steps are gone through once."""
    runs: list[int] = []

    def slowly(connection: sa.Connection, whole: schema.Schema) -> None:
        shades(connection, whole)
        runs.append(1)
        time.sleep(0.2)

    upgrade(slowly)
    together(*(lambda n=n: use(base, f"w{n}") for n in range(5)))  # type: ignore[misc]
    assert runs == [1]


def test_whoever_waited_for_one_that_failed_upgrades(base: Database, upgrade: Any):
    """What the first undid is not taken for done by the second."""
    begun, runs = threading.Event(), []

    def fails_at_first(connection: sa.Connection, whole: schema.Schema) -> None:
        runs.append(1)
        shades(connection, whole)
        if len(runs) == 1:
            begun.set()
            time.sleep(0.3)
            raise ZeroDivisionError

    def second() -> None:
        begun.wait(30)
        use(base)

    upgrade(fails_at_first)
    waiting = threading.Thread(target=second)
    waiting.start()
    with pytest.raises(ZeroDivisionError):
        use(base)
    waiting.join()
    assert len(runs) == 2
    assert version(base) == NOW + 1


def test_an_upgrade_that_takes_too_long_to_wait_for(base: Database, upgrade: Any):
    """Whoever may not wait any longer is told that it is busy, and comes in afterwards."""
    busy: list[BaseException] = []
    url = f"{base.url}{'?' if '?' not in base.url else '&'}timeout=0.2"

    def meanwhile(connection: sa.Connection, whole: schema.Schema) -> None:
        shades(connection, whole)
        other = threading.Thread(target=try_in_vain)
        other.start()
        other.join()

    def try_in_vain() -> None:
        try:
            open_store(url).close()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            busy.append(error)

    upgrade(meanwhile)
    use(base)
    assert [type(error) for error in busy] == [StoreBusy]
    assert "try again" in str(busy[0])
    open_store(url).close()
