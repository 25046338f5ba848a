"""Killed, or out of room, in the middle: the old data or the new, never something in between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import crmkit
from tests.backup.kit import connect, fill, held, purchase, rows, sqlite

RESTORE = """
import sys
from tests.backup.kit import connect
import crmkit
with connect(sys.argv[1]) as crm:
    print("open", flush=True)
    crmkit.restore(crm, sys.argv[2], replace=True)
    print("done", flush=True)
    sys.stdin.read()
"""
BACKUP = """
import sys
from tests.backup.kit import connect
import crmkit
with connect(sys.argv[1]) as crm:
    print("open", flush=True)
    while True:
        crmkit.backup(crm, sys.argv[2])
"""


def process(program: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a program, and wait until it is about to do what it is there for."""
    started = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert started.stdout
    assert started.stdout.readline() == b"open\n"
    return started


def kill(one: subprocess.Popen[bytes]) -> bytes:
    one.send_signal(signal.SIGKILL)
    out, _ = one.communicate()
    return out


@pytest.mark.row("R66")
@pytest.mark.slow("seven processes, started and killed")
def test_a_restore_that_is_killed(tmp_path: Path) -> None:
    """At whatever moment: the database opens, and is what it was or what it shall be."""
    url, chance = sqlite(tmp_path), random.Random(7)
    with connect("memory://") as crm:
        fill(crm)
        crm.capture((purchase(n, f"q{n}") for n in range(3_000, 6_000)), source="shop")
        crmkit.backup(crm, tmp_path / "b")
        new = held(crm)
    with connect(url) as crm:
        fill(crm, people=3)
        old = held(crm)
    started = time.monotonic()
    one = process(RESTORE, url, str(tmp_path / "b"))
    assert one.stdout
    assert one.stdout.readline() == b"done\n"
    took = time.monotonic() - started
    one.communicate()
    ends = set()
    for part in range(6):
        for file in tmp_path.glob("shop.db*"):
            file.unlink()
        with connect(url) as crm:
            fill(crm, people=3)
            old = held(crm)
        one = process(RESTORE, url, str(tmp_path / "b"))
        time.sleep(took * (part + chance.random()) / 6)
        kill(one)
        with connect(url) as crm:
            found = held(crm)
            assert found in (old, new)
            ends.add(found == new)
            crmkit.restore(crm, tmp_path / "b", replace=True)
            assert held(crm) == new
    assert False in ends


@pytest.mark.row("R68")
@pytest.mark.slow("six processes, started and killed")
def test_a_backup_that_is_killed(tmp_path: Path) -> None:
    """The file of its name is always whole; what a kill leaves beside it looks like no backup."""
    url, chance = sqlite(tmp_path), random.Random(7)
    with connect(url) as crm:
        fill(crm)
        crm.capture((purchase(n, f"q{n}") for n in range(3_000, 5_000)), source="shop")
        crmkit.backup(crm, tmp_path / "b")
    for _ in range(6):
        one = process(BACKUP, url, str(tmp_path / "b"))
        time.sleep(chance.random() / 2)
        kill(one)
        assert crmkit.read_backup(tmp_path / "b").parts[0].rows["touchpoint"] == 2_032
    for left in tmp_path.glob(".b.*.part"):
        assert left.name.endswith(".part")


@pytest.mark.row("R66")
def test_no_room_for_what_comes_back(tmp_path: Path) -> None:
    """A full disk: one clear error, and every row is as it was."""
    with connect("memory://") as crm:
        fill(crm)
        crm.capture((purchase(n, f"q{n}", text="x" * 900) for n in range(2_000)), source="much")
        crmkit.backup(crm, tmp_path / "b")
    with connect(sqlite(tmp_path)) as crm:
        fill(crm, people=3)
        before = rows(crm.session.store, but=set())
        with crm.session.store._connection() as connection:  # type: ignore[attr-defined]
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(crmkit.StoreError, match="full"):
            crmkit.restore(crm, tmp_path / "b", replace=True)
        assert rows(crm.session.store, but=set()) == before
    with connect(sqlite(tmp_path)) as crm:
        crmkit.restore(crm, tmp_path / "b", replace=True)
        assert len(held(crm)["touchpoint"]) == 2_032
