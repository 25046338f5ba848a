"""A server that crashes, restarts or only follows another: nothing is lost or half done."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import psycopg
import pytest

import crmkit
from crmkit.capture.engine import Settings
from crmkit.contracts.tables import TABLES
from crmkit.errors import StoreError
from crmkit.testing.postgres_server import Server
from tests.capture.importer import stream
from tests.capture.kit import NOW, Shop
from tests.cli.kit import run
from tests.postgres import name_of
from tests.stores.postgres_kit import opened, refused

RECORDS = list(islice(stream(), 1_500))
SETTINGS = Settings(clock=lambda: NOW, region="CN", batch=150)
TIMES = "fsync = off\nmax_standby_streaming_delay = 1s"  # what crashes is the server, no machine


@pytest.fixture(scope="module")
def primary() -> Iterator[Server]:
    made = Server(version=16, settings=TIMES)
    yield made
    made.close()


@pytest.fixture
def url(primary: Server, request: pytest.FixtureRequest) -> str:
    """Give an empty database of the server's."""
    name = f"of_{abs(hash(request.node.name))}"
    primary.execute(f"CREATE DATABASE {name}")
    return primary.url(name)


# -- crashes -------------------------------------------------------------------------------


@pytest.fixture
def crash(primary: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let the server die when so many rows were sent in streams; whoever wants it starts it."""

    def after(rows: int) -> None:
        send, sent = psycopg.Copy.write_row, count(1)

        def lose(copy: Any, values: Any) -> None:
            if next(sent) == rows:
                primary.stop("immediate")
            send(copy, values)

        monkeypatch.setattr(psycopg.Copy, "write_row", lose)

    yield after
    monkeypatch.undo()
    primary.start()


def assert_clean(shop: Shop) -> None:
    """Compare with one that captured the same in peace."""
    clean = Shop(settings=SETTINGS)
    clean.capture_all(RECORDS)
    one, other = shop.dump(), clean.dump()
    for table in TABLES:
        assert one[table.name] == other[table.name], table.name


def test_an_import_whose_server_crashes_ends_like_a_clean_one(
    primary: Server, url: str, crash: Any, caplog: pytest.LogCaptureFixture
):
    """Wherever the server dies the import ends, and made again it leaves what a clean one does."""
    shop = Shop(store=opened(url), settings=SETTINGS)
    for rows in (1, 700, 450):
        crash(rows)
        with pytest.raises(StoreError, match="the connection was lost"):
            shop.capture_all(RECORDS)
        with pytest.raises(StoreError, match="check that the server runs"):
            shop.capture_all(RECORDS)
        primary.start()
    shop.capture_all(RECORDS)
    assert_clean(shop)
    shop.store.close()
    assert caplog.text == ""


def test_a_server_that_is_restarted_between_two_batches_is_not_felt(primary: Server, url: str):
    """No connection is held between them: the import goes on as if nothing had been."""

    def records() -> Iterable[Any]:
        yield from RECORDS[:650]
        primary.stop()
        primary.start()
        yield from RECORDS[650:]

    shop = Shop(store=opened(url), settings=SETTINGS)
    shop.capture_all(records())
    assert_clean(shop)
    shop.store.close()


def test_the_program_tells_what_stays(
    primary: Server, url: str, crash: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whose import was ended by a crash is told that it can be started again; then all is there."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{n},visit,2026-04-01T00:00:00Z,c{n}@example.com" for n in range(300)]
    Path("visits.csv").write_text("\n".join(["id,kind,at,email", *lines]) + "\n", "utf-8")
    program = ("--no-plugins", "--url", url)
    run(*program, "migrate")
    crash(100)
    done = run(*program, "import", "visits.csv", code=3)
    assert re.fullmatch(
        "What came in before stays: the same import, started again, takes in the rest\\.\n"
        "Error: postgresql://.*: the connection was lost, and nothing of this write was kept: "
        "try again\n",
        done.stderr,
    )
    for words in (("report",), ("doctor",), ("import", "visits.csv"), ("advance",)):
        done = run(*program, *words, code=3)
        assert re.fullmatch("(What came .*\n)?Error: .*check that the server runs.*\n", done.stderr)
    primary.start()
    assert "300" in run(*program, "import", "visits.csv").stdout
    assert run(*program, "report").stdout.startswith("300 customers, 300 touchpoints")


# -- a standby -----------------------------------------------------------------------------


def test_a_standby_is_read(primary: Server, url: str):
    """What the primary has is read there by everything that reads; a write is told where to go."""
    with crmkit.connect(url, plugins=[], clock=lambda: NOW) as crm:
        crm.capture(RECORDS, "shop")
        crm.lifecycle.advance()
        there = [crm.report(), crm.value.pyramid(), crm.care.agenda(NOW.date())]
    standby = Server(version=16, of=primary)
    try:
        follower = standby.url(name_of(url))
        with crmkit.connect(follower, plugins=[], clock=lambda: NOW) as crm:
            assert there == [crm.report(), crm.value.pyramid(), crm.care.agenda(NOW.date())]
            with pytest.raises(StoreError, match=r"read replica.*primary"):
                crm.capture(RECORDS[:5], "other")
            with crmkit.connect(url, plugins=[]) as other:
                other.capture([RECORDS[0] | {"id": "late"}], "other")
            wait_for(lambda: crm.report().touchpoints == there[0].touchpoints + 1)
        primary.execute("CREATE DATABASE empty")
        wait_for(lambda: standby.execute("SELECT 1", database="empty") is None)
        refused(standby.url("empty"), "read replica.*primary")
    finally:
        standby.close()


def wait_for(holds: Any) -> None:
    """Wait until the standby has caught up."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if holds():
                return
        except psycopg.OperationalError:
            pass  # not there yet
        time.sleep(0.05)
    raise AssertionError("the standby does not follow")
