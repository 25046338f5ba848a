"""Capture into SQLite, beside ``executemany`` of the very rows that capture wrote.

crmkit reads each record, finds out whose it is, looks for duplicates, writes the log and the
customers, and folds the value of everybody touched; the bare loop only writes the log. It gets the
same table with the same indexes, the same pragmas, and as many rows a transaction.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks import shop
from benchmarks.measuring import Result, Setting, capture_firm, connect, peak, timed
from crmkit.capture.engine import BATCH

_LOG = "crmkit_touchpoint"
_PRAGMAS = ("page_size", "journal_mode", "synchronous", "cache_size", "wal_autocheckpoint")


def run(setting: Setting) -> list[Result]:
    """Capture the firm in a process of its own, then write its log once more without crmkit."""
    arguments = map(str, (setting.folder, setting.customers, setting.touchpoints, setting.seed))
    command = [sys.executable, "-m", "benchmarks.capture", *arguments]
    child = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    base = bare(setting.database, setting.folder / "bare.db")
    size = f"{setting.touchpoints:,} touchpoints"
    return [
        Result(
            what=f"capture {size} of {setting.customers:,} customers",
            took=child["took"],
            against="executemany of the same rows",
            base=base,
        ),
        Result(
            what=f"peak memory of capturing {size}",
            took=child["peak"],
            against="before the first record",
            base=child["before"],
            unit="B",
        ),
    ]


def child(setting: Setting) -> dict[str, float]:
    """Capture the firm; the seconds are without those of making the records up."""
    stream = shop.touchpoints(setting.customers, setting.touchpoints, setting.seed)
    made_up, _ = timed(lambda: sum(1 for _ in stream))
    setting.database.unlink(missing_ok=True)
    with connect(setting.folder / "warm.db") as crm:  # imports and opens what capture needs
        crm.capture(shop.touchpoints(10, 10), shop.SOURCE)
    before = peak()
    took = capture_firm(setting)
    return {"took": took - made_up, "before": before, "peak": peak()}


def bare(source: Path, target: Path) -> float:
    """Write the log of one database into another by `sqlite3` alone; give the seconds."""
    target.unlink(missing_ok=True)
    read = sqlite3.connect(source)
    write = sqlite3.connect(target, isolation_level=None)
    for name, value in _pragmas(source).items():
        write.execute(f"PRAGMA {name} = {value}")
    tables = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY rowid"
    for (sql,) in read.execute(tables, (_LOG,)):
        write.execute(sql)
    rows = read.execute(f"SELECT * FROM {_LOG} ORDER BY seq")  # noqa: S608 - our own name
    insert = f"INSERT INTO {_LOG} VALUES ({', '.join('?' * len(rows.description))})"  # noqa: S608
    took = 0.0
    while batch := rows.fetchmany(BATCH):
        start = perf_counter()
        write.execute("BEGIN IMMEDIATE")
        write.executemany(insert, batch)
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
    customers, touchpoints, seed = map(int, sys.argv[2:])
    firm = Setting(
        folder=Path(sys.argv[1]), customers=customers, touchpoints=touchpoints, seed=seed
    )
    print(json.dumps(child(firm)))
