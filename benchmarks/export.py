"""The log as Parquet, beside pyarrow writing the very rows to one file with nothing sorted."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measuring import Result, Setting, the_firm, timed
from crmkit.contracts.tables import DECISION, INTEGER, REAL, TOUCHPOINT

_BATCH = 16_384
_TYPES = {INTEGER: pa.int64(), REAL: pa.float64()}


def run(setting: Setting) -> list[Result]:
    """Export the firm's log to an empty folder, and once more where nothing is new."""
    folder = setting.folder / "log"
    shutil.rmtree(folder, ignore_errors=True)
    with the_firm(setting) as crm:
        took, made = timed(lambda: crm.touchpoints.export_log(folder))
        again, _ = timed(lambda: crm.touchpoints.export_log(folder))
    base, _ = timed(lambda: bare(setting.database, setting.folder / "bare.parquet"))
    return [
        Result(
            what=f"export the log, {made.rows:,} rows",
            took=took,
            against="pyarrow from sqlite3, unsorted",
            base=base,
        ),
        Result(what="export it again: nothing is new", took=again),
    ]


def bare(source: Path, target: Path) -> None:
    """Write both logs by `sqlite3` and pyarrow alone."""
    with sqlite3.connect(source) as read:
        for table in (TOUCHPOINT, DECISION):
            form = pa.schema(
                [(one.name, _TYPES.get(one.type, pa.string())) for one in table.columns]
            )
            names = ", ".join(f'"{name}"' for name in table.names)
            rows = read.execute(f"SELECT {names} FROM crmkit_{table.name} ORDER BY seq")  # noqa: S608
            with pq.ParquetWriter(target, form, compression="zstd") as writer:
                while batch := rows.fetchmany(_BATCH):
                    columns = zip(zip(*batch, strict=True), form.types, strict=True)
                    arrays = [pa.array(column, kind) for column, kind in columns]
                    writer.write_table(pa.table(arrays, schema=form))
