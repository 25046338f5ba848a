"""PostgreSQL as hosts have it: odd settings, poolers, engines, and many at the door at once."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.contracts.specs import KindSpec
from crmkit.contracts.store import Store
from crmkit.contracts.tables import CUSTOMER, META, STATE, TOUCHPOINT
from crmkit.errors import StoreError
from crmkit.plugins import hookimpl
from crmkit.stores import open_store
from crmkit.stores.sql.store import SqlStore
from crmkit.testing.plugins import manager_for
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import Open, again
from crmkit.testing.store_sharing import increment, together
from crmkit.testing.store_values import ValueLaws
from tests.postgres import ODD, database, execute, name_of, server
from tests.stores.many_processes import open_by_many_processes
from tests.stores.postgres_kit import opened


@pytest.fixture(scope="module")
def odd_url() -> str:
    return database(**ODD)


class TestOddSettings(ValueLaws):
    """Values come back to the bit from a database whose settings are odd in every way."""

    @pytest.fixture
    def store_factory(self, odd_url: str, request: pytest.FixtureRequest) -> Open:
        def open_one(workspace: str) -> Store:
            return open_store(odd_url, workspace=f"{workspace} of {request.node.name}"[:200])

        return open_one


# -- transactions --------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["repeatable read", "serializable", "read uncommitted"])
def test_the_servers_isolation_level_is_not_felt(level: str):
    """Writers that read and write back add up, and none is told to try again."""
    url = database(default_transaction_isolation=level)
    stores = [opened(url) for _ in range(3)]

    def work(store: Store) -> None:
        for _ in range(15):
            increment_by(store)

    together(*(partial(work, store) for store in stores))
    with stores[0].read() as reader:
        assert list(reader.scan(META)) == [("n", "45")]
    for store in stores:
        store.close()


def test_a_hosts_engine_that_commits_by_itself():
    """Its connections still read one moment and write all or nothing, and stay as they were."""
    engine = sa.create_engine(driver(database()), isolation_level="AUTOCOMMIT")
    store = opened("postgresql://", engine=engine)
    with pytest.raises(KeyError), store.write() as writer:
        writer.put(META, [("a", "1")])
        raise KeyError
    with store.read() as reader:
        again(store, lambda writer: writer.put(META, [("b", "1")]))
        assert list(reader.scan(META)) == []
    with engine.connect() as connection:
        assert connection.connection.driver_connection.autocommit  # type: ignore[union-attr]
    store.close()
    engine.dispose()


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("owned", [True, False])
def test_a_client_encoding_is_not_felt(owned: bool, count: int):
    """Text of every script is written, found and read, whatever URL, engine and database say."""
    url = database(client_encoding="LATIN1")
    engine = sa.create_engine(driver(url))
    store = opened(f"{url}&client_encoding=GBK", workspace="茶", engine=None if owned else engine)
    rows = [(f"王梅 𠮷 {number}", "Zoë") for number in range(count)]
    again(store, lambda writer: writer.put(META, rows))
    with store.read() as reader:
        assert sorted(reader.scan(META)) == sorted(rows)
        assert sorted(reader.fetch(META, [row[:1] for row in rows])) == sorted(rows)
    assert store.workspaces() == ["茶"]
    store.close()
    engine.dispose()


def test_a_joined_connection_that_cannot_carry_every_script_is_refused():
    """It is told what the host has to do, before a text is lost on the way."""
    engine = sa.create_engine(driver(database(client_encoding="LATIN1")))
    store = opened("postgresql://", engine=engine)
    with engine.connect() as connection:
        joined = store.using(connection)
        for block in (joined.read, joined.write):
            with pytest.raises(StoreError, match=r"text as LATIN1.*encoding='utf8'"), block():
                pass
    store.close()
    engine.dispose()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_hosts_transaction_that_sees_only_the_past_is_refused(level: str):
    """What it would read and write back may be stale: it is told what to begin instead."""
    engine = sa.create_engine(driver(database()), isolation_level=level)
    store = opened("postgresql://", engine=engine)
    again(store, increment)  # by a connection of the store's own all is well
    with engine.connect() as connection:
        connection.begin()
        with pytest.raises(StoreError, match="READ COMMITTED"):
            increment_by(store.using(connection))
    store.close()
    engine.dispose()


def test_a_write_inside_a_write_is_told_at_once(every_store: Store):
    """It would wait for itself; another thread just waits its turn, and reading is free."""
    with every_store.write() as writer:
        writer.put(META, [("a", "1")])
        with pytest.raises(StoreError, match="already"), every_store.write():
            pass
        with every_store.read() as reader:
            assert list(reader.scan(META)) == []
        waiting = threading.Thread(target=again, args=(every_store, increment))
        waiting.start()
    waiting.join()
    with every_store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1"), ("n", "1")]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def every_store(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Store]:
    urls = {"memory": "memory://", "sqlite": f"sqlite:///{tmp_path}/a.db"}
    store = open_store(urls.get(request.param) or database())
    yield store
    store.close()


def increment_by(store: Store) -> None:
    with store.write() as writer:
        increment(writer)


def driver(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:")


# -- sessions ------------------------------------------------------------------------------


def test_no_session_is_relied_upon():
    """A pooler may give every transaction another session: nothing of the last one is missed."""
    store = opened(database())

    def forget(connection: Any, _: Any) -> None:
        connection.pgconn.exec_(b"DISCARD ALL")  # behind the driver's back

    sa.event.listen(store.engine, "checkin", forget)
    for turn in range(8):
        with store.write() as writer:
            ids = [f"{turn}-{n}" for n in range(60)]
            assert writer.append(TOUCHPOINT, touchpoints(writer, ids, customer="a")) == []
            writer.put(STATE, [row(STATE, customer=f"{n}", own=turn) for n in range(60)])
            writer.put(META, [("turn", str(turn))])
        with store.read() as reader:
            assert reader.count(TOUCHPOINT) == 60 * (turn + 1)
            assert {own for (own,) in reader.scan(STATE, columns=("own",))} == {turn}
            assert list(reader.fetch(META, [("turn",)])) == [("turn", str(turn))]
    store.close()


def test_another_database_by_the_same_name_is_another():
    """A server may be reset under an open store: it finds its workspace, and nobody else's."""
    url = database()
    name = name_of(url)
    store = opened(url, workspace="mine")
    again(store, increment)
    drop = f"DROP DATABASE {name} WITH (FORCE)"
    execute(server(), drop, f"CREATE DATABASE {name} TEMPLATE template0")
    other = opened(url, workspace="theirs")
    again(other, increment)
    with store.read() as reader:
        assert list(reader.scan(META)) == []
    again(store, increment)
    again(store, increment)
    for one, count in ((store, "2"), (other, "1")):
        with one.read() as reader:
            assert list(reader.scan(META)) == [("n", count)]
        one.close()


def test_a_workspace_that_was_taken_away_is_noticed():
    """Nothing is written for a workspace whose row is gone."""
    url = database()
    store = opened(url)
    again(store, increment)
    execute(url, "DELETE FROM crmkit_workspace")
    with pytest.raises(StoreError, match="connect again"), store.write():
        pass
    store.close()


# -- at the door ---------------------------------------------------------------------------


def test_an_empty_database_opened_by_many_processes_at_once():
    """Every one of them finds or makes the schema, and none fails."""
    open_by_many_processes(database())


@pytest.mark.parametrize("keep", [True, False])
def test_a_workspace_made_by_two_at_once_is_one(keep: bool):
    """Whoever comes second waits, and writes to the first one's, or makes it where he gave up."""
    url = database()
    one, other = opened(url), opened(url)
    second = threading.Thread(target=again, args=(other, increment))
    first = ExitStack()
    increment(first.enter_context(one.write()))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    first.__exit__(*((None, None, None) if keep else (KeyError, KeyError(), None)))
    second.join()
    with one.read() as reader:
        assert list(reader.scan(META)) == [("n", "2" if keep else "1")]
    assert one.workspaces() == ["default"]
    one.close()
    other.close()


def test_what_plugins_declare_is_not_lost_between_two(monkeypatch: pytest.MonkeyPatch):
    """Two processes with different plugins that start at once both leave their note."""
    url = database()

    def connect(kind: str) -> crmkit.CRM:
        specs = [KindSpec(name=kind)]
        plugin = SimpleNamespace(crmkit_touchpoint_kinds=hookimpl(lambda: specs))
        return crmkit.connect(url, plugins=manager_for(plugin))

    write = SqlStore.write
    with connect("fax") as one, connect("telex") as other:

        def late(store: SqlStore) -> Any:
            """Write after somebody else has, who was not there when it was read."""
            monkeypatch.setattr(SqlStore, "write", write)
            other.capture([])
            return write(store)

        monkeypatch.setattr(SqlStore, "write", late)
        one.capture([])
        with one.session.store.read() as reader:
            noted = [value for _, value in reader.fetch(META, [("declared",)])]
    assert all(kind in noted[0] for kind in ("fax", "telex"))


# -- the tables ----------------------------------------------------------------------------


def test_every_text_is_compared_byte_by_byte():
    """No column and no index goes by the server's language, which changes with its machine."""
    url = database()
    opened(url).close()
    select = (
        "SELECT attrelid::regclass::text, attname FROM pg_attribute "
        "JOIN pg_class ON pg_class.oid = attrelid WHERE relname LIKE 'crmkit%' "
        "AND relkind IN ('r', 'p', 'i', 'I') AND attcollation NOT IN (0, '\"C\"'::regcollation)"
    )
    assert execute(url, select) == []


def locales() -> list[str]:
    """Give what makes databases of other languages on this server."""
    known = (
        "SELECT collname FROM pg_collation WHERE collprovider = 'c' AND collencoding = 6 "
        "AND collname NOT IN ('C.utf8', 'C.UTF-8', 'ucs_basic') ORDER BY collname LIMIT 2"
    )
    made = [f"LC_COLLATE '{name}' LC_CTYPE '{name}'" for (name,) in execute(server(), known)]
    if execute(
        server(), "SELECT 1 FROM pg_collation WHERE collprovider = 'i' AND collname = 'und-x-icu'"
    ):
        made.append("LOCALE_PROVIDER icu ICU_LOCALE 'und' LOCALE 'C.UTF-8'")
    if execute(server(), "SELECT 1 FROM pg_collation WHERE collname = 'pg_unicode_fast'"):
        made.append("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST' LOCALE 'C.UTF-8'")
    return made


def test_a_database_of_another_language_gives_the_same_order():
    """Rows come by code point wherever the server was set up."""
    texts = ["a", "B", "ä", "Z", "z", "é", "中", "a b", "ab", "A", "_", "1"]
    for locale in locales():
        store = opened(database(f"ENCODING 'UTF8' {locale}"))
        with store.write() as writer:
            writer.put(META, [(text, text) for text in texts])
            writer.put(CUSTOMER, [row(CUSTOMER, id=text, owner=text) for text in texts])
        with store.read() as reader:
            assert [name for name, _ in reader.scan(META)] == sorted(texts)
            assert [r[0] for r in reader.scan(CUSTOMER, by=("owner", "id"))] == sorted(texts)
            assert [name for name, _ in reader.scan(META, low="a", high="z")] == sorted(
                text for text in texts if "a" <= text <= "z"
            )
        store.close()


# -- scans ---------------------------------------------------------------------------------


def test_scans_that_nobody_reads_to_the_end_are_given_up():
    """The server keeps no cursor for them, and the driver finds none that was left open."""
    with ExitStack() as stack:
        store = opened(database())
        stack.callback(store.close)
        ids = map(str, range(100))
        again(store, lambda writer: writer.append(TOUCHPOINT, touchpoints(writer, ids)))
        reader = stack.enter_context(store.read())
        for _ in range(3):
            assert next(iter(reader.scan(TOUCHPOINT)))
        held = reader.scan(TOUCHPOINT)
        assert next(held)
        connection: Any = reader.connection  # type: ignore[attr-defined]
        left = "SELECT count(*) FROM pg_cursors WHERE name LIKE 'crmkit%%'"
        assert connection.exec_driver_sql(left).scalar_one() == 1
        assert len(list(held)) == 99
