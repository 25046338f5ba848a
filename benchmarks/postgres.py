"""Capture into PostgreSQL beside a bare COPY of the very rows, and scores beside those of SQLite.

The server comes from a package and runs on this machine, so that it and crmkit share its cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter

import crmkit
from benchmarks import shop
from benchmarks.measuring import Result, Setting, median_of, the_firm, timed
from benchmarks.scores import totals
from crmkit.capture.engine import BATCH
from crmkit.testing.postgres import start

_LOG = "crmkit_touchpoint"
_TIMES = 3


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
        with_key = _bare(url, "INCLUDING DEFAULTS", "PRIMARY KEY (workspace, seq)")
        with_indexes = _bare(url, "INCLUDING ALL", "CHECK (seq > 0)")
    with the_firm(setting) as crm:
        scored_by_sqlite = median_of(_TIMES, lambda: totals(crm))
    what = f"capture {setting.touchpoints:,} touchpoints into PostgreSQL"
    return [
        Result(what=what, took=captured, against="COPY, primary key only", base=with_key),
        Result(what=what, took=captured, against="COPY, with all indexes", base=with_indexes),
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


def _bare(url: str, like: str, more: str) -> float:
    """Copy the log into a table of its own, batch by batch; give the seconds."""
    import psycopg  # noqa: PLC0415 - an extra

    took = 0.0
    with psycopg.connect(url) as read, psycopg.connect(url) as write:
        write.execute(f"CREATE TABLE bare (LIKE {_LOG} {like}, {more})")
        write.commit()
        with read.cursor(name="log") as rows:
            rows.execute(f"SELECT * FROM {_LOG} ORDER BY seq")  # noqa: S608 - our own name
            while batch := rows.fetchmany(BATCH):
                start = perf_counter()
                with write.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
                write.commit()
                took += perf_counter() - start
        write.execute("DROP TABLE bare")
    return took
