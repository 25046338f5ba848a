"""What a PostgreSQL URL may say, and what nobody is ever shown of it."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

import crmkit
from crmkit.contracts.tables import META
from crmkit.errors import ConfigError, CrmkitError, StoreBusy
from crmkit.stores import open_store
from crmkit.stores.sql.store import SqlStore
from tests.pages import ROOT
from tests.postgres import database

SECRET = "hunter2"


def parts() -> tuple[str, str]:
    """Give the name of a new database, and the folder of the server's socket."""
    found = urlsplit(database())
    return found.path[1:], parse_qs(found.query)["host"][0]


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://postgres@/{name}?host={folder}",
        "postgres://postgres@/{name}?host={folder}",
        "postgresql+psycopg://postgres@/{name}?host={folder}",
        "postgresql+psycopg2://postgres@/{name}?host={folder}",
        "POSTGRES://postgres@/{name}?host={folder}",
        "postgresql://postgres@{quoted}/{name}",
        "postgresql:///{name}?host={folder}&user=postgres",
        "postgresql://postgres:hunter2@/{name}?host={folder}",
        "postgresql:///{name}?host={folder}&user=postgres&password=hunter2",
        "postgresql://postgres@/{name}?host={folder}&connect_timeout=5&timeout=2.5",
        "postgresql://postgres@/{name}?host={folder}&application_name=shop@work",
        "postgresql://postgres@/{name}?host={folder}&options=-csearch_path%3Dpublic",
    ],
)
def test_a_url_in_any_spelling(form: str, caplog: pytest.LogCaptureFixture):
    """As providers, libpq and SQLAlchemy spell it; whatever driver it names, psycopg serves it."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "sqlalchemy")
    name, folder = parts()
    url = form.format(name=name, folder=folder, quoted=folder.replace("/", "%2F"))
    with crmkit.connect(url, plugins=[]) as crm:
        store = crm.session.store
        assert isinstance(store, SqlStore)
        with store.write() as writer:
            writer.put(META, [("a", "1")])
        shown = f"{store.engine!r} {store.engine.url!r} {crm.config!r} {vars(store)!r}"
    assert "INSERT INTO crmkit_meta" in caplog.text
    assert SECRET not in shown + caplog.text


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://bob:hunter2@h/x?connect_timeout=abc", "connect_timeout='abc'.*seconds"),
        ("postgresql://bob:hunter2@h/x?timeout=-1", "timeout='-1'.*seconds"),
        ("postgresql://bob:hunter2@h/x?timeout=1&timeout=2", "number of seconds"),
        ("postgresql://bob:hunter2@h/x?timeout=1e9", "at most ten days"),
        ("postgresql://bob:hunter2@/x?host=a&port=abc", "one port for each host"),
        ("postgresql://bob:hunter2@/x?host=a&host=b&port=1", "one port for each host"),
        ("postgresql://bob:hunter2@/x?host=a:1&host=b:y", "one port for each host"),
        ("postgresql://bob:hunter2@h/x?speed=11", 'option "speed"'),
        ("postgresql://bob:hunter2@h/x?autocommit=1", 'option "autocommit"'),
        ("postgresql://bob:hunter2@h/x?prepare_threshold=1", 'option "prepare_threshold"'),
        ("postgresql://bob:hunter2@h:port/x", r"user:password@host:5432"),
        ("postgresql://bob:hunter2/@h:hunter2:1/x", r"user:password@host:5432"),
        ("postgresql://bob:x@hunter2@h/x", "%40"),
        ("postgresql://bob:x@5/hunter2@h/x", "%40"),
        ("postgresql://bob:hunter2@h/x%00y", "NUL"),
        ("postgresql://bob:hunter2%00@h/x", "NUL"),
        ("postgresql://bob:hunter2@h/x\0", "NUL"),
        ("postgresql://bob:hunter2@h/\ud800", "surrogate"),
        ("postgresql:/bob:hunter2@h/x", "://"),
    ],
)
def test_what_a_url_must_not_say(url: str, words: str):
    """One line names what is wrong; neither it nor a traceback shows the password."""
    with pytest.raises(ConfigError, match=words) as caught:
        open_store(url)
    assert caught.value.key == "url"  # type: ignore[attr-defined]
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://bob:hunter2@127.0.0.1:1/x", "server runs and is reached"),
        ("postgresql://bob:hunter2@no-such-host.invalid/x", "server runs and is reached"),
        ("postgresql://bob:hunter2@[::1]:1/x", r"^postgresql://bob@\[::1\]:1/x: .*reached"),
        ("postgresql://bob:hunter2@/x?host=127.0.0.1:1&host=127.0.0.1:2", "port 2 failed"),
        ("postgresql://127.0.0.1:1/x?user=bob&password=hunter2&sslpassword=hunter2", "reached"),
        ("postgresql:///x?host=/nonexistent&password=hunter2", "server runs and is reached"),
        ("postgresql://bob:hunter2@127.0.0.1:1/x?sslmode=perhaps", "sslmode"),
        ("postgresql://bob:hunter2@127.0.0.1:99999/x", "port"),
    ],
)
def test_a_server_that_is_not_there(url: str, words: str, caplog: pytest.LogCaptureFixture):
    """The error says where, and what to check; no password in it, behind it or in a log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(CrmkitError, match=words) as caught:
        crmkit.connect(url, plugins=[])
    assert str(caught.value).startswith("postgresql://")
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "\n" not in str(caught.value)


def test_a_timeout_is_what_a_writer_waits():
    """The URL says how long to wait for another writer of the workspace, as SQLite's does."""
    url = database()
    one, other = open_store(f"{url}&timeout=0.05"), open_store(url)
    with other.write(), pytest.raises(StoreBusy, match=r"for 0\.05 s: try again"), one.write():
        pass
    one.close()
    other.close()


class Elsewhere:
    """An engine of another kind."""

    def __init__(self, name: str, driver: str) -> None:
        self.dialect: Any = type("dialect", (), {"name": name, "driver": driver})
        self.url = sa.make_url("postgresql://bob:hunter2@h/x")


@pytest.mark.parametrize(("name", "driver"), [("oracle", "x"), ("postgresql", "psycopg2")])
def test_an_engine_of_another_driver_is_refused(name: str, driver: str):
    """What it must be is said before anything is done by it."""
    with pytest.raises(ConfigError) as caught:
        open_store("postgresql://", engine=Elsewhere(name, driver))
    assert caught.value.key == "engine"  # type: ignore[attr-defined]


def test_a_hosts_engine_needs_no_url_of_its_own():
    """The engine says where; its password is shown by nobody."""
    engine = sa.create_engine("postgresql+psycopg://bob:hunter2@127.0.0.1:1/x?password=hunter2")
    with pytest.raises(CrmkitError, match=r"bob@127\.0\.0\.1:1/x") as caught:
        open_store("postgresql://", engine=engine)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    engine.dispose()


@pytest.mark.parametrize("with_engine", [False, True])
def test_without_psycopg_the_extra_is_named(with_engine: bool):
    """Whoever has not installed it is told how, also where the host brings its own engine."""
    program = (
        "import sys, sqlalchemy as sa; sys.modules['psycopg'] = None\n"
        "from crmkit.stores import open_store\n"
        "class Engine:\n"
        "    class dialect: name, driver = 'postgresql', 'psycopg'\n"
        f"engine = Engine if {with_engine} else None\n"
        "try: open_store('postgresql://bob@h/x', engine=engine)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    assert (
        done.stdout.strip()
        == "ConfigError PostgreSQL needs psycopg: pip install 'crmkit[postgres]'"
    )
