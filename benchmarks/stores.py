"""The SQLite store alone, beside the bare driver on the same table with the same settings.

The same rows go once through `sqlite3.executemany` and once through `Writer.append`. Then states
of about 600 bytes are replaced and fetched in batches of 20,000 customers at random.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.measuring import Result, Setting, timed
from crmkit.contracts.store import Row, Store
from crmkit.contracts.tables import STATE, TOUCHPOINT
from crmkit.stores import open_store
from crmkit.stores.sqlite_dialect import tune
from crmkit.testing.rows import row

BATCH = 20_000


def run(setting: Setting) -> list[Result]:
    """Measure both; the files are deleted as soon as they are written."""
    customers = [f"c-{number * 2654435761 % 2**32:08x}" for number in range(setting.customers)]
    base = spent(setting, bare, batches(customers, setting.touchpoints))
    took = spent(setting, through, batches(customers, setting.touchpoints))
    appended = Result(
        what=f"append {setting.touchpoints:,} touchpoints",
        took=took,
        against="executemany of the same rows",
        base=base,
    )
    return [appended, *states(setting.folder / "states.db", customers)]


def batches(customers: list[str], total: int) -> Iterator[list[Row]]:
    """Make touchpoints in the order of time, over customers at random, numbered from 1."""
    dice = random.Random(5)  # noqa: S311 - no secret
    for first in range(1, total + 1, BATCH):
        yield [
            row(
                TOUCHPOINT,
                seq=number,
                source="shop",
                id=f"o-{number}",
                customer=dice.choice(customers),
                kind="purchase",
                at=1_600_000_000_000_000 + number * 150_000_000,
                zone=28_800,
                recorded=1_700_000_000_000_000,
                run=1,
                amount="88.50",
                currency="CNY",
                item=f"sku-{number % 5000}",
                category=f"cat-{number % 40}",
                channel="web",
                direction="in",
                origin="captured",
            )
            for number in range(first, min(first + BATCH, total + 1))
        ]


def spent(
    setting: Setting,
    opened: Callable[[Path], Callable[[list[Row]], None]],
    made: Iterator[list[Row]],
) -> float:
    """Write all batches into a fresh file; give the seconds, without those of making the rows."""
    path = setting.folder / "log.db"
    write, took = opened(path), 0.0
    for rows in made:
        took += timed(lambda rows=rows: write(rows))[0]  # type: ignore[misc]
    write([])
    path.unlink()
    return took


def bare(path: Path) -> Callable[[list[Row]], None]:
    """Write by the driver alone, into the store's own table; no rows close it."""
    open_store(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path, isolation_level=None)
    tune(connection)
    values = ", ?" * len(TOUCHPOINT.columns)
    sql = f"INSERT INTO crmkit_touchpoint VALUES (1{values})"  # noqa: S608 - our own names

    def write(rows: list[Row]) -> None:
        if not rows:
            connection.close()
            return
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, rows)
        connection.execute("COMMIT")

    return write


def through(path: Path) -> Callable[[list[Row]], None]:
    """Write by the store; no rows close it."""
    store = open_store(f"sqlite:///{path}")

    def write(rows: list[Row]) -> None:
        if not rows:
            store.close()
            return
        with store.write() as writer:
            writer.sequence(len(rows))
            writer.append(TOUCHPOINT, rows)

    return write


def states(path: Path, customers: list[str]) -> list[Result]:
    """Replace and fetch the states of customers at random."""
    store = open_store(f"sqlite:///{path}")
    dice = random.Random(7)  # noqa: S311 - no secret
    for first in range(0, len(customers), BATCH):
        put(store, customers[first : first + BATCH])
    ids = dice.sample(customers, min(BATCH, len(customers)))
    replaced = put(store, ids)

    def fetch() -> int:
        with store.read() as reader:
            return sum(1 for _ in reader.fetch(STATE, [(id_,) for id_ in ids]))

    fetched, found = timed(fetch)
    store.close()
    path.unlink()
    return [
        Result(what=f"replace {len(ids):,} states", took=replaced),
        Result(what=f"fetch {found:,} states", took=fetched),
    ]


def put(store: Store, ids: list[str]) -> float:
    """Write states of the usual size; give the seconds."""
    rows = [
        row(STATE, customer=id_, sums=bytes(400), seen=bytes(100), bought=bytes(100)) for id_ in ids
    ]
    start = perf_counter()
    with store.write() as writer:
        writer.put(STATE, rows)
    return perf_counter() - start
