"""The value score of the default model, written for pandas by hand: what analysts would write.

It scores from the log as a data frame, column by column, and knows already from which instant each
return is aged, as `benchmarks.duck` does. Weights, scales and half-lives are the model's own.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import shop
from benchmarks.duck import LOG
from crmkit import ValueModel
from crmkit.clock import micros, span

_COLUMNS = "customer kind happened aged amount margin quantity item rating".split()
_BOUGHT = ("purchase", "return", "refund")
_FELT = ("survey_answered", "opinion", "complaint", "praise")
_SUMS = {"amount": _BOUGHT, "margin": _BOUGHT, "quantity": ("purchase", "return")}
_COUNTS = {
    "purchase_count": "purchase",
    "purchase_frequency": "purchase",
    "suggestions": "suggestion",
    "referrals": "referral",
    "shares": "share",
}
_RATES = {
    "events_attended": ("event_attended", "event_invited"),
    "surveys_answered": ("survey_answered", "survey_sent"),
}


def load(database: Path) -> pd.DataFrame:
    """Read the log into memory, a column a field; customers and kinds as categories."""
    with sqlite3.connect(database) as source:
        parts = []
        for chunk in pd.read_sql_query(LOG, source, chunksize=200_000):
            chunk.columns = pd.Index(_COLUMNS)
            numbers = {name: chunk[name].astype(float) for name in ("amount", "margin", "quantity")}
            parts.append(chunk.assign(**numbers))
    log = pd.concat(parts, ignore_index=True)
    return log.astype({"customer": "category", "kind": "category", "item": "category"})


class Scorer:
    """Scores everybody at the end of the three years."""

    def __init__(self, log: pd.DataFrame, model: ValueModel) -> None:
        """Take the log and the model; nothing is computed yet."""
        self._log = log
        self._now = micros(shop.END)
        self._by_name = {indicator.name: indicator for indicator in model.indicators}
        self._everybody = log["customer"].cat.categories

    def totals(self) -> pd.Series[float]:
        """Give everybody's total, by customer."""
        earned = pd.Series(0.0, index=self._everybody)
        applied = pd.Series(0.0, index=self._everybody)
        for name, points in self._points().items():
            weight = self._by_name[name].weight
            earned = earned + (weight * points).fillna(0)
            applied = applied + weight * points.notna()
        return earned / applied

    def _points(self) -> dict[str, pd.Series[float]]:
        """Give the points of each indicator; NaN where it does not apply."""
        bought = self._rows(("purchase",))
        points = {
            name: self._half(name, self._add(name, (kind,))) for name, kind in _COUNTS.items()
        }
        for field, kinds in _SUMS.items():
            name = f"purchase_{field}"
            points[name] = self._half(name, self._add(name, kinds, field, "aged"))
        newest = bought.groupby(["customer", "item"], observed=True)["happened"].max()
        faded = self._fade("purchase_breadth", newest).groupby("customer", observed=True).sum()
        points["purchase_breadth"] = self._half("purchase_breadth", faded)
        last = bought.groupby("customer", observed=True)["happened"].max()
        points["purchase_recency"] = self._all(100 * self._fade("purchase_recency", last))
        for name, (done, chance) in _RATES.items():
            points[name] = self._rate(self._add(name, (done,)), self._add(name, (chance,)))
        points["promotion_loyalty"] = self._loyalty(bought)
        points["satisfaction"] = self._satisfaction()
        return points

    def _rows(self, kinds: tuple[str, ...]) -> pd.DataFrame:
        return self._log[self._log["kind"].isin(kinds)]

    def _fade(self, name: str, at: pd.Series[int]) -> pd.Series[float]:
        return np.exp2((at - self._now) / float(span(self._by_name[name].half_life)))

    def _add(
        self, name: str, kinds: tuple[str, ...], field: str | None = None, at: str = "happened"
    ) -> pd.Series[float]:
        rows = self._rows(kinds)
        worth = self._fade(name, rows[at])
        if field is not None:
            worth = worth * rows[field]
        return worth.groupby(rows["customer"], observed=True).sum()

    def _all(self, some: pd.Series[float]) -> pd.Series[float]:
        return some.reindex(self._everybody, fill_value=0.0)

    def _half(self, name: str, raw: pd.Series[float]) -> pd.Series[float]:
        return 100 * (1 - np.exp2(-self._all(raw).clip(lower=0) / self._by_name[name].scale))

    def _rate(self, done: pd.Series[float], chance: pd.Series[float]) -> pd.Series[float]:
        done, chance = self._all(done), self._all(chance)
        share = (done / chance.where(chance > 0)).clip(upper=1)
        return 100 * share.where(chance > 0, (done > 0).astype(float).where(done > 0))

    def _loyalty(self, bought: pd.DataFrame) -> pd.Series[float]:
        first = bought.groupby("customer", observed=True)["happened"].min()
        first = first.reindex(self._everybody)
        won, chances = (pd.Series(0.0, index=self._everybody) for _ in range(2))
        for start, end in ((micros(start), micros(end)) for start, end in shop.windows()):
            worth = float(
                np.exp2((end - self._now) / span(self._by_name["promotion_loyalty"].half_life))
            )
            inside = bought.loc[bought["happened"].between(start, end), "customer"].unique()
            chances[first <= end] += worth
            won.loc[list(inside)] += worth
        return 100 * won / chances.where(chances > 0)

    def _satisfaction(self) -> pd.Series[float]:
        indicator = self._by_name["satisfaction"]
        rows = self._rows(_FELT)
        said = rows["rating"].fillna(rows["kind"].astype(str).map(indicator.defaults).astype(float))
        worth = self._fade("satisfaction", rows["happened"]).where(said.notna())
        by = rows["customer"]
        felt = self._all((worth * said).groupby(by, observed=True).sum())
        often = self._all(worth.groupby(by, observed=True).sum())
        asked = self._all(self._add("surveys_answered", ("survey_sent",)))
        mean = (100 * felt / often.where(often > 0) / indicator.scale).clip(upper=100)
        return mean.where(often > 0, (0 * asked).where(asked > 0))
