"""A value model that leaves nothing out: for whoever computes scores in another way."""

from __future__ import annotations

from datetime import timedelta

from crmkit.model.value import Indicator, ValueModel

_DAY = timedelta(days=1)

FULL = ValueModel(
    "full",
    (
        Indicator("frequency", ("purchase",), "count", half_life=30 * _DAY, weight=3, scale=3),
        Indicator(
            "spend",
            ("purchase", "return", "refund"),
            "sum",
            field="amount",
            half_life=90 * _DAY,
            weight=5,
            scale=1000,
        ),
        Indicator(
            "profit",
            ("purchase", "return"),
            "sum",
            field="margin",
            half_life=200 * _DAY,
            weight=2,
            scale=150,
        ),
        Indicator(
            "pieces",
            ("purchase", "return"),
            "sum",
            field="quantity",
            half_life=45 * _DAY,
            weight=1,
            scale=6,
            defaults={"purchase": 1},
        ),
        Indicator(
            "range",
            ("purchase",),
            "breadth",
            field="item",
            half_life=120 * _DAY,
            weight=1,
            scale=4,
        ),
        Indicator(
            "colours",
            ("purchase", "visit"),
            "breadth",
            field="colour",
            half_life=17 * _DAY,
            weight=0.5,
            scale=2,
        ),
        Indicator("recency", ("purchase", "visit"), "recency", half_life=20 * _DAY, weight=2),
        Indicator(
            "satisfaction",
            ("survey_answered", "opinion", "complaint", "praise"),
            "mean",
            field="rating",
            half_life=180 * _DAY,
            weight=2,
            scale=10,
            defaults={"complaint": 0, "praise": 10},
        ),
        Indicator(
            "events",
            ("event_attended",),
            "rate",
            opportunity=("event_invited",),
            half_life=100 * _DAY,
            weight=1.5,
        ),
        Indicator(
            "surveys",
            ("survey_answered",),
            "rate",
            opportunity=("survey_sent",),
            half_life=5 * _DAY,
            weight=1,
        ),
        Indicator(
            "advice",
            ("suggestion",),
            "count",
            opportunity=("survey_sent",),
            half_life=365 * _DAY,
            weight=0.5,
        ),
        Indicator(
            "loyalty",
            ("purchase",),
            "rate",
            within="competitor_promotion",
            half_life=365 * _DAY,
            weight=1,
        ),
        Indicator("shares", ("share",), "count", half_life=3 * _DAY, weight=1, scale=2),
        Indicator("logins", ("login",), "count", half_life=8 * _DAY, weight=0.7),
        Indicator("mark", ("visit",), "mean", field="mark", half_life=_DAY / 4, weight=1, scale=7),
    ),
    currency="CNY",
    rates={"USD": 7.1, "EUR": 7.9},
)
"""Every measure, half-lives from six hours to a year."""
