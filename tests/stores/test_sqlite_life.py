"""The file under an open store: gone or replaced, damaged, and rid of what was erased."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import crmkit
from crmkit.contracts.store import Store
from crmkit.contracts.tables import CUSTOMER, META
from crmkit.errors import StoreClosed, StoreError
from crmkit.stores import open_store
from crmkit.testing.rows import row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def execute(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(sql)
    connection.close()


def fill(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    store.close()


def files(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if one.name != "key")


def write(store: Store) -> None:
    with store.write() as writer:
        writer.put(META, [("b", "2")])


def read(store: Store) -> None:
    with store.read() as reader:
        list(reader.scan(META))


# -- gone ----------------------------------------------------------------------------------


@pytest.mark.parametrize("use", [write, read], ids=["write", "read"])
@pytest.mark.parametrize("how", ["deleted", "replaced by another file"])
def test_a_file_that_is_gone_is_noticed(path: Path, how: str, use: Callable[[Store], None]):
    """Nothing is written to a file that nobody will find; nor is another one made in its place."""
    store = open_store(f"sqlite:///{path}")
    write(store)
    if how == "deleted":
        path.rename(path.with_name("away.db"))
    else:
        fill(other := path.with_name("other.db"))
        other.replace(path)
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"shop\.db was {how}.*connect again"):
            use(store)
    assert path.exists() == (how != "deleted")
    store.close()
    with pytest.raises(StoreClosed):
        use(store)


def test_a_file_that_comes_back_is_used_again(path: Path):
    """It is the same one, with all that was written."""
    store = open_store(f"sqlite:///{path}")
    path.rename(away := path.with_name("away.db"))
    with pytest.raises(StoreError, match="deleted"):
        write(store)
    away.rename(path)
    write(store)
    store.close()


def test_another_name_for_the_file_is_the_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    """A link, a path from a folder that is left, and a vacuum change nothing."""
    fill(path)
    (link := path.with_name("link.db")).symlink_to(path)
    monkeypatch.chdir(path.parent)
    for name in ("link.db", "shop.db"):
        store = open_store(f"sqlite:///{name}")
        monkeypatch.chdir("/")
        write(store)
        execute(path, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        write(store)
        store.close()
        monkeypatch.chdir(path.parent)
    assert link.is_symlink()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_notices_too(path: Path):
    """After a fork the child's new connections would open the other file."""
    store = open_store(f"sqlite:///{path}")
    write(store)
    path.unlink()
    fill(path)
    child = os.fork()
    if not child:
        try:
            write(store)
        except StoreError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    store.close()


def test_a_database_in_memory_has_no_file_to_lose():
    """Nobody knows its name."""
    store = open_store("sqlite://")
    write(store)
    read(store)
    store.close()


def test_tables_of_others_are_not_looked_at(path: Path):
    """A host's and a plugin's tables stand beside crmkit's, whatever they are called."""
    execute(path, "CREATE TABLE customer (id); CREATE TABLE crmkit_card (id)")
    fill(path)
    execute(path, "DROP TABLE crmkit_card")
    open_store(f"sqlite:///{path}").close()


# -- erased --------------------------------------------------------------------------------

SECRETS = (b"Zygmunt", b"zygmunt", b"8613801381234", b"whisper", "丁".encode())


def told(number: int, customer: dict[str, str], text: str) -> dict[str, object]:
    at = f"2026-05-{1 + number % 28:02d}T10:00:00+08:00"
    return {"id": f"t-{number}", "kind": "visit", "at": at, "customer": customer, "text": text}


def test_the_erased_are_in_no_file(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither name, keys nor words are in the database, its log or its free pages any more.

    His rows lie among many others', and were written over and over, so that pages were split, and
    copies of them left behind, as in a database that has grown.
    """
    monkeypatch.setenv("CRMKIT_ERASURE_KEY", "k" * 32)
    he = {"email": "zygmunt@example.com", "phone": "+8613801381234", "name": "Zygmunt 丁"}
    with crmkit.connect(f"sqlite:///{path}") as crm:
        for turn in range(12):
            others = [
                told(turn * 1000 + n, {"shop": f"{n * 7919 % 331}"}, f"word {n}" * (n % 9))
                for n in range(300)
            ]
            his = [told(turn * 1000 + 500 + n, he, f"whisper {n} " * 9) for n in range(9)]
            crm.capture(others[:150] + his + others[150:], source="shop")
        found = crm.customers.find(email=he["email"])
        assert found is not None
        crm.customers.save(
            crmkit.Customer(id=found.id, name="Zygmunt 丁", introduction="丁" * 5000)
        )
        assert all(secret in files(path) for secret in SECRETS)
        crm.customers.erase(found.id, reason="he asked")
        assert [secret for secret in SECRETS if secret in files(path)] == []
        assert path.with_name("shop.db-wal").stat().st_size == 0


def test_a_reader_may_stand_in_the_way(path: Path, caplog: pytest.LogCaptureFixture):
    """It goes on seeing what it saw; the log says so, and the next write after it cleans up."""
    store = open_store(f"sqlite:///{path}")
    with store.write() as writer:
        writer.put(CUSTOMER, [row(CUSTOMER, id="c1", name="Zygmunt")])
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.read() as reader:
            assert reader.count(CUSTOMER) == 1
            entered.set()
            leave.wait(30)
            assert reader.count(CUSTOMER) == 1

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(30)
    with store.write() as writer:
        writer.delete(CUSTOMER, [("c1",)])
    store.scrub()
    assert b"Zygmunt" in files(path)
    assert "reader" in caplog.text
    write(store)  # he is still there: nothing waits for him
    leave.set()
    thread.join()
    write(store)
    assert b"Zygmunt" not in files(path)
    caplog.clear()
    store.scrub()
    assert caplog.text == ""
    store.close()


def test_a_scrub_that_fails_undoes_nothing(path: Path, caplog: pytest.LogCaptureFixture):
    """What was erased is erased: that the file is gone is for the next call to tell."""
    store = open_store(f"sqlite:///{path}")
    write(store)
    path.unlink()
    store.scrub()
    assert "write-ahead log" in caplog.text
    store.close()
