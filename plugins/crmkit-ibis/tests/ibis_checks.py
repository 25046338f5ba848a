"""A real shop's purchases, and how two tables of scores are compared."""

from __future__ import annotations

import csv
import gzip
import tomllib
from datetime import datetime
from importlib.resources import files
from itertools import islice
from typing import Any

import crmkit


def captured_shop(crm: crmkit.CRM, count: int) -> datetime:
    """Capture the first lines of a real shop's invoices; give the instant of the last."""
    folder = files("crmkit") / "demo"
    mapping = tomllib.loads((folder / "online_retail.toml").read_text("utf-8"))
    mapping["fields"]["id"] = "{Line}"
    made = crmkit.map_touchpoints(mapping)
    with (
        (folder / "online_retail_sample.csv.gz").open("rb") as packed,
        gzip.open(packed, "rt", encoding="utf-8") as file,
    ):
        lines = islice(csv.DictReader(file), count)
        found = [made({**row, "Line": str(number)}) for number, row in enumerate(lines)]
    records = [one for one in found if isinstance(one, dict)]
    assert crm.capture(records, "shop").new == len(records)
    last: datetime = datetime.fromisoformat(str(records[-1]["at"]))
    return last


def rows(table: Any) -> dict[str, dict[str, Any]]:
    """Run an expression; give its rows by their first column."""
    found = table.to_pyarrow().to_pylist()
    return {next(iter(row.values())): row for row in found}


def check_scores(crm: crmkit.CRM, table: Any, at: datetime) -> int:
    """Compare every number of every customer with the core's own; tell how many customers."""
    given = rows(table)
    scores = {score.customer_id: score for score in crm.value.scores(at=at)}
    assert given.keys() == scores.keys()
    for customer, score in scores.items():
        row = given[customer]
        assert abs(row["total"] - score.total) < 1e-9
        for part in score.parts:
            assert row[f"{part.indicator}_state"] == part.state, (at, part)
            for name in ("raw", "points", "weight", "contribution"):
                mine, theirs = getattr(part, name), row[f"{part.indicator}_{name}"]
                assert abs(mine - theirs) <= 1e-9 * max(1.0, abs(mine)), (at, part, name, theirs)
    return len(scores)
