"""A firm's log as ``crmkit export --log`` would leave it, made up by DuckDB in seconds.

Capturing ten million touchpoints takes longer than any question asked of them, and is measured
elsewhere. The firm is like that of `benchmarks.shop`: the same kinds over the same three years,
some records taken back, some customers merged, some who decided not to be measured.
"""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import duckdb

from benchmarks import shop
from crmkit.clock import micros
from crmkit.contracts.parquet import (
    CUSTOMERS,
    DECISIONS,
    MANIFEST,
    TOUCHPOINTS,
    VOIDS,
    LogFile,
    Manifest,
    digest,
)
from crmkit.contracts.tables import DECISION, TOUCHPOINT, VOID, Table

_TYPES = {"integer": "BIGINT", "real": "DOUBLE"}
_INSTANTS = ("at", "recorded")
_DRAWN = """
    CREATE TABLE drawn AS
    SELECT i, (h % 1000003) / 1000003.0 AS u, (h // 1000003 % 1000003) / 1000003.0 AS w,
        h // 1000033 % 100 AS share, {start} + i * {step} AS instant
    FROM (SELECT i, hash(i, {seed}) AS h FROM range({touchpoints}) numbered(i))
"""
_MADE = """
    CREATE TABLE made AS
    SELECT *, exp(9.2 + 0.9 * sqrt(-2 * ln(u + 1e-9)) * cos(6.283185 * w))::BIGINT + 100 AS fen,
        CASE WHEN i % 2 = 1 THEN floor({customers} * pow(u, 2.3))::BIGINT
            ELSE (i // 2 * 7368787 + {seed}) % {customers} END AS who,
        CASE {kinds} END AS kind
    FROM drawn
"""
_BOUGHT = """
    CREATE TABLE bought AS SELECT row_number() OVER (ORDER BY i) AS place, i, who, fen, w
    FROM made WHERE kind = 'purchase'
"""
_RETURNED = """
    CREATE TABLE returned AS SELECT made.i, bought.i AS of, bought.who, bought.fen, bought.w
    FROM (SELECT i, row_number() OVER (ORDER BY i) AS place FROM made WHERE kind = 'return') made
    JOIN bought ON bought.place = made.place * 14
"""
_TOUCHPOINTS = """
    SELECT m.i + 1 AS seq, 'shop' AS source, 'r' || m.i AS id, 0 AS rev,
        'c' || coalesce(r.who, m.who) AS customer, 'member' AS via, m.kind AS kind,
        m.instant AS "at", m.instant AS happened, 28800 AS zone, m.instant AS recorded, 1 AS run,
        CASE WHEN r.i IS NOT NULL THEN printf('-%.2f', r.fen / 100)
            WHEN m.kind = 'purchase' THEN printf('%.2f', m.fen / 100) END AS amount,
        CASE WHEN amount IS NOT NULL THEN CASE WHEN m.i % 50 = 7 THEN 'USD' ELSE 'CNY' END
            END AS currency,
        CASE WHEN r.i IS NOT NULL THEN printf('-%.2f', r.fen / 400)
            WHEN m.kind = 'purchase' THEN printf('%.2f', m.fen / 400) END AS margin,
        CASE WHEN r.i IS NOT NULL THEN '-1'
            WHEN m.kind = 'purchase' THEN (1 + m.fen % 5)::VARCHAR END AS quantity,
        CASE WHEN m.kind = 'purchase' THEN 'item-' || floor(2000 * m.w * m.w)::INT END AS item,
        CASE WHEN m.kind = 'purchase' THEN 'web' END AS channel,
        CASE WHEN m.kind = 'survey_answered' OR (m.kind = 'complaint' AND m.i % 2 = 0)
            THEN (m.fen % 11)::DOUBLE END AS rating,
        'captured' AS origin, CASE WHEN r.of IS NOT NULL THEN 'r' || r.of END AS of
    FROM made m LEFT JOIN returned r USING (i)
"""
_CUSTOMERS = """
    SELECT 'c' || i AS id, 'c' || CASE WHEN i % 997 = 5 THEN i + 1 ELSE i END AS root
    FROM range({customers}) numbered(i)
"""
_VOIDS = """
    SELECT customer, seq AS touchpoint, "at", 0 AS decision FROM log WHERE hash(seq) % 1009 = 3
"""


def export_made(folder: Path, customers: int, touchpoints: int, seed: int = 1) -> Path:
    """Write a made-up firm's log to a folder and give it; one that is there is used as it is."""
    if (folder / MANIFEST).exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    start, end = micros(shop.START), micros(shop.END)
    cuts, kinds = 0, []
    for kind, share in shop.SHARES.items():
        cuts += share
        kinds.append(f"WHEN share < {cuts} THEN '{kind}'")
    numbers = {
        "customers": customers,
        "touchpoints": touchpoints,
        "seed": seed,
        "start": start,
        "step": (end - start) // (touchpoints + 1),
        "kinds": " ".join(kinds),
    }
    with duckdb.connect() as duck:
        for text in (_DRAWN, _MADE, _BOUGHT, _RETURNED):
            duck.execute(text.format(**numbers))
        duck.execute(f"CREATE VIEW log AS {_TOUCHPOINTS}")
        duck.execute(f"CREATE TABLE decided AS {_decisions(touchpoints, customers)}")
        duck.execute(f"CREATE VIEW everybody AS {_CUSTOMERS.format(**numbers)}")
        duck.execute(f"CREATE VIEW taken_back AS {_VOIDS}")
        files = [
            *_by_month(duck, folder, TOUCHPOINTS, "log", TOUCHPOINT),
            _file(
                duck, folder, DECISIONS, "decided", DECISION, "year=2027/month=01/part-000001-00001"
            ),
            _file(duck, folder, CUSTOMERS, "everybody", None, "000001"),
            _file(duck, folder, VOIDS, "taken_back", VOID, "000001"),
        ]
    manifest = Manifest(
        folder=folder,
        workspace="default",
        schema=4,
        watermark=touchpoints + customers,
        cursor="",
        exported=shop.END,
        number=1,
        newest={},
        files=tuple(files),
    )
    (folder / MANIFEST).write_bytes(manifest.dump())
    return folder


def _by_month(
    duck: duckdb.DuckDBPyConnection, folder: Path, name: str, view: str, table: Table
) -> list[LogFile]:
    """Write a log month by month."""
    firsts = [
        datetime(shop.START.year + month // 12, month % 12 + 1, 1, tzinfo=shop.START.tzinfo)
        for month in range(37)
    ]
    return [
        _file(
            duck,
            folder,
            name,
            f"(FROM {view} WHERE happened >= {micros(first)} AND happened < {micros(after)})",
            table,
            f"year={first.year}/month={first.month:02}/part-000001-00001",
        )
        for first, after in pairwise(firsts)
    ]


def _file(  # noqa: PLR0913 - what is written, and where
    duck: duckdb.DuckDBPyConnection,
    folder: Path,
    name: str,
    view: str,
    table: Table | None,
    part: str,
) -> LogFile:
    """Write one file and describe it; columns that the firm knows nothing of are NULL."""
    path = f"{name}/{part}.parquet" if "/" in part else f"{name}-{part}.parquet"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    columns = "*" if table is None else _columns(duck, view, table)
    copy = f"COPY (SELECT {columns} FROM {view}) TO '{folder / path}' (FORMAT parquet)"  # noqa: S608
    (rows,) = duck.execute(copy).fetchone() or (0,)
    return LogFile(
        table=name,
        path=path,
        rows=rows,
        bytes=(folder / path).stat().st_size,
        sha256=digest(folder / path),
    )


def _columns(duck: duckdb.DuckDBPyConnection, view: str, table: Table) -> str:
    described = duck.execute(f"DESCRIBE SELECT * FROM {view}").fetchall()  # noqa: S608
    there = {row[0] for row in described}
    written = []
    for column in table.columns:
        made = f'"{column.name}"' if column.name in there else "NULL"
        if column.name in _INSTANTS:
            written.append(f'make_timestamptz({made}) AS "{column.name}"')
        else:
            written.append(f'{made}::{_TYPES.get(column.type, "VARCHAR")} AS "{column.name}"')
    return ", ".join(written)


def _decisions(touchpoints: int, customers: int) -> str:
    """Give every decision: promotions, and what some customers and people said."""
    now = micros(shop.END)
    rows = [
        ("promotion", None, {"start": micros(start), "end": micros(end)})
        for start, end in shop.windows()
    ]
    for number in range(0, customers, 1_013):
        name = ("referrals", "surveys_answered", "purchase_amount")[number % 3]
        points = None if number % 2 else 40.0
        body = {"indicator": name, "points": points, "until": None}
        rows.append(("decline" if number % 2 else "override", f"c{number}", body))
    values = ", ".join(
        f"({touchpoints + place}, '{kind}', {'NULL' if who is None else repr(who)}, "
        f"{now - 1_000_000_000 + place}, '', '{json.dumps(body)}')"
        for place, (kind, who, body) in enumerate(rows, 1)
    )
    return f'SELECT * FROM (VALUES {values}) made(seq, kind, customer, "at", reason, body)'  # noqa: S608
