"""What a PostgreSQL server refuses is one clear error: what, where, and what to do about it."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import psycopg
import pytest
import sqlalchemy as sa

import crmkit
from crmkit.contracts.postgres_url import Place
from crmkit.contracts.tables import META, STATE, TOUCHPOINT
from crmkit.errors import SchemaError, StoreBusy, StoreError
from crmkit.stores import postgres
from crmkit.stores.postgres_errors import translate
from crmkit.testing.postgres_server import Server
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import again
from crmkit.testing.store_sharing import increment
from tests.postgres import database, execute, name_of
from tests.stores.postgres_kit import SECRET, filled, opened, refused

ODD_SECRET = "hunter2@/%#?:[]& ü"

# -- who may come in -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """Give a server with room for five, that asks some for a password."""
    made = Server(
        version=16,
        settings="max_connections = 5\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0",
        access="local locked all scram-sha-256\nlocal nobodys all reject",
    )
    made.execute(
        f"CREATE ROLE lin LOGIN PASSWORD '{SECRET}'",
        f"CREATE ROLE odd LOGIN SUPERUSER PASSWORD '{ODD_SECRET}'",
        "CREATE ROLE one LOGIN CONNECTION LIMIT 1",
        "CREATE DATABASE locked",
        "CREATE DATABASE shop",
        "CREATE DATABASE closed ALLOW_CONNECTIONS false",
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        ("lin:wrong-hunter2", "locked", "password authentication failed.*check user and password"),
        ("lin", "locked", "check user and password"),
        ("bob:hunter2", "shop", 'role "bob" does not exist.*check user and password'),
        ("postgres:hunter2", "nobodys", "pg_hba.conf"),
        ("postgres:hunter2", "nowhere", '"nowhere" does not exist.*CREATE DATABASE'),
        ("postgres:hunter2", "closed", "not currently accepting connections"),
    ],
)
def test_who_may_not_come_in(small: Server, user: str, name: str, words: str):
    """The user, the password or the database that is wrong is named, the password never shown."""
    refused(small.url(name, user), words)


def test_the_right_password_opens(small: Server):
    """What the tests above are refused, this is granted."""
    small.execute("ALTER DATABASE locked OWNER TO lin")
    opened(small.url("locked", f"lin:{SECRET}")).close()


def test_a_password_of_any_characters(small: Server, monkeypatch: pytest.MonkeyPatch):
    """In the URL it stands escaped; from the environment it is taken as it is."""
    opened(small.url("locked", f"odd:{quote(ODD_SECRET, safe='')}")).close()
    monkeypatch.setenv("PGPASSWORD", ODD_SECRET)
    opened(small.url("locked", "odd")).close()


def test_a_service_by_its_name(small: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What a file of services says of a server need not stand in the URL; its name is told."""
    folder = unquote(small.url().partition("host=")[2])
    for user in ("odd", "bob"):
        lines = f"host={folder}\nuser={user}\npassword={ODD_SECRET}\ndbname=locked"
        (tmp_path / user).write_text(f"[{user}]\n{lines}\n", "utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "odd"))
    opened("postgresql:///?service=odd").close()
    refused("postgresql:///?service=bob", r'^postgresql:///\?service=bob: .*"bob" not found')
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "bob"))
    refused("postgresql:///?service=bob", r'^postgresql:///\?service=bob: .*user "bob"')


def test_a_role_without_a_connection_left_is_asked_again(small: Server):
    """The server's limit for a role, or for a database, is as one for all."""
    url = small.url("shop", "one")
    with psycopg.connect(url):
        refused(f"{url}&timeout=0.1", 'too many connections for role "one"', StoreBusy)


@pytest.mark.parametrize(
    ("told", "words", "kind"),
    [
        ('Peer authentication failed for user "lin"', "user and password", StoreError),
        ('no pg_hba.conf entry for host "::1", no encryption', "pg_hba.conf", StoreError),
        ("server does not support SSL, but SSL was required", "sslmode", StoreError),
        ("SSL error: certificate verify failed", "sslmode", StoreError),
        ("unsupported startup parameter: options", "out of the URL.*ALTER ROLE", StoreError),
        ("no more connections allowed (max_client_conn)", "try again", StoreBusy),
        ("remaining connection slots are reserved for roles", "try again", StoreBusy),
        ("the database system is not accepting connections", "try again", StoreBusy),
        ("the database system is in recovery mode", "try again", StoreBusy),
    ],
)
def test_what_is_only_told_in_words(told: str, words: str, kind: type[StoreError]):
    """A server or a pooler that takes no connection gives no code: its words are known."""
    place = Place(shown=sa.make_url("postgresql+psycopg://lin@db/shop"))
    error = translate(psycopg.OperationalError(f"connection failed: FATAL:  {told}\nsecond"), place)
    assert type(error) is kind
    assert re.search(f"^postgresql://lin@db/shop: .*: .*{words}", str(error))
    assert "second" not in str(error)


def test_a_server_without_a_connection_left_is_asked_again(small: Server):
    """Whoever comes in vain is told to raise the number; one who waits long enough comes in."""
    url = small.url("shop")
    with ExitStack() as guests:
        for _ in range(5):
            guests.enter_context(psycopg.connect(url))
        start = time.monotonic()
        refused(f"{url}&timeout=0.3", "max_connections", StoreBusy)
        assert 0.3 <= time.monotonic() - start < 5
        leaving = threading.Timer(0.5, guests.pop_all().close)
        leaving.start()
        opened(f"{url}&timeout=20").close()
        leaving.join()


def test_a_capture_without_a_connection_left_goes_on_when_it_is_made_again(small: Server):
    """What was captured before stays, and is known."""
    visits = [
        {"id": f"v-{n}", "kind": "visit", "at": "2026-05-01T10:00:00Z", "customer": {"shop": "1"}}
        for n in range(30)
    ]
    with crmkit.connect(f"{small.url('shop')}&timeout=0.3", plugins=[]) as crm:
        assert crm.capture(visits[:10], source="shop").new == 10
        crm.session.store.engine.dispose()  # type: ignore[attr-defined]
        with ExitStack() as guests:
            for _ in range(5):
                guests.enter_context(psycopg.connect(small.url("shop")))
            with pytest.raises(StoreBusy, match="max_connections"):
                crm.capture(visits, source="shop")
        report = crm.capture(visits, source="shop")
        assert (report.new, report.duplicate) == (20, 10)


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


def test_a_hosts_pool_without_a_connection_left_says_how_long_it_waited():
    """Which is what the host's engine says, whatever is usual here."""
    address = database().replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(address, pool_size=1, max_overflow=0, pool_timeout=0.1)
    store = opened("postgresql://", engine=engine)
    busy = pytest.raises(StoreBusy, match=r"in use for 0\.1 s: try again")
    with store.read(), busy, store.read():
        pass
    store.close()
    engine.dispose()


# -- what it cannot keep -------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
@pytest.mark.parametrize("owned", [True, False])
def test_a_database_of_another_encoding_is_refused(encoding: str, owned: bool):
    """It could not keep every name: what to make instead is told, by a host's engine too."""
    url = database(f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    # Without it SQLAlchemy itself gives up on SQL_ASCII.
    engine = sa.create_engine(
        url.replace("postgresql:", "postgresql+psycopg:"), client_encoding="utf8"
    )
    refused(url, f"keeps text as {encoding}.*ENCODING 'UTF8'", engine=None if owned else engine)
    engine.dispose()
    assert execute(url, "SELECT 1 FROM pg_tables WHERE tablename LIKE 'crmkit%'") == []


@pytest.mark.parametrize("migrate", ["auto", "check"])
def test_a_copy_in_another_encoding_is_refused(migrate: str, monkeypatch: pytest.MonkeyPatch):
    """The schema may have been restored into a database that could not keep every name."""
    url = database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    with monkeypatch.context() as patch:
        patch.setattr(postgres.PostgresDialect, "suits", lambda *_: None)
        opened(url).close()
    with pytest.raises(StoreError, match=r"keeps text as LATIN1.*ENCODING 'UTF8'"):
        opened(url, migrate=migrate)


def test_a_server_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch):
    """The version that is needed is named, and nothing is made."""
    url = database()
    monkeypatch.setattr(postgres, "OLDEST", (99,))
    refused(url, "is too old, 99 is needed")
    assert execute(url, "SELECT 1 FROM pg_tables WHERE tablename LIKE 'crmkit%'") == []


@pytest.mark.parametrize("bulk", [1, 100])
@pytest.mark.parametrize("value", ["a\0b", "\ud800", 2**63, object()])
def test_a_value_that_cannot_be_kept(value: object, bulk: int):
    """It is a StoreError, one row or many, and the transaction is gone with it."""
    store = opened(database())
    with pytest.raises(StoreError), store.write() as writer:
        writer.put(META, [("a", "1")])
        writer.put(STATE, [row(STATE, customer=str(n), own=1) for n in range(bulk)])
        column = "rest" if isinstance(value, str) else "own"
        rows = [row(STATE, customer=f"x{n}", **{column: value}) for n in range(bulk)]
        writer.put(STATE, rows)
    with store.read() as reader:
        assert [reader.count(table) for table in (META, STATE)] == [0, 0]
    again(store, increment)
    store.close()


def chain(error: BaseException | None) -> Iterator[str]:
    """Give what an error says, and all that stand behind it: what a traceback shows of them."""
    while error is not None:
        yield f"{error} {error!r}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("bulk", [1, 100])
@pytest.mark.parametrize("hosted", [True, False])
def test_errors_carry_no_values(bulk: int, hosted: bool):
    """What a row held stands in no message, nor in those behind it that a traceback shows."""
    url = database()
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    store = opened(url, engine=engine if hosted else None)
    wrong: list[dict[str, Any]] = [
        {"customer": None},
        {"recorded": "secret-77"},
        {"rating": "secret-77"},
    ]
    for values in wrong:
        with pytest.raises(StoreError) as caught, store.write() as writer:
            ids = [str(n) for n in range(bulk)]
            writer.append(TOUCHPOINT, touchpoints(writer, ids, text="secret-77", **values))
        assert "secret-77" not in " ".join(chain(caught.value))
    with pytest.raises(StoreError) as caught, store.write() as writer:
        writer.put(META, [("secret-77", None)] * bulk)
    assert "secret-77" not in " ".join(chain(caught.value))
    store.close()
    engine.dispose()


# -- what takes too long -------------------------------------------------------------------


def test_the_servers_own_limit_of_a_statement_is_named():
    """A writer who waits longer than the server lets a statement run is told of the setting."""
    url = filled(database())
    execute(url, f"ALTER DATABASE {name_of(url)} SET statement_timeout = 150")
    one, other = opened(url), opened(url)
    with one.write(), pytest.raises(StoreError, match="raise statement_timeout"):
        again(other, increment)
    again(other, increment)
    one.close()
    other.close()


def test_the_servers_own_limit_of_an_idle_transaction_is_named():
    """Whoever looks for longer than he may is told of the setting, and can look again."""
    url = filled(database())
    setting = "idle_in_transaction_session_timeout"
    execute(url, f"ALTER DATABASE {name_of(url)} SET {setting} = 100")
    store = opened(url)
    with pytest.raises(StoreError, match=f"raise {setting}|try again"), store.read() as reader:
        time.sleep(0.5)
        list(reader.scan(META))
    with store.read() as reader:
        assert list(reader.scan(META)) == [("n", "1")]
    store.close()


def test_a_schema_that_is_not_there():
    """Without a look at the schema its absence is told at the first use."""
    store = opened(database(), migrate="never")
    with pytest.raises(SchemaError, match="crmkit migrate"), store.read() as reader:
        list(reader.scan(META))
    store.close()
