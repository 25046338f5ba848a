"""What a MariaDB server refuses is one clear error: what, where, and what to do about it."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from crmkit.contracts.tables import META, STATE, TOUCHPOINT
from crmkit.errors import SchemaError, StoreBusy, StoreError
from crmkit.stores import mariadb_session as session
from crmkit.stores.mariadb_errors import translate
from crmkit.stores.mariadb_url import Place
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import again
from crmkit.testing.store_sharing import increment
from tests.mariadb import database, driven, execute, kill, pid_of, server
from tests.mariadb_server import Server, missing
from tests.stores.postgres_kit import SECRET, filled, opened, refused
from tests.stores.test_postgres_errors import chain

pymysql = pytest.importorskip("pymysql", reason="PyMySQL is not installed")
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
ODD_SECRET = "hunter2@/%#?:[]& ü店"
NONE_OF_OURS = "SELECT 1 FROM information_schema.tables WHERE table_name LIKE 'crmkit%%'"

# -- who may come in -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """Give a server with room for ten and users of several rights."""
    made = Server("--max-connections=10")
    made.execute(
        "CREATE DATABASE shop",
        "CREATE DATABASE locked",
        f"CREATE USER lin@'%' IDENTIFIED BY '{SECRET}'",
        f"CREATE USER odd@'%' IDENTIFIED BY '{ODD_SECRET}'",
        f"CREATE USER one@'%' IDENTIFIED BY '{SECRET}' WITH MAX_USER_CONNECTIONS 1",
        f"CREATE USER looking@'%' IDENTIFIED BY '{SECRET}'",
        "GRANT ALL ON shop.* TO lin@'%'",
        "GRANT ALL ON shop.* TO odd@'%'",
        "GRANT ALL ON shop.* TO one@'%'",
        "GRANT SELECT ON shop.* TO looking@'%'",
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        ("lin:wrong-hunter2", "shop", "Access denied for user.*check user and password"),
        ("lin", "shop", "check user and password"),
        ("bob:hunter2", "shop", "'bob'.*check user and password"),
        ("lin:hunter2", "locked", "'locked'.*GRANT SELECT"),
        ("root", "nowhere", "nowhere.*CREATE DATABASE"),
        ("looking:hunter2", "shop", "denied.*GRANT SELECT"),
    ],
)
def test_who_may_not_come_in(small: Server, user: str, name: str, words: str):
    """The user, the password or the database that is wrong is named, the password never shown."""
    refused(small.url(name, user), words)


def test_a_password_of_any_characters(small: Server):
    """In the URL it stands escaped, whatever its script."""
    url = small.url("shop", f"odd:{quote(ODD_SECRET, safe='')}")
    opened(url).close()
    refused(url.replace("hunter2", "hunter3"), "check user and password")


def test_by_host_and_port(small: Server):
    """The URL without a socket leads to the same database, with TLS or without as offered."""
    opened(small.url("shop", "lin:hunter2")).close()
    with closing(opened(small.url_by_tcp("shop", "lin:hunter2"))) as store:
        again(store, increment)
    refused(f"mariadb://lin:{SECRET}@127.0.0.1:1/shop?timeout=1", "check that the server runs")
    refused(small.url_by_tcp("shop", "lin:hunter2", "?ssl_ca=/nowhere.pem"), "check ssl_ca")


def test_a_user_without_a_connection_left_is_asked_again(small: Server):
    """The server's limit for a user is as one for all."""
    url = small.url("shop", "one:hunter2")
    with closing(opened(url)) as store, store.read():
        refused(f"{url}&timeout=0.2", "max_user_connections", StoreBusy)


def test_a_server_without_a_connection_left_is_asked_again(small: Server):
    """Whoever comes in vain is told to raise the number; one who waits long enough comes in."""
    url = small.url("shop")
    engine = sa.create_engine(driven(url), pool_size=20)
    with ExitStack() as guests:
        with suppress(sa.exc.OperationalError):
            while True:
                guests.enter_context(engine.connect())
        refused(f"{url}&timeout=0.3", "max_connections", StoreBusy)
        leaving = threading.Timer(0.3, lambda: (guests.pop_all().close(), engine.dispose()))
        leaving.start()
        opened(f"{url}&timeout=20").close()
        leaving.join()


def test_a_pool_without_a_connection_left_is_busy():
    """A process that reads in too many threads at once is told so, and goes on."""
    store = opened(f"{database()}&timeout=0.2")
    with ExitStack() as readers:
        for _ in range(20):
            readers.enter_context(store.read())
        with pytest.raises(StoreBusy, match=r"in use for 0\.2 s: try again"), store.read():
            pass
    again(store, increment)
    store.close()


# -- what it cannot keep -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "told", "words", "kind"),
    [
        (1114, "The table 'crmkit_meta' is full", "free space", StoreError),
        (1021, "Disk full (/tmp/#sql); waiting", "free space", StoreError),
        (3, 'Error writing file (Errcode: 28 "No space left")', "free space", StoreError),
        (1665, "impossible to write to binary log", "binlog_format", StoreError),
        (1836, "Running in read-only mode", "write to the primary", StoreError),
        (1213, "Deadlock found", "try again", StoreBusy),
        (1020, "Record has changed since last read", "try again", StoreBusy),
        (1053, "Server shutdown in progress", "connection was lost", StoreError),
    ],
)
def test_what_the_server_says(number: int, told: str, words: str, kind: type[StoreError]):
    """A number of the server's is known for what it means, whatever it says beside."""
    place = Place(shown=sa.make_url("mysql+pymysql://lin@db/shop"))
    error = translate(pymysql.err.OperationalError(number, f"{told}\nsecond"), place)
    assert type(error) is kind
    assert re.search(f"^mariadb://lin@db/shop: .*: .*{words}", str(error))
    assert "second" not in str(error)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"OLDEST": (99,)}, "MariaDB 1.* is too old, 99 is needed"),
        ({"PAGE": 65_536}, "innodb_page_size is below"),
    ],
)
def test_a_server_that_cannot_do_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], words: str
):
    """What is needed is named, and nothing is made."""
    url = database()
    for name, value in wrong.items():
        monkeypatch.setattr(session, name, value)
    refused(url, words)
    assert execute(url, "SHOW TABLES") == []


def test_a_server_that_only_reads():
    """A replica, or a server set so, is read from; a write is told where to go."""
    url = filled(database())
    store = opened(url)
    new = database()
    user = server().url("crmkit_looks", "looks:hunter2")
    server().execute(
        "CREATE USER IF NOT EXISTS looks@'%' IDENTIFIED BY 'hunter2'",
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON *.* TO looks@'%'",
        "SET GLOBAL read_only = ON",
    )
    try:
        name = str(sa.make_url(url).database)
        with closing(opened(user.replace("crmkit_looks", name))) as reading:
            with reading.read() as reader:
                assert list(reader.scan(META)) == [("n", "1")]
            with pytest.raises(StoreError, match="read only: write to the primary"):
                again(reading, increment)
        refused(user.replace("crmkit_looks", str(sa.make_url(new).database)), "to the primary")
    finally:
        server().execute("SET GLOBAL read_only = OFF")
    again(store, increment)
    store.close()


@pytest.mark.parametrize("value", ["\ud800", 2**63, object(), float("inf"), float("nan")])
def test_a_value_that_cannot_be_kept(value: object):
    """It is a StoreError, one row or many, and the transaction is gone with it."""
    store = opened(database())
    for bulk in (1, 100):
        with pytest.raises(StoreError), store.write() as writer:
            writer.put(META, [("a", "1")])
            column = "rest" if isinstance(value, str) else "own"
            values = [row(STATE, customer=f"x{n}", **{column: value}) for n in range(bulk)]
            writer.put(STATE, values)
    with store.read() as reader:
        assert [reader.count(table) for table in (META, STATE)] == [0, 0]
    again(store, increment)
    store.close()


def test_an_id_that_is_too_long_is_refused_not_cut():
    """A key longer than its column is told; nothing of it is kept."""
    store = opened(database())
    with pytest.raises(StoreError, match="cannot keep"), store.write() as writer:
        writer.put(STATE, [row(STATE, customer="x" * 201)])
    with store.read() as reader:
        assert reader.count(STATE) == 0
    store.close()


@pytest.mark.parametrize("hosted", [True, False])
def test_errors_carry_no_values(hosted: bool):
    """What a row held stands in no message, nor in those behind it that a traceback shows."""
    url = database()
    engine = sa.create_engine(driven(url))
    store = opened(url, engine=engine if hosted else None)
    wrong: list[dict[str, Any]] = [
        {"customer": None},
        {"recorded": "secret-77"},
        {"rating": "secret-77"},
        {"source": "secret-77" * 30},
    ]
    for values in wrong:
        with pytest.raises(StoreError) as caught, store.write() as writer:
            given = {"text": "secret-77", **values}
            writer.append(TOUCHPOINT, touchpoints(writer, ["a", "b"], **given))
        assert "secret-77" not in " ".join(chain(caught.value))
    with pytest.raises(StoreError) as caught, store.write() as writer:
        writer.put(META, [("secret-77", None)])
    assert "secret-77" not in " ".join(chain(caught.value))
    with pytest.raises(StoreError) as caught, store.write() as writer:
        made = touchpoints(writer, ["secret-77"])
        writer.append(TOUCHPOINT, [*made, row(TOUCHPOINT, seq=made[0][0], id="other")])
    assert "secret-77" not in " ".join(chain(caught.value))
    store.close()
    engine.dispose()


def test_batches_are_cut_by_what_the_server_takes():
    """A batch larger than max_allowed_packet goes in parts; a row larger than it is told."""
    url = database()
    server().execute("SET GLOBAL max_allowed_packet = 65536")
    try:
        store = opened(url)
        with store.write() as writer:
            writer.put(META, [(str(n), "店'\\" * 300) for n in range(500)])
        with store.read() as reader:
            assert reader.count(META) == 500
        with (
            pytest.raises(StoreError, match="raise its max_allowed_packet"),
            store.write() as writer,
        ):
            writer.put(META, [("a", "1"), ("b", "x" * 200_000)])
        with store.read() as reader:
            assert reader.count(META) == 500
        store.close()
    finally:
        server().execute("SET GLOBAL max_allowed_packet = 16777216")


# -- what is in the way --------------------------------------------------------------------


def test_a_writer_that_waits_too_long():
    """It is told so, and can try again; a reader waits for nobody."""
    url = filled(database())
    one, other = opened(url), opened(f"{url}&timeout=0.5")
    with one.write() as writer:
        writer.put(META, [("a", "1")])
        with pytest.raises(StoreBusy, match=r"held a lock.*try again"), other.write():
            pass
        with other.read() as reader:
            assert list(reader.scan(META)) == [("n", "1")]
    again(other, increment)
    one.close()
    other.close()


def test_a_deadlock_with_a_host_is_busy():
    """Two hosts that hold rows of their own and wait for each other: one is undone, and told."""
    url = filled(database())
    execute(
        url, "CREATE TABLE sale (id INT PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO sale VALUES (1)"
    )
    engine = sa.create_engine(driven(url), isolation_level="READ COMMITTED")
    store, told = opened(url, engine=engine), []
    inside = threading.Event()

    def host() -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("UPDATE sale SET id = 1 WHERE id = 1")
            connection.exec_driver_sql("INSERT INTO sale VALUES (2), (3), (4), (5)")
            inside.wait(10)
            try:
                with store.using(connection).write() as writer:
                    writer.put(META, [("host", "1")])
            except StoreError as error:
                told.append(error)

    thread = threading.Thread(target=host)
    thread.start()
    with engine.connect() as connection:
        try:
            with store.using(connection).write() as writer:
                writer.put(META, [("here", "1")])
                inside.set()
                time.sleep(0.2)  # until the other waits for the workspace
                writer.connection.exec_driver_sql("UPDATE sale SET id = 1 WHERE id = 1")  # type: ignore[attr-defined]
        except (StoreError, sa.exc.OperationalError) as error:
            told.append(error)
        connection.rollback()
    thread.join()
    assert len(told) == 1
    assert re.search("undone|Deadlock", str(told[0]))
    again(store, increment)
    store.close()
    engine.dispose()


@pytest.mark.parametrize("commits", [False, True])
def test_a_connection_that_is_lost(commits: bool):
    """In a write nothing is kept, in the commit nobody knows; the next call connects anew."""
    url = filled(database())
    store = opened(url)
    words = "look before you repeat it" if commits else "nothing of this write was kept: try again"
    with pytest.raises(StoreError, match=words), store.write() as writer:
        writer.put(META, [("lost", "1")])
        kill(url, pid_of(writer.connection))  # type: ignore[attr-defined]
        if not commits:
            writer.put(META, [("lost", "2")])
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "1")]
    store.close()


def test_the_servers_own_limit_of_a_statement_is_named():
    """A statement that takes longer than the server lets it is told of the setting."""
    url = filled(database())
    store = opened(url)
    with (
        pytest.raises(StoreError, match=r"raise max_statement_time|ended from without"),
        store.read() as reader,
    ):
        reader.run("SET SESSION max_statement_time = 0.05")  # type: ignore[attr-defined]
        reader.run("SELECT SLEEP(5) FROM crmkit_meta")  # type: ignore[attr-defined]
        reader.run("SELECT BENCHMARK(1000000000, MD5('a'))")  # type: ignore[attr-defined]
    store.close()


def test_a_schema_that_is_not_there():
    """Without a look at the schema its absence is told at the first use."""
    store = opened(database(), migrate="never")
    with pytest.raises(SchemaError, match="crmkit migrate"), store.read() as reader:
        list(reader.scan(META))
    store.close()


# -- servers that crash --------------------------------------------------------------------


def test_a_server_that_stops_and_comes_back(small: Server):
    """Whoever comes meanwhile is told; what was committed is there, what was not is gone."""
    url = small.url_by_tcp("shop", "lin:hunter2", "?timeout=1")
    store = opened(url)
    again(store, increment)
    with store.read() as reader:
        before = list(reader.scan(META))
    lost = r"connection was lost|check that"
    with pytest.raises(StoreError, match=lost), store.write() as writer:
        writer.put(META, [("lost", "1")])
        small.stop()
        writer.put(META, [("lost", "2")])
    refused(url, "check that the server runs|connection was lost")
    small.start()
    with store.read() as reader:
        assert list(reader.scan(META)) == before
    again(store, increment)
    store.close()
