"""The score of everybody over an exported log, written for DuckDB by hand.

What somebody would write who knows DuckDB, the default model and the export's layout: one scan for
the sums, the fading computed once for each half-life, the returns looked up where they are few.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.duck import ByHand, faded_sum
from crmkit import ValueModel
from crmkit.clock import span
from crmkit.contracts.parquet import CUSTOMERS, DECISIONS, TOUCHPOINTS, VOIDS, open_log


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the export's files as views."""
    manifest, duck = open_log(folder), duckdb.connect()
    for table in (TOUCHPOINTS, DECISIONS, CUSTOMERS, VOIDS):
        paths = manifest.paths(table)
        read = f"read_parquet({paths}, hive_partitioning = false)"
        duck.execute(f"CREATE VIEW {table} AS FROM {read}")
    return duck


def faded(model: ValueModel, columns: str) -> str:
    """Give the common tables ``log`` and ``faded``: what holds, whose, and what is left of it.

    Args:
        model: Each of its half-lives gets a column: ``fade0`` is that of the shortest.
        columns: What is read of the touchpoints besides customer, kind and instants.
    """
    now = ByHand(model).now
    fades = ", ".join(
        f"exp((since - {now}) * (ln(2.0) / {one})) AS fade{place}"
        for place, one in enumerate(spans(model))
    )
    return f"""
    moved AS (SELECT id, root FROM customers WHERE id <> root),
    bought AS (
        SELECT source, id, epoch_us("at") AS bought FROM touchpoints
        WHERE kind = 'purchase' AND seq NOT IN (SELECT touchpoint FROM voids)
    ),
    returned AS (
        SELECT seq, bought FROM touchpoints r
        JOIN bought ON bought.source = r.source AND bought.id = r.of
        WHERE r.kind IN ('return', 'refund')
    ),
    log AS (
        SELECT coalesce(moved.root, customer) AS customer, kind, epoch_us("at") AS happened,
            coalesce(returned.bought, happened) AS since, {columns}
        FROM touchpoints t
        LEFT JOIN moved ON moved.id = t.customer LEFT JOIN returned ON returned.seq = t.seq
        WHERE t.seq NOT IN (SELECT touchpoint FROM voids) AND epoch_us("at") <= {now}
    ),
    faded AS (SELECT *, {fades} FROM log)"""  # noqa: S608 - made of the model's own numbers


def spans(model: ValueModel) -> list[int]:
    """Give the model's half-lives, each once, in microseconds."""
    return sorted({span(indicator.half_life) for indicator in model.indicators})


def query(model: ValueModel) -> str:
    """Give the statement that gives everybody's total at the end of the firm's three years."""
    hand = ByHand(model)
    now, places = hand.now, spans(model)

    def add(name: str, kinds: str, x: str = "1.0", _at: str = "since") -> str:
        return faded_sum(f"fade{places.index(hand.half_life(name))}", kinds, x)

    said = {
        name: f"CASE WHEN said->>'{name}' = 'declined' THEN NULL "
        f"WHEN said->>'{name}' IS NOT NULL THEN (said->>'{name}')::DOUBLE ELSE {earned} END"
        for name, earned in hand.points().items()
    }
    columns = ", ".join(f"{text} AS p_{name}" for name, text in said.items())
    total = hand.total({name: f"p_{name}" for name in said})
    rates = " ".join(f"WHEN '{code}' THEN {rate!r}" for code, rate in model.rates.items())
    price = f"CASE currency WHEN '{model.currency}' THEN 1.0 {rates} END"
    read = f"""item, rating, quantity::DOUBLE AS quantity,
            amount::DOUBLE * {price} AS amount, margin::DOUBLE * {price} AS margin"""
    return f"""
    WITH {faded(model, read)},
    promotion AS (
        SELECT (body->>'start')::BIGINT AS start, (body->>'end')::BIGINT AS finish
        FROM decisions WHERE kind = 'promotion' AND (body->>'end')::BIGINT <= {now}
    ),{hand.steps(add, "faded")},
    said AS (
        SELECT root AS customer, json_group_object(
            body->>'indicator', coalesce(body->>'points', 'declined')) AS said
        FROM decisions JOIN customers ON customers.id = customer
        WHERE decisions.kind IN ('decline', 'override') AND epoch_us("at") <= {now} GROUP BY root
    ),
    judged AS (
        SELECT id AS customer, {columns}
        FROM (SELECT id FROM customers WHERE id = root) everybody
        LEFT JOIN summed ON summed.customer = id LEFT JOIN broad ON broad.customer = id
        LEFT JOIN loyal ON loyal.customer = id LEFT JOIN said ON said.customer = id
    )
    SELECT *, {total} AS total FROM judged
    """  # noqa: S608 - made of the model's own numbers
