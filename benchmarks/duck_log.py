"""The score of everybody over an exported log, written for DuckDB by hand.

What somebody would write who knows DuckDB, the default model and the export's layout: one scan for
the sums, the fading computed once for each half-life, the returns looked up where they are few.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks import shop
from crmkit import ValueModel
from crmkit.clock import micros, span
from crmkit.contracts.parquet import CUSTOMERS, DECISIONS, TOUCHPOINTS, VOIDS, open_log


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the export's files as views."""
    manifest, duck = open_log(folder), duckdb.connect()
    for table in (TOUCHPOINTS, DECISIONS, CUSTOMERS, VOIDS):
        paths = manifest.paths(table)
        read = f"read_parquet({paths}, hive_partitioning = false)"
        duck.execute(f"CREATE VIEW {table} AS FROM {read}")
    return duck


def query(model: ValueModel) -> str:
    """Give the statement that gives everybody's total at the end of the firm's three years."""
    now = micros(shop.END)
    by_name = {indicator.name: indicator for indicator in model.indicators}
    spans = sorted({span(indicator.half_life) for indicator in model.indicators})
    fades = ", ".join(
        f"exp((since - {now}) * (ln(2.0) / {one})) AS fade{place}"
        for place, one in enumerate(spans)
    )

    def fade(name: str) -> str:
        return f"fade{spans.index(span(by_name[name].half_life))}"

    def fading(name: str, at: str) -> str:
        return f"pow(2.0, ({at} - {now}) / {float(span(by_name[name].half_life))!r})"

    def among(kinds: str) -> str:
        return ", ".join(f"'{kind}'" for kind in kinds.split())

    def add(name: str, kinds: str, x: str = "1.0") -> str:
        return (
            f"sum({x} * {fade(name)}) FILTER (WHERE kind IN ({among(kinds)}) AND {x} IS NOT NULL)"
        )

    def half(name: str) -> str:
        return f"100 * (1 - pow(2.0, -greatest({name}, 0) / {by_name[name].scale!r}))"

    def rate(done: str, chance: str) -> str:
        share = f"least(coalesce({done} / {chance}, 1), 1)"  # least() overlooks a NULL
        return f"100 * CASE WHEN {done} > 0 THEN {share} WHEN {chance} > 0 THEN 0 END"

    felt = "survey_answered opinion complaint praise"
    rating = "coalesce(rating, CASE kind WHEN 'complaint' THEN 0.0 WHEN 'praise' THEN 10.0 END)"
    rated = f"CASE WHEN {rating} IS NOT NULL THEN 1.0 END"
    points = {
        **{
            name: f"coalesce({half(name)}, 0)"
            for name in (
                "purchase_count purchase_breadth purchase_amount purchase_quantity purchase_margin "
                "purchase_frequency suggestions referrals shares"
            ).split()
        },
        "purchase_recency": f"coalesce(100 * {fading('purchase_recency', 'newest')}, 0)",
        "events_attended": rate("attended", "invited"),
        "surveys_answered": rate("answered", "asked"),
        "promotion_loyalty": "100 * loyalty",
        "satisfaction": (
            "CASE WHEN felt_often > 0 THEN "
            f"least(100 * felt / felt_often / {by_name['satisfaction'].scale!r}, 100) "
            "WHEN asked > 0 THEN 0 END"
        ),
    }
    said = {
        name: f"CASE WHEN said->>'{name}' = 'declined' THEN NULL "
        f"WHEN said->>'{name}' IS NOT NULL THEN (said->>'{name}')::DOUBLE ELSE {earned} END"
        for name, earned in points.items()
    }
    weights = {name: by_name[name].weight for name in points}
    columns = ", ".join(f"{text} AS p_{name}" for name, text in said.items())
    earned = " + ".join(f"coalesce({w} * p_{name}, 0)" for name, w in weights.items())
    applied = " + ".join(
        f"CASE WHEN p_{name} IS NULL THEN 0 ELSE {w} END" for name, w in weights.items()
    )
    rates = " ".join(f"WHEN '{code}' THEN {rate!r}" for code, rate in model.rates.items())
    price = f"CASE currency WHEN '{model.currency}' THEN 1.0 {rates} END"
    return f"""
    WITH moved AS (SELECT id, root FROM customers WHERE id <> root),
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
            coalesce(returned.bought, happened) AS since, item, rating,
            amount::DOUBLE * {price} AS amount, margin::DOUBLE * {price} AS margin,
            quantity::DOUBLE AS quantity
        FROM touchpoints t
        LEFT JOIN moved ON moved.id = t.customer LEFT JOIN returned ON returned.seq = t.seq
        WHERE t.seq NOT IN (SELECT touchpoint FROM voids) AND epoch_us("at") <= {now}
    ),
    faded AS (SELECT *, {fades} FROM log),
    promotion AS (
        SELECT (body->>'start')::BIGINT AS start, (body->>'end')::BIGINT AS finish
        FROM decisions WHERE kind = 'promotion' AND (body->>'end')::BIGINT <= {now}
    ),
    summed AS (
        SELECT customer,
            {add("purchase_count", "purchase")} AS purchase_count,
            {add("purchase_amount", "purchase return refund", "amount")} AS purchase_amount,
            {add("purchase_quantity", "purchase return", "quantity")} AS purchase_quantity,
            {add("purchase_margin", "purchase return refund", "margin")} AS purchase_margin,
            {add("purchase_frequency", "purchase")} AS purchase_frequency,
            max(happened) FILTER (WHERE kind = 'purchase') AS newest,
            min(happened) FILTER (WHERE kind = 'purchase') AS oldest,
            {add("events_attended", "event_attended")} AS attended,
            {add("events_attended", "event_invited")} AS invited,
            {add("surveys_answered", "survey_answered")} AS answered,
            {add("surveys_answered", "survey_sent")} AS asked,
            {add("suggestions", "suggestion")} AS suggestions,
            {add("referrals", "referral")} AS referrals,
            {add("shares", "share")} AS shares,
            {add("satisfaction", felt, rating)} AS felt,
            {add("satisfaction", felt, rated)} AS felt_often
        FROM faded GROUP BY customer
    ),
    broad AS (
        SELECT customer, sum({fading("purchase_breadth", "last")}) AS purchase_breadth
        FROM (
            SELECT customer, item, max(happened) AS last
            FROM log WHERE kind = 'purchase' AND item IS NOT NULL GROUP BY customer, item
        ) GROUP BY customer
    ),
    won AS (
        SELECT DISTINCT customer, start, finish
        FROM log JOIN promotion ON happened BETWEEN start AND finish WHERE kind = 'purchase'
    ),
    loyal AS (
        SELECT customer, coalesce(sum({fading("promotion_loyalty", "won.finish")}), 0)
            / sum({fading("promotion_loyalty", "promotion.finish")}) AS loyalty
        FROM summed JOIN promotion ON oldest <= promotion.finish
        LEFT JOIN won USING (customer, start) GROUP BY customer
    ),
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
    SELECT *, ({earned}) / ({applied}) AS total FROM judged
    """  # noqa: S608 - made of the model's own numbers
