"""Everybody's score by crmkit, and by what people write for it otherwise: time and memory of each.

Each scorer runs in a process of its own, so that its memory is its own: crmkit from the states that
it keeps, hand-written DuckDB and pandas from the log, which they have loaded before the clock runs,
and `lifetimes`, whose summary (frequency, recency, age) is only a part of a score.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import shop
from benchmarks.measuring import Result, Setting, connect, peak, the_firm, timed

NAMES = {
    "duckdb": "DuckDB by hand, from the log",
    "pandas": "pandas by hand, from the log",
    "lifetimes": "lifetimes: the summary alone",
}
_TIMES = 3
_CLOSE = 1e-6


def run(setting: Setting) -> list[Result]:
    """Score everybody by each; stop where two that must be equal are not."""
    with the_firm(setting):
        pass
    ours = _measured("crmkit", setting)
    everybody = f"{setting.customers:,} customers"
    found: list[Result] = []
    for name, words in NAMES.items():
        theirs = _measured(name, setting)
        if theirs["sum"] is not None and abs(ours["sum"] - theirs["sum"]) > _CLOSE * ours["sum"]:
            message = (
                f"crmkit's totals sum to {ours['sum']!r}, those of {name} to {theirs['sum']!r}"
            )
            raise RuntimeError(message)
        found += [
            Result(
                what=f"scores of {everybody}", took=ours["took"], against=words, base=theirs["took"]
            ),
            Result(
                what=f"peak memory of scoring {everybody}",
                took=ours["peak"],
                against=words,
                base=theirs["peak"],
                unit="B",
            ),
        ]
    return found


def _measured(name: str, setting: Setting) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scorers", name, str(setting.database)]
    return dict(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def _crmkit(database: Path) -> Callable[[], float]:
    crm = connect(database)
    return lambda: sum(score.total for score in crm.value.scores())


def _duckdb(database: Path) -> Callable[[], float]:
    from benchmarks import duck  # noqa: PLC0415 - a scorer loads its own tool alone

    with connect(database) as crm:
        sql = duck.query(crm.value.model())
    analyst = duck.load(database, database.parent)
    return lambda: sum(total for _, total in analyst.execute(sql).fetchall())


def _pandas(database: Path) -> Callable[[], float]:
    from benchmarks import frame  # noqa: PLC0415

    with connect(database) as crm:
        model = crm.value.model()
    log = frame.load(database)
    return lambda: float(frame.Scorer(log, model).totals().sum())


def _lifetimes(database: Path) -> Callable[[], None]:
    import pandas as pd  # noqa: PLC0415
    from lifetimes.utils import summary_data_from_transaction_data  # noqa: PLC0415

    from benchmarks import frame  # noqa: PLC0415

    log = frame.load(database)
    bought = log[log["kind"] == "purchase"][["customer", "happened", "amount"]]
    bought = bought.astype({"customer": str})
    bought["happened"] = pd.to_datetime(bought["happened"], unit="us")
    end = shop.END.replace(tzinfo=None)

    def work() -> None:
        summary_data_from_transaction_data(
            bought,
            "customer",
            "happened",
            monetary_value_col="amount",
            observation_period_end=end,
        )

    return work


if __name__ == "__main__":
    work = {"crmkit": _crmkit, "duckdb": _duckdb, "pandas": _pandas, "lifetimes": _lifetimes}[
        sys.argv[1]
    ](Path(sys.argv[2]))
    turns = [timed(work) for _ in range(_TIMES)]
    print(
        json.dumps({"took": median(turn[0] for turn in turns), "sum": turns[0][1], "peak": peak()})
    )
