"""Everybody's score from the exported log: one Ibis expression, beside a query written by hand."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import attrs
from rich.console import Console

import crmkit
from benchmarks import duck_log, duck_states, shop
from benchmarks.exported import export_made
from benchmarks.measuring import Result, Setting, same, timed
from crmkit.clock import micros
from crmkit.contracts.engine import EngineConfig, Folding
from crmkit.value.layout import Layout
from crmkit.value.state import unpack
from crmkit.value.summed import packed

_TIMES = 3
_CLOSE = 1e-9
_console = Console(stderr=True)


def run(setting: Setting) -> list[Result]:
    """Score everybody both ways, in turns, and make sure that both say the same."""
    if find_spec("crmkit_ibis") is None:
        _console.print("left out: pip install plugins/crmkit-ibis", style="dim")
        return []
    name = f"log-{setting.customers}-{setting.touchpoints}-{setting.seed}"
    folder = export_made(
        setting.folder / name, setting.customers, setting.touchpoints, setting.seed
    )
    with crmkit.connect("memory://", plugins=[]) as crm:
        model = attrs.evolve(crm.value.model(), rates={"USD": 7.1})
    turns = [
        (timed(lambda: _by_hand(folder, model)), timed(lambda: _by_ibis(folder, model)))
        for _ in range(_TIMES)
    ]
    expected = turns[0][0][1]
    same(turns[0][1][1], expected, _CLOSE)
    base, took = (median(turn[side][0] for turn in turns) for side in (0, 1))
    what = f"scores of {setting.customers:,} customers from Parquet, by Ibis"
    by_hand = f"DuckDB by hand over {setting.touchpoints:,} rows"
    results = [Result(what=f"{what} on DuckDB, every part", took=took, against=by_hand, base=base)]
    results.append(_states(setting, folder, model))
    if find_spec("pyspark") is None or not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        _console.print("left out: Spark, which needs Java and crmkit-ibis[spark]", style="dim")
        return results
    on_spark, found = timed(lambda: _by_ibis(folder, model, "spark"))
    same(found, expected, _CLOSE)
    return [
        *results,
        Result(what=f"{what} on Spark, and starting it", took=on_spark, against=by_hand, base=base),
    ]


def _states(setting: Setting, folder: Path, model: crmkit.ValueModel) -> Result:
    """Sum up what value states are made of both ways, in turns."""
    turns = [
        (timed(lambda: _sums_by_hand(folder, model)), timed(lambda: _states_by_ibis(folder, model)))
        for _ in range(_TIMES)
    ]
    same(turns[0][1][1], turns[0][0][1], _CLOSE)
    return Result(
        what="value states of everybody, ready to be written by crmkit rebuild",
        took=median(ours for _, (ours, _) in turns),
        against=f"DuckDB by hand for the same sums over {setting.touchpoints:,} rows",
        base=median(theirs for (theirs, _), _ in turns),
    )


def _by_hand(folder: Path, model: crmkit.ValueModel) -> dict[str, float]:
    with duck_log.connect(folder) as duck:
        table = duck.sql(duck_log.query(model)).to_arrow_table()
        return _totals(table, "customer")


def _by_ibis(folder: Path, model: crmkit.ValueModel, engine: str = "duckdb") -> dict[str, float]:
    import crmkit_ibis  # noqa: PLC0415 - a distribution of its own

    table = crmkit_ibis.scores(folder, model=model, at=shop.END, engine=engine)
    return _totals(table.to_pyarrow(), "customer_id")


def _totals(table: Any, customer: str) -> dict[str, float]:
    columns = table.column(customer).to_pylist(), table.column("total").to_pylist()
    return dict(zip(*columns, strict=True))


def _sums_by_hand(folder: Path, model: crmkit.ValueModel) -> dict[str, float]:
    """Give everybody's decayed count of purchases, as one of the sums."""
    with duck_log.connect(folder) as duck:
        table = duck.sql(duck_states.query(model)).to_arrow_table()
    purchases = zip(*(table.column(name).to_pylist() for name in ("customer", "a0")), strict=True)
    return {customer: count or 0.0 for customer, count in purchases}


def _states_by_ibis(folder: Path, model: crmkit.ValueModel) -> dict[str, float]:
    """Sum the states up and pack them, and give the same sum of everybody."""
    from crmkit_ibis.engine import IbisEngine  # noqa: PLC0415 - a distribution of its own

    layout = Layout(model)
    engine = IbisEngine(EngineConfig(backend="duckdb", log=str(folder)))
    folding = Folding(model=model, until=micros(shop.END))
    rows = [row for batch in engine.summaries(folding) for row in packed(layout, batch)]
    engine.close()
    place = layout.slots[0].a
    return {row[0]: unpack(row).sums[place] for row in rows}
