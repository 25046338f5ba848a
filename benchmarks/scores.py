"""Everybody's score from the kept states, beside DuckDB computing the same from the log."""

from __future__ import annotations

from benchmarks import duck
from benchmarks.measuring import Result, Setting, median_of, same, the_firm
from crmkit import CRM

_TIMES = 3
_CLOSE = 1e-6


def run(setting: Setting) -> list[Result]:
    """Score everybody both ways, and make sure that both say the same."""
    with the_firm(setting) as crm:
        sql = duck.query(crm.value.model())
        with duck.load(setting.database, setting.folder) as analyst:
            same(totals(crm), dict(analyst.execute(sql).fetchall()), _CLOSE)
            base = median_of(_TIMES, lambda: analyst.execute(sql).fetchall())
        took = median_of(_TIMES, lambda: totals(crm))
        looked_at = median_of(1, lambda: [score.parts for score in crm.value.scores()])
    everybody = f"{setting.customers:,} customers"
    log = f"DuckDB over {setting.touchpoints:,} rows"
    return [
        Result(what=f"scores of {everybody}", took=took, against=log, base=base),
        Result(
            what=f"scores of {everybody}, every part looked at",
            took=looked_at,
            against=log,
            base=base,
        ),
    ]


def totals(crm: CRM) -> dict[str, float]:
    """Give everybody's total."""
    return {score.customer_id: score.total for score in crm.value.scores()}
