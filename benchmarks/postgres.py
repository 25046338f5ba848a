"""Capture into PostgreSQL beside a bare COPY of the very rows, and scores beside those of SQLite.

The server comes from a package and runs on this machine, so that it and crmkit share its cores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from time import perf_counter
from typing import Any

import crmkit
from benchmarks import shop
from benchmarks.measuring import Result, Setting, median_of, the_firm, timed
from benchmarks.scores import totals
from crmkit.capture.engine import BATCH
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.stores.postgres_log import BY_YEAR, KEYS, LOG
from crmkit.testing.postgres import start

_TIMES = 3
_TABLES = (
    ("COPY, primary key only", f"(LIKE {LOG}, PRIMARY KEY (workspace, seq))", False),
    ("COPY, with all indexes", f"(LIKE {LOG} INCLUDING ALL)", False),
    (
        "COPY, as the log is: years, indexes, and the keys beside it",
        f"(LIKE {LOG} INCLUDING ALL) PARTITION BY {BY_YEAR}",
        True,
    ),
)
_PARTITIONS = (
    "SELECT relname, pg_get_expr(relpartbound, pg_class.oid) FROM pg_inherits "  # noqa: S608
    f"JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = '{LOG}'::regclass"
)
_key = itemgetter(0, *(TOUCHPOINT.position[name] + 1 for name in TOUCHPOINT.key))
"""The workspace and the key of a row."""


def run(setting: Setting) -> list[Result]:
    """Capture the firm into a new database, copy its log beside it, and score everybody."""
    with _server() as url:
        with crmkit.connect(url, clock=shop.clock, plugins=[]) as crm:
            shop.promotions(crm)
            made = shop.touchpoints(setting.customers, setting.touchpoints, setting.seed)
            records = list(made)  # in memory, as the rows are that COPY gets
            captured, _ = timed(partial(crm.capture, records, shop.SOURCE))
            del records
            scored = median_of(_TIMES, lambda: totals(crm))
        copied = [(how, _bare(url, table, keys=keys)) for how, table, keys in _TABLES]
    with the_firm(setting) as crm:
        scored_by_sqlite = median_of(_TIMES, lambda: totals(crm))
    what = f"capture {setting.touchpoints:,} touchpoints into PostgreSQL"
    return [
        *(Result(what=what, took=captured, against=how, base=took) for how, took in copied),
        Result(
            what=f"scores of {setting.customers:,} customers in PostgreSQL",
            took=scored,
            against="in SQLite",
            base=scored_by_sqlite,
        ),
    ]


@contextmanager
def _server() -> Iterator[str]:
    """Run a server for the time of a block and give the URL of an empty database.

    One of its own: the one that the tests share never waits for the disk.
    """
    server = start()
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def _bare(url: str, table: str, *, keys: bool) -> float:
    """Copy the log into a table of its own, batch by batch; give the seconds.

    Args:
        url: The database that holds the log.
        table: What stands behind CREATE TABLE bare; in partitions, it gets the log's.
        keys: Whether the key of each row is copied into a table beside it, as crmkit does.
    """
    import psycopg  # noqa: PLC0415 - an extra

    took = 0.0
    with psycopg.connect(url) as read, psycopg.connect(url) as write:
        write.execute(f"CREATE TABLE bare {table}")
        if "PARTITION" in table:
            for name, bounds in read.execute(_PARTITIONS).fetchall():
                write.execute(f"CREATE TABLE bare_{name} PARTITION OF bare {bounds}")
        if keys:
            write.execute(f"CREATE TABLE bare_keys (LIKE {KEYS} INCLUDING ALL)")
        write.commit()
        with read.cursor(name="log") as rows:
            rows.execute(f"SELECT * FROM {LOG} ORDER BY seq")  # noqa: S608 - our own name
            while batch := rows.fetchmany(BATCH):
                start = perf_counter()
                if keys:
                    _copy(write, "bare_keys", map(_key, batch))
                _copy(write, "bare", batch)
                write.commit()
                took += perf_counter() - start
        write.execute("DROP TABLE bare")
        write.execute("DROP TABLE IF EXISTS bare_keys")
    return took


def _copy(connection: Any, table: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
