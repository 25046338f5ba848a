"""Everybody's score from the kept states, beside DuckDB computing the same from the log."""

from __future__ import annotations

from benchmarks import duck
from benchmarks.measuring import Result, Setting, median_of, the_firm
from crmkit import CRM

_TIMES = 3
_CLOSE = 1e-6


def run(setting: Setting) -> list[Result]:
    """Score everybody both ways, and make sure that both say the same."""
    with the_firm(setting) as crm:
        sql = duck.query(crm.value.model())
        with duck.load(setting.database, setting.folder) as analyst:
            _compare(totals(crm), dict(analyst.execute(sql).fetchall()))
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


def _compare(ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Stop where somebody's total differs: a ratio of two different sums says nothing.

    Raises:
        RuntimeError: names the customer who differs most.
    """
    if ours.keys() != theirs.keys():
        message = f"crmkit scored {len(ours)} customers, DuckDB {len(theirs)}"
        raise RuntimeError(message)
    worst = max(ours, key=lambda customer: abs(ours[customer] - theirs[customer]))
    if abs(ours[worst] - theirs[worst]) > _CLOSE:
        message = f"crmkit gives {worst} {ours[worst]!r}, DuckDB {theirs[worst]!r}"
        raise RuntimeError(message)
