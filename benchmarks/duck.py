"""The value score of the default model, written for DuckDB by hand: what analysts would write.

It scores from the log, which lies in DuckDB's own table and knows already from which instant each
return is aged. Weights, scales and half-lives are those of the model in force.
"""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import duckdb

from benchmarks import shop
from crmkit import ValueModel
from crmkit.clock import micros, span

LOG = """
    SELECT t.customer, t.kind, t.at, coalesce(p.at, t.at), t.amount, t.margin, t.quantity,
           t.item, t.rating
    FROM crmkit_touchpoint t
    LEFT JOIN crmkit_touchpoint p
        ON t.kind IN ('return', 'refund') AND p.workspace = t.workspace
        AND p.source = t.source AND p.id = t.of AND p.rev = 0 AND p.kind = 'purchase'
"""
_COLUMNS = """
    customer VARCHAR, kind VARCHAR, happened BIGINT, aged BIGINT, amount DOUBLE, margin DOUBLE,
    quantity DOUBLE, item VARCHAR, rating DOUBLE
"""


def load(database: Path, folder: Path) -> duckdb.DuckDBPyConnection:
    """Copy the log into a table of DuckDB's own."""
    path = folder / "log.csv"
    with sqlite3.connect(database) as source, path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(source.execute(LOG))
    duck = duckdb.connect()
    duck.execute(f"CREATE TABLE log ({_COLUMNS})")
    duck.execute(f"COPY log FROM '{path}' (HEADER false, DELIMITER ',')")
    path.unlink()
    return duck


def query(model: ValueModel) -> str:
    """Give the statement that gives everybody's total at the end of the three years."""
    now = micros(shop.END)
    by_name = {indicator.name: indicator for indicator in model.indicators}

    def fade(name: str, at: str = "happened") -> str:
        return f"pow(2.0, ({at} - {now}) / {float(span(by_name[name].half_life))!r})"

    def add(name: str, kinds: str, x: str = "1.0", at: str = "happened") -> str:
        among = ", ".join(f"'{kind}'" for kind in kinds.split())
        return f"sum({x} * {fade(name, at)}) FILTER (WHERE kind IN ({among}) AND {x} IS NOT NULL)"

    def half(name: str) -> str:
        return f"100 * (1 - pow(2.0, -greatest({name}, 0) / {by_name[name].scale!r}))"

    def rate(done: str, chance: str) -> str:
        share = f"least(coalesce({done} / {chance}, 1), 1)"  # least() overlooks a NULL
        return f"100 * CASE WHEN {done} > 0 THEN {share} WHEN {chance} > 0 THEN 0 END"

    felt = "survey_answered opinion complaint praise"
    rating = "coalesce(rating, CASE kind WHEN 'complaint' THEN 0.0 WHEN 'praise' THEN 10.0 END)"
    rated = f"CASE WHEN {rating} IS NOT NULL THEN 1.0 END"
    # What is NULL does not apply; what is 0 there where nobody did it had its chance.
    points = {
        **{
            name: f"coalesce({half(name)}, 0)"
            for name in (
                "purchase_count purchase_breadth purchase_amount purchase_quantity purchase_margin "
                "purchase_frequency suggestions referrals shares"
            ).split()
        },
        "purchase_recency": f"coalesce(100 * {fade('purchase_recency', 'newest')}, 0)",
        "events_attended": rate("attended", "invited"),
        "surveys_answered": rate("answered", "asked"),
        "promotion_loyalty": "100 * loyalty",
        "satisfaction": (
            "CASE WHEN felt_often > 0 THEN "
            f"least(100 * felt / felt_often / {by_name['satisfaction'].scale!r}, 100) "
            "WHEN asked > 0 THEN 0 END"
        ),
    }
    weights = {name: by_name[name].weight for name in points}
    earned = " + ".join(f"coalesce({w} * ({points[name]}), 0)" for name, w in weights.items())
    applied = " + ".join(
        f"CASE WHEN ({points[name]}) IS NULL THEN 0 ELSE {w} END" for name, w in weights.items()
    )
    ended = ", ".join(f"({micros(start)}, {micros(end)})" for start, end in shop.windows())
    return f"""
    WITH promotion(start, finish) AS (VALUES {ended}),
    summed AS (
        SELECT customer,
            {add("purchase_count", "purchase")} AS purchase_count,
            {add("purchase_amount", "purchase return refund", "amount", "aged")} AS purchase_amount,
            {add("purchase_quantity", "purchase return", "quantity", "aged")} AS purchase_quantity,
            {add("purchase_margin", "purchase return refund", "margin", "aged")} AS purchase_margin,
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
        FROM log GROUP BY customer
    ),
    broad AS (
        SELECT customer, sum({fade("purchase_breadth", "last")}) AS purchase_breadth
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
        SELECT customer, coalesce(sum({fade("promotion_loyalty", "won.finish")}), 0)
            / sum({fade("promotion_loyalty", "promotion.finish")}) AS loyalty
        FROM summed JOIN promotion ON oldest <= promotion.finish
        LEFT JOIN won USING (customer, start) GROUP BY customer
    )
    SELECT customer, ({earned}) / ({applied}) AS total
    FROM summed LEFT JOIN broad USING (customer) LEFT JOIN loyal USING (customer)
    ORDER BY customer
    """  # noqa: S608 - made of the model's own numbers
