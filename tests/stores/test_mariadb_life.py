"""How a MariaDB database comes to be, is upgraded after a kill, and shared by processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.contracts.tables import CUSTOMER, MESSAGE, META, TABLES, TOUCHPOINT
from crmkit.errors import SchemaError, StoreBusy, StoreError
from crmkit.stores import open_store
from crmkit.stores.sql import schema
from crmkit.stores.sql.cursor import STREAM
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import again
from crmkit.testing.store_sharing import increment
from tests.mariadb import database, driven, emptied, execute, server
from tests.mariadb_server import missing
from tests.stores.many_processes import open_by_many_processes
from tests.stores.postgres_kit import filled, opened, whole_and_working

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
VERSION = "SELECT value FROM crmkit_fact WHERE name = 'schema'"


def layout(url: str) -> list[Any]:
    """Tell how crmkit's tables lie."""
    tables = [name for (name,) in execute(url, "SHOW TABLES")]
    return [execute(url, f"SHOW CREATE TABLE {name}")[0][1].split(" AUTO_")[0] for name in tables]


# -- how it comes to be ----------------------------------------------------------------------


@pytest.mark.row("R66")
def test_killed_at_any_table_the_next_goes_on():
    """Tables are not undone with a transaction: whoever comes next makes those that lack."""
    whole = layout(filled(database()))
    for last in ("crmkit_fact", "crmkit_collision", "crmkit_touchpoint", "crmkit_workspace"):
        url = database()

        def killed(table: sa.Table, *_: Any, last: str = last, **__: Any) -> None:
            if table.name == last:
                raise KeyboardInterrupt

        sa.event.listen(sa.Table, "after_create", killed)
        try:
            with pytest.raises(KeyboardInterrupt):
                open_store(url)
        finally:
            sa.event.remove(sa.Table, "after_create", killed)
        assert execute(url, "SELECT COUNT(*) FROM crmkit_fact") == [(0,)]
        with pytest.raises(SchemaError, match="no crmkit schema"):
            open_store(url, migrate="check")
        again(store := open_store(url), increment)
        store.close()
        assert layout(url) == whole


def test_an_upgrade_that_was_killed_is_gone_on_with(monkeypatch: pytest.MonkeyPatch):
    """What a step made stays; the next opener runs it again, and the version is told at the end."""
    url = filled(database())
    whole = layout(url)
    old = ("DROP TABLE crmkit_pair", "DROP TABLE crmkit_sync_case", "DROP TABLE crmkit_sync_run")
    execute(url, *old, "UPDATE crmkit_fact SET value = 3 WHERE name = 'schema'")

    def killed(connection: sa.Connection, described: schema.Schema) -> None:
        described.make(connection, TABLES[12])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(schema.STEPS, 3, killed)
        with pytest.raises(KeyboardInterrupt):
            open_store(url)
    assert execute(url, VERSION) == [(3,)]
    assert ("crmkit_pair",) in execute(url, "SHOW TABLES")
    whole_and_working(open_store(url))
    assert execute(url, VERSION) == [(schema.VERSION,)]
    assert layout(url) == whole


def test_columns_are_added_to_a_table_that_is_there(monkeypatch: pytest.MonkeyPatch):
    """Each once, whoever was killed between them; the rows that are there have none in them."""
    url = filled(database())
    whole = layout(url)
    columns = ("system", "address")
    gone = [f"ALTER TABLE crmkit_message DROP COLUMN `{name}`" for name in columns]
    execute(url, *gone, "UPDATE crmkit_fact SET value = 5 WHERE name = 'schema'")

    def killed(connection: sa.Connection, described: schema.Schema) -> None:
        described.add(connection, MESSAGE, "system")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(schema.STEPS, 5, killed)
        with pytest.raises(KeyboardInterrupt):
            open_store(url)
    whole_and_working(open_store(url))
    assert layout(url) == whole


def test_many_processes_open_it_at_once():
    """All of them can write, and the schema is made once."""
    open_by_many_processes(database())


def test_a_migration_waits_for_another():
    """Who comes while somebody else changes the schema is told, when that takes too long."""
    url = database()
    engine = sa.create_engine(driven(url))
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT GET_LOCK(CONCAT('crmkit ', MD5(DATABASE())), 1)")
        with pytest.raises(StoreBusy, match="another migration"):
            open_store(f"{url}&timeout=0.1")
        connection.exec_driver_sql("DO RELEASE_LOCK(CONCAT('crmkit ', MD5(DATABASE())))")
    engine.dispose()
    open_store(url).close()
    with closing(opened(url)) as store, store.engine.connect() as connection:
        free = connection.exec_driver_sql("SELECT IS_FREE_LOCK(CONCAT('crmkit ', MD5(DATABASE())))")
        assert free.scalar() == 1


@pytest.mark.parametrize("lost", ["crmkit_state", "crmkit_fact"])
def test_a_lost_table_is_damage(lost: str):
    """What is lost is named, and the backup; no empty one comes in its place."""
    url = filled(database())
    execute(url, f"DROP TABLE {lost}")
    for _ in range(2):
        with pytest.raises(StoreError, match=f"damaged.*{lost}.*backup"):
            open_store(url)
    assert (lost,) not in execute(url, "SHOW TABLES")


def test_tables_are_innodbs_whatever_the_default():
    """Neither the server's engine nor its character set or modes show in what is kept."""
    odd = {
        "default_storage_engine": "'MyISAM'",
        "sql_mode": "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH'",
        "tx_isolation": "'SERIALIZABLE'",
        "innodb_lock_wait_timeout": "1",
        "sql_select_limit": "1",
        "character_set_server": "latin2",
        "sql_safe_updates": "1",
        "autocommit": "0",
    }
    before = {name: execute(emptied(), f"SELECT @@GLOBAL.{name}")[0][0] for name in odd}
    server().execute(*(f"SET GLOBAL {name} = {value}" for name, value in odd.items()))
    texts = ["a\\'\"`店👩", "\\", "a ", "a"]
    try:
        url = database("CHARACTER SET latin1")
        with closing(opened(url)) as store:
            with store.write() as writer:
                writer.put(META, [(text, text) for text in texts])
                assert writer.append(META, [(texts[0], "b")]) == [0]
                assert writer.delete(META, [(texts[3],)]) == 1
            with store.read() as reader:
                assert {name for name, _ in reader.scan(META)} == set(texts[:3])
    finally:
        quoted = {n: f"'{v}'" if isinstance(v, str) else v for n, v in before.items()}
        server().execute(*(f"SET GLOBAL {name} = {value}" for name, value in quoted.items()))
    kinds = "SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = DATABASE()"
    assert execute(url, kinds) == [("InnoDB",)]


# -- how it is read --------------------------------------------------------------------------


def test_a_long_scan_is_read_page_by_page():
    """Other questions are asked between its rows, and later commits do not show in it."""
    url = emptied()
    store, other = opened(url), opened(url)
    count = 2 * STREAM + 7
    with store.write() as writer:
        made = [row(CUSTOMER, id=f"{n:05}", owner="a" if n % 3 else None) for n in range(count)]
        writer.put(CUSTOMER, made)
    with store.read() as reader:
        seen = []
        for one in reader.scan(CUSTOMER, by=("owner", "id"), columns=("root", "owner")):
            if not len(seen) % 1000:
                assert len(list(reader.fetch(CUSTOMER, [("00001",)]))) == 1
                with other.write() as writer:
                    writer.put(CUSTOMER, [row(CUSTOMER, id=f"new {len(seen)}", owner="a")])
            seen.append(one)
        assert len(seen) == count
        assert {len(one) for one in seen} == {2}
        assert seen == sorted(seen, key=lambda one: one[1] is not None)
        back = reader.scan(CUSTOMER, by=("owner", "id"), reverse=True, limit=count - 5)
        assert len(list(back)) == count - 5
    store.close()
    other.close()


def test_a_scan_goes_by_an_index_and_sorts_nothing():
    """Every order of every table is that of an index, but one: with the key it would be too long.

    Nobody scans by what providers call their messages.
    """
    url = emptied()
    sorting = []
    with closing(opened(url)) as store:
        with store.write() as writer:
            writer.append(TOUCHPOINT, touchpoints(writer, map(str, range(50))))
        with store.read() as reader:
            texts: list[str] = []
            query = reader.query  # type: ignore[attr-defined]
            explain = reader.run  # type: ignore[attr-defined]

            def noted(sql: str, values: Any = ()) -> Any:
                texts.append(sql)
                return query(sql, values)

            reader.query = noted  # type: ignore[attr-defined]
            for table in TABLES:
                for by in table.orders:
                    texts.clear()
                    list(reader.scan(table, by=by, limit=5))
                    plan = explain(f"EXPLAIN {texts[0]}", (5,)).mappings().one()
                    if "filesort" in (plan["Extra"] or ""):
                        sorting.append((table.name, by))
    assert sorting == [("message", ("channel", "provider"))]


# -- in a host's transaction -----------------------------------------------------------------


def test_a_host_whose_transactions_see_the_past_is_told():
    """MariaDB's own default would hide what others wrote: how to make the engine is told."""
    url = filled(database())
    store = open_store(url)
    for options, words in (
        ({}, "REPEATABLE-READ.*isolation_level='READ COMMITTED'"),
        ({"connect_args": {"sql_mode": ""}, "isolation_level": "READ COMMITTED"}, "not strict"),
        (
            {"connect_args": {"charset": "utf8mb3"}, "isolation_level": "READ COMMITTED"},
            "charset=utf8mb4",
        ),
    ):
        engine = sa.create_engine(driven(url), **options)  # type: ignore[arg-type]
        with (
            engine.connect() as connection,
            pytest.raises(StoreError, match=words),
            store.using(connection).write() as writer,
        ):
            writer.put(META, [("a", "1")])
        engine.dispose()
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "1")]
    store.close()


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_a_hosts_engine_serves(name: str):
    """By either of SQLAlchemy's names; what the host undoes is undone, and doubles stay exact."""
    url = database()
    engine = sa.create_engine(
        driven(url).replace("mysql+", f"{name}+"), isolation_level="READ COMMITTED"
    )
    with crmkit.connect(engine=engine, plugins=[]) as crm:
        record = {"id": "1", "kind": "visit", "at": "2026-05-01T10:00:00Z", "customer": {"x": "1"}}
        with engine.begin() as connection:
            assert crm.using(connection).capture([record], source="shop").new == 1
        with engine.connect() as connection:
            crm.using(connection).capture([{**record, "id": "2"}], source="shop")
        assert crm.capture([record, {**record, "id": "2"}], source="shop").new == 1
        store: Any = crm.session.store
        with store.write() as writer:
            writer.append(TOUCHPOINT, touchpoints(writer, ["z"], rating=-0.0))
        with store.read() as reader:
            found = [repr(one) for (one,) in reader.scan(TOUCHPOINT, columns=("rating",))]
        assert "-0.0" in found
    with crmkit.connect(url, plugins=[]) as crm, engine.begin() as connection:
        assert crm.using(connection).capture([record], source="shop").duplicate == 1
    engine.dispose()


# -- kills -----------------------------------------------------------------------------------


@pytest.mark.row("R66")
def test_a_killed_capture_is_whole_or_not_at_all():
    """A process killed while it captures leaves whole batches, and locks nobody out."""
    url = database()
    open_store(url).close()
    program = (
        "import sys, crmkit\n"
        "crm = crmkit.connect(sys.argv[1], plugins=[])\n"
        "for batch in range(1000):\n"
        "    crm.capture(({'id': f'{batch}-{n}', 'kind': 'visit', 'at': '2026-05-01T10:00:00Z',"
        " 'customer': {'x': str(n)}} for n in range(40)), 'shop')\n"
        "    print(batch, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, url],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    list(islice(process.stdout, 3))
    time.sleep(0.01)
    process.kill()
    process.communicate()
    with closing(opened(url)) as store:
        with store.read() as reader:
            found = reader.count(TOUCHPOINT)
            assert found >= 3 * 40
            assert found % 40 == 0
        again(store, increment)
