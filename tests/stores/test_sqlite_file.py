"""A SQLite file: what cannot be opened or written says why, and nothing is half done."""

# ruff: noqa: PT012 - what raises in a block is what undoes it
from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit.contracts.tables import META, STATE, TOUCHPOINT
from crmkit.errors import ConfigError, SchemaError, StoreBusy, StoreError
from crmkit.stores import open_store
from crmkit.stores.sql.store import SqlStore
from crmkit.testing.rows import row, touchpoints
from tests.stores.many_processes import open_by_many_processes

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crm.db"


def opened(path: Path, query: str = "", **settings: str) -> SqlStore:
    store = open_store(f"sqlite:///{path}{query}", **settings)
    assert isinstance(store, SqlStore)
    return store


def fill(path: Path) -> None:
    store = opened(path)
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    store.close()


def execute(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Three slashes are a path from here, four are one from the root."""
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///here.db").close()
    assert (tmp_path / "here.db").exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_in_memory_keeps_every_law(url: str):
    """An in-memory URL works like a file: a reader beside an open write; it leaves nothing."""
    store = open_store(url)
    assert isinstance(store, SqlStore)
    file = Path(str(store.engine.url.database))
    with store.write() as writer:
        writer.put(META, [("a", "1")])
        with store.read() as reader:
            assert list(reader.scan(META)) == []
    assert file.exists()
    store.close()
    assert not file.parent.exists()


def test_a_file_that_is_no_database(path: Path):
    """Another kind of file is left as it is."""
    path.write_bytes(b"id,name\n1,lin\n" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        opened(path)
    assert path.read_bytes().startswith(b"id,name")


def test_a_damaged_file(path: Path):
    """A database whose pages were overwritten names the backup."""
    fill(path)
    content = bytearray(path.read_bytes())
    content[100:8000] = b"\xff" * 7900
    path.write_bytes(content)
    with pytest.raises(StoreError, match="backup"):
        opened(path)


def test_a_directory(tmp_path: Path):
    """A directory in place of a file is named as one."""
    with pytest.raises(StoreError, match="is a directory"):
        opened(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path):
    """A missing folder is named."""
    with pytest.raises(StoreError, match=r"make the folder .*nowhere first"):
        opened(tmp_path / "nowhere" / "crm.db")


def test_a_read_only_file_can_be_read(path: Path):
    """What may only be read is read, and a write says what to change."""
    fill(path)
    store = open_store(f"sqlite:///file:{path}?mode=ro&uri=true")
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "1")]
    with pytest.raises(StoreError, match="writable"), store.write() as writer:
        writer.put(META, [("a", "2")])
    store.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_folder(tmp_path: Path):
    """A folder that may not be written says so."""
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="writable"):
        opened(tmp_path / "crm.db")


def test_a_full_disk_undoes_the_write(path: Path):
    """Where space runs out in the middle of a write, nothing of it stays, and all goes on."""
    store = opened(path)
    with store.write() as writer:
        writer.put(META, [("a", "1")])
    with pytest.raises(StoreError, match="free space"), store.write() as writer:
        writer.connection.exec_driver_sql("PRAGMA max_page_count = 60")  # type: ignore[attr-defined]
        writer.put(META, [("b", "2")])
        for number in range(100):
            writer.put(STATE, [row(STATE, customer=str(number), sums=bytes(100_000))])
    store.close()
    store = opened(path)
    with store.write() as writer:
        assert list(writer.scan(META)) == [("a", "1")]
        assert writer.count(STATE) == 0
        writer.put(META, [("c", "3")])
    store.close()


def test_a_write_that_failed_cannot_go_on(path: Path):
    """Swallowing the error inside the block does not commit the half that worked."""
    store = opened(path)
    with pytest.raises(StoreError, match="failed before"), store.write() as writer:
        writer.put(META, [("a", "1")])
        with pytest.raises(StoreError, match="breaks a rule"):
            writer.put(META, [("b", "1"), ("c", None)])
    with store.read() as reader:
        assert list(reader.scan(META)) == []
    store.close()


@pytest.mark.parametrize("value", [2**63, "\ud800", object()])
def test_a_value_that_cannot_be_kept(path: Path, value: object):
    """A number past 64 bits, half a character or another object is a StoreError."""
    store = opened(path)
    with pytest.raises(StoreError), store.write() as writer:
        writer.put(META, [("a", value)])
    store.close()


def test_a_locked_database_is_busy(path: Path):
    """A lock that another process keeps is a StoreBusy after the time the URL gives."""
    fill(path)
    store = opened(path, "?timeout=0.1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match=r"0\.1 s"), store.write():
        pass
    with store.read() as reader:  # whoever only reads does not wait
        assert list(reader.scan(META)) == [("a", "1")]
    other.execute("ROLLBACK")
    with store.write() as writer:
        writer.put(META, [("a", "2")])
    other.close()
    store.close()


def test_check_makes_no_file(path: Path):
    """Whoever only looks, at a path that was misspelt, leaves nothing there."""
    engine = sa.create_engine(f"sqlite:///{path}")
    for settings in ({}, {"engine": engine}):
        with pytest.raises(SchemaError, match="run `crmkit migrate`"):
            open_store(f"sqlite:///{path}", migrate="check", **settings)
    engine.dispose()
    assert not path.exists()


def test_never_asks_nothing(path: Path):
    """With `never` a missing schema is noticed at the first use, and named."""
    store = opened(path, migrate="never")
    with pytest.raises(SchemaError, match="crmkit migrate"), store.read() as reader:
        list(reader.scan(META))
    store.close()


def test_a_fresh_file_opened_by_many_processes_at_once(path: Path):
    """Every one of them finds or makes the schema, and none fails."""
    open_by_many_processes(f"sqlite:///{path}")


def test_a_fresh_file_opened_by_many_threads_at_once(path: Path):
    """The same within one process."""
    barrier = threading.Barrier(6)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            store = opened(path, workspace=f"w{number}")
            with store.write() as writer:
                writer.put(META, [("a", "1")])
            store.close()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


KILLED = """
import sys
from crmkit.contracts.tables import STATE, TOUCHPOINT
from crmkit.stores import open_store
from crmkit.testing.rows import row, touchpoints
store = open_store(sys.argv[1])
print("ready", flush=True)
number = 0
while True:
    number += 1
    with store.write() as writer:
        ids = [f"{number}-{part}" for part in range(50)]
        writer.append(TOUCHPOINT, touchpoints(writer, ids, customer="a"))
        writer.put(STATE, [row(STATE, customer="a", own=number * 50)])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_killed_writer_leaves_whole_transactions(path: Path):
    """Killed at any moment, from the first one on, a writer leaves the tables agreeing."""
    counts = []
    for delay in (None, None, 0.0, 0.003, 0.05, 0.2):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, f"sqlite:///{path}{len(counts)}"],
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        if delay is None:  # while the schema is being made
            file = Path(f"{path}{len(counts)}")
            while not file.exists() or (counts and not file.stat().st_size):
                time.sleep(0.0005)
        else:
            process.stdout.readline()
            time.sleep(delay)
        process.kill()
        process.wait(timeout=30)
        process.stdout.close()
        store = opened(Path(f"{path}{len(counts)}"))
        with store.write() as writer:
            states = list(writer.scan(STATE, columns=("own",)))
            counts.append(writer.count(TOUCHPOINT))
            assert counts[-1] == (states[0][0] if states else 0)
            fresh = touchpoints(writer, ["again"])
            assert writer.append(TOUCHPOINT, fresh) == []
            assert fresh[0][0] > counts[-1]
        store.close()
    assert counts[-1] > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_opens_connections_of_its_own(path: Path):
    """Parent and child both write through the store they share, and lose nothing."""
    store = opened(path)
    with store.write() as writer:
        writer.put(META, [("parent", "0")])
    child = os.fork()
    if not child:
        code = 1
        try:
            for number in range(20):
                with store.write() as writer:
                    writer.put(META, [(f"child {number}", "1")])
            code = 0
        finally:
            os._exit(code)
    for number in range(20):
        with store.write() as writer:
            writer.put(META, [(f"parent {number}", "1")])
    assert os.waitpid(child, 0)[1] == 0
    with store.read() as reader:
        assert reader.count(META) == 41
    store.close()
    assert execute(path, "PRAGMA integrity_check") == [("ok",)]


def test_the_engine_of_another_database_is_refused(tmp_path: Path):
    """An engine that speaks something else than the URL says is a ConfigError."""

    class Elsewhere:
        class dialect:  # noqa: N801 - as an engine names it
            name = "oracle"

    with pytest.raises(ConfigError, match="oracle"):
        open_store(f"sqlite:///{tmp_path}/crm.db", engine=Elsewhere())


def test_errors_carry_no_values(path: Path):
    """What a row held stands in no message of its error, nor in those behind it."""
    store = opened(path)
    with pytest.raises(StoreError) as caught, store.write() as writer:
        writer.append(TOUCHPOINT, touchpoints(writer, ["a"], customer=None, text="secret-77"))
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret-77" not in str(error)
        error = error.__cause__
    store.close()
