"""The value score of the default model, written for DuckDB by hand: what analysts would write.

It scores from the log, which lies in DuckDB's own table and knows already from which instant each
return is aged. Weights, scales and half-lives are those of the model in force.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from benchmarks import shop
from crmkit import ValueModel
from crmkit.clock import micros, span

Add = Callable[..., str]
"""Gives a faded sum: of which indicator, of which kinds, of what (1.0), faded since when."""
_FELT = "survey_answered opinion complaint praise"
RATING = "coalesce(rating, CASE kind WHEN 'complaint' THEN 0.0 WHEN 'praise' THEN 10.0 END)"
_RATED = f"CASE WHEN {RATING} IS NOT NULL THEN 1.0 END"
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


class ByHand:
    """The model in SQL: what the statements over DuckDB's own table and over an export share.

    Attributes:
        now: The end of the three years, in microseconds.
        weights: Each indicator's, by name.
    """

    def __init__(self, model: ValueModel) -> None:
        """Take weights, scales and half-lives of a model."""
        self.now = micros(shop.END)
        self._by_name = {indicator.name: indicator for indicator in model.indicators}
        self.weights = {name: self._by_name[name].weight for name in self.points()}

    def half_life(self, name: str) -> int:
        """Give an indicator's half-life in microseconds."""
        return span(self._by_name[name].half_life)

    def fade(self, name: str, at: str = "happened") -> str:
        """Give what is left of one at the end."""
        return f"pow(2.0, ({at} - {self.now}) / {float(self.half_life(name))!r})"

    def points(self) -> dict[str, str]:
        """Give each indicator's points, from the columns of `steps`.

        What is NULL does not apply; what is 0 there where nobody did it had its chance.
        """
        return {
            **{
                name: f"coalesce({self._half(name)}, 0)"
                for name in (
                    "purchase_count purchase_breadth purchase_amount purchase_quantity "
                    "purchase_margin purchase_frequency suggestions referrals shares"
                ).split()
            },
            "purchase_recency": f"coalesce(100 * {self.fade('purchase_recency', 'newest')}, 0)",
            "events_attended": _rate("attended", "invited"),
            "surveys_answered": _rate("answered", "asked"),
            "promotion_loyalty": "100 * loyalty",
            "satisfaction": (
                "CASE WHEN felt_often > 0 THEN "
                f"least(100 * felt / felt_often / {self._by_name['satisfaction'].scale!r}, 100) "
                "WHEN asked > 0 THEN 0 END"
            ),
        }

    def total(self, points: Mapping[str, str]) -> str:
        """Give the total of the indicators that apply, whose points stand in these terms."""
        earned = " + ".join(
            f"coalesce({w} * {points[name]}, 0)" for name, w in self.weights.items()
        )
        applied = " + ".join(
            f"CASE WHEN {points[name]} IS NULL THEN 0 ELSE {w} END"
            for name, w in self.weights.items()
        )
        return f"({earned}) / ({applied})"

    def steps(self, add: Add, table: str = "log") -> str:
        """Give the common tables ``summed``, ``broad``, ``won`` and ``loyal``.

        They read the tables ``log`` and ``promotion``.

        Args:
            add: Gives a faded sum.
            table: Which table has the columns that `add` speaks of.
        """
        bought = "purchase return refund"
        return f"""
    summed AS (
        SELECT customer,
            {add("purchase_count", "purchase")} AS purchase_count,
            {add("purchase_amount", bought, "amount", "aged")} AS purchase_amount,
            {add("purchase_quantity", "purchase return", "quantity", "aged")} AS purchase_quantity,
            {add("purchase_margin", bought, "margin", "aged")} AS purchase_margin,
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
            {add("satisfaction", _FELT, RATING)} AS felt,
            {add("satisfaction", _FELT, _RATED)} AS felt_often
        FROM {table} GROUP BY customer
    ),
    broad AS (
        SELECT customer, sum({self.fade("purchase_breadth", "last")}) AS purchase_breadth
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
        SELECT customer, coalesce(sum({self.fade("promotion_loyalty", "won.finish")}), 0)
            / sum({self.fade("promotion_loyalty", "promotion.finish")}) AS loyalty
        FROM summed JOIN promotion ON oldest <= promotion.finish
        LEFT JOIN won USING (customer, start) GROUP BY customer
    )"""  # noqa: S608 - made of the model's own numbers

    def _half(self, name: str) -> str:
        return f"100 * (1 - pow(2.0, -greatest({name}, 0) / {self._by_name[name].scale!r}))"


def faded_sum(fade: str, kinds: str, x: str) -> str:
    """Give the sum of `x`, each faded, over touchpoints of some kinds, as `Add` is asked for it."""
    among = ", ".join(f"'{kind}'" for kind in kinds.split())
    return f"sum({x} * {fade}) FILTER (WHERE kind IN ({among}) AND {x} IS NOT NULL)"


def query(model: ValueModel) -> str:
    """Give the statement that gives everybody's total at the end of the three years."""
    hand = ByHand(model)

    def add(name: str, kinds: str, x: str = "1.0", at: str = "happened") -> str:
        return faded_sum(hand.fade(name, at), kinds, x)

    total = hand.total({name: f"({points})" for name, points in hand.points().items()})
    ended = ", ".join(f"({micros(start)}, {micros(end)})" for start, end in shop.windows())
    return f"""
    WITH promotion(start, finish) AS (VALUES {ended}),{hand.steps(add)}
    SELECT customer, {total} AS total
    FROM summed LEFT JOIN broad USING (customer) LEFT JOIN loyal USING (customer)
    ORDER BY customer
    """  # noqa: S608 - made of the model's own numbers


def _rate(done: str, chance: str) -> str:
    share = f"least(coalesce({done} / {chance}, 1), 1)"  # least() overlooks a NULL
    return f"100 * CASE WHEN {done} > 0 THEN {share} WHEN {chance} > 0 THEN 0 END"
