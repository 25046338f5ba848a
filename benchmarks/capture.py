"""Capture into SQLite, beside ``executemany`` of the very rows that capture wrote.

crmkit reads each record, finds out whose it is, looks for duplicates, writes the log and the
customers, and folds the value of everybody touched; the bare loop only writes the log. It gets the
same table with the same indexes, the same pragmas, and as many rows a transaction; and once more
the settings that SQLite has by itself, as a script of one's own would. Both get what they write
from memory: capture a list, and the loop a batch at a time, which is read off the clock.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

from benchmarks import shop
from benchmarks.measuring import Result, Setting, capture_firm, connect, peak
from crmkit.capture.engine import BATCH

_LOG = "crmkit_touchpoint"
_USUAL = 10_000
"""Rows a transaction, in a script that does not think of it."""
_PRAGMAS = ("page_size", "journal_mode", "synchronous", "cache_size", "wal_autocheckpoint")


def run(setting: Setting) -> list[Result]:
    """Capture the firm in a process of its own, twice, then write its log without crmkit."""
    captured = _child("took", setting)["took"]
    held = _child("memory", setting)  # leaves the firm's database
    size = f"{setting.touchpoints:,} touchpoints"
    target = setting.folder / "bare.db"
    like_ours = _pragmas(setting.database)
    return [
        Result(
            what=f"capture {size} of {setting.customers:,} customers",
            took=captured,
            against="executemany of the same rows",
            base=bare(setting.database, target, like_ours, BATCH),
        ),
        *(
            Result(
                what="the same",
                took=captured,
                against=f"executemany with SQLite's own settings, {batch:,} rows a transaction",
                base=bare(setting.database, target, {}, batch),
            )
            for batch in (BATCH, _USUAL)
        ),
        Result(
            what=f"peak memory of capturing {size}",
            took=held["peak"],
            against="before the first record",
            base=held["before"],
            unit="B",
        ),
    ]


def _child(what: str, setting: Setting) -> dict[str, float]:
    arguments = map(str, (setting.folder, setting.customers, setting.touchpoints, setting.seed))
    command = [sys.executable, "-m", "benchmarks.capture", what, *arguments]
    answer: dict[str, float] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    )
    return answer


def took(setting: Setting) -> dict[str, float]:
    """Capture the firm into a database of its own, from a list; give the seconds."""
    database = setting.folder / "captured.db"
    database.unlink(missing_ok=True)
    records = list(shop.touchpoints(setting.customers, setting.touchpoints, setting.seed))
    with connect(database) as crm:
        shop.promotions(crm)
        start = perf_counter()
        crm.capture(records, shop.SOURCE)
    seconds = perf_counter() - start  # closed: what SQLite writes back belongs to it
    database.unlink()
    return {"took": seconds}


def memory(setting: Setting) -> dict[str, float]:
    """Capture the firm from a stream; give the memory before the first record, and the most."""
    setting.database.unlink(missing_ok=True)
    with connect(setting.folder / "warm.db") as crm:  # imports and opens what capture needs
        crm.capture(shop.touchpoints(10, 10), shop.SOURCE)
    before = peak()
    capture_firm(setting)
    return {"before": before, "peak": peak()}


def bare(source: Path, target: Path, pragmas: Mapping[str, object], batch: int) -> float:
    """Write the log of one database into another by `sqlite3` alone; give the seconds.

    Args:
        source: The database that capture wrote.
        target: The other, which is made and removed.
        pragmas: Its settings, where they are not SQLite's own.
        batch: Rows a transaction.
    """
    target.unlink(missing_ok=True)
    read = sqlite3.connect(source)
    write = sqlite3.connect(target, isolation_level=None)
    for name, value in pragmas.items():
        write.execute(f"PRAGMA {name} = {value}")
    tables = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY rowid"
    for (sql,) in read.execute(tables, (_LOG,)):
        write.execute(sql)
    rows = read.execute(f"SELECT * FROM {_LOG} ORDER BY seq")  # noqa: S608 - our own name
    insert = f"INSERT INTO {_LOG} VALUES ({', '.join('?' * len(rows.description))})"  # noqa: S608
    took = 0.0
    while some := rows.fetchmany(batch):
        start = perf_counter()
        write.execute("BEGIN IMMEDIATE")
        write.executemany(insert, some)
        write.execute("COMMIT")
        took += perf_counter() - start
    start = perf_counter()
    write.close()  # as with capture: what is written back at the end belongs to it
    took += perf_counter() - start
    read.close()
    target.unlink()
    return took


def _pragmas(database: Path) -> dict[str, object]:
    """Give the pragmas that crmkit's own connections go by."""
    with connect(database) as crm, crm.session.store.read() as reader:
        # Only the SQL store's reader has a connection; what crmkit calls has none to ask.
        run = reader.connection.exec_driver_sql  # type: ignore[attr-defined]
        return {name: run(f"PRAGMA {name}").scalar() for name in _PRAGMAS}


if __name__ == "__main__":
    customers, touchpoints, seed = map(int, sys.argv[3:])
    firm = Setting(
        folder=Path(sys.argv[2]), customers=customers, touchpoints=touchpoints, seed=seed
    )
    print(json.dumps({"took": took, "memory": memory}[sys.argv[1]](firm)))
