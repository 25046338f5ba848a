"""What customers and their matches did before a care began, and over as long a span since."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from crmkit.care.certainty import Change, interval
from crmkit.care.courses import Courses
from crmkit.care.earned import Earned, Log
from crmkit.model.evaluation import Compared


class Pair(NamedTuple):
    """One customer who was cared for, and his matches.

    Attributes:
        root: Who.
        at: The instant he was matched at.
        start: When the care began.
        matches: His like, by root id.
    """

    root: str
    at: int
    start: int
    matches: Sequence[str]


class _Figures(NamedTuple):
    """One figure of one customer before a care began, and since."""

    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


class Spans:
    """Every pair's figures before and since."""

    def __init__(self, pairs: Sequence[Pair], log: Log, courses: Courses, until: int) -> None:
        self._pairs = pairs
        self._log = log
        self._courses = courses
        self._until = until
        self._earned: dict[tuple[str, int, int], Earned] = {}
        self.effects: dict[str, list[float]] = {}

    @property
    def measures(self) -> tuple[str, ...]:
        """What is compared: profit only where margins of both sides were captured."""
        has_profit = any(
            self._of(name, low, high).profit is not None
            for pair in self._pairs
            for name in (pair.root, *pair.matches)
            for low, high in self._when(pair)
        )
        return (*(("profit",) if has_profit else ()), "revenue", "purchase_days", "score")

    def compared(self, measure: str) -> Compared:
        """Compare one measure over all pairs."""
        rows = [self._row(measure, pair) for pair in self._pairs]
        changes = [
            Change(mine.change, {name: one.change for name, one in theirs.items()})
            for mine, theirs in rows
        ]
        effects = self.effects[measure] = [one.effect for one in changes]
        low, high = interval(changes) or (None, None)
        return Compared(
            measure=measure,
            count=len(rows),
            before=fmean(mine.before for mine, _ in rows),
            after=fmean(mine.after for mine, _ in rows),
            others_before=fmean(fmean(one.before for one in theirs.values()) for _, theirs in rows),
            others_after=fmean(fmean(one.after for one in theirs.values()) for _, theirs in rows),
            effect=fmean(effects),
            low=low,
            high=high,
        )

    @property
    def roots(self) -> list[str]:
        """Who the effects are of, in their order."""
        return [pair.root for pair in self._pairs]

    def _row(self, measure: str, pair: Pair) -> tuple[_Figures, dict[str, _Figures]]:
        theirs = {name: self._figures(measure, pair, name) for name in pair.matches}
        return self._figures(measure, pair, pair.root), theirs

    def _figures(self, measure: str, pair: Pair, root: str) -> _Figures:
        if measure == "score":
            totals = self._courses.totals
            return _Figures(totals[pair.at][root], totals[self._until][root])
        before, after = (self._of(root, low, high) for low, high in self._when(pair))
        if measure == "profit":
            return _Figures(before.profit or 0.0, after.profit or 0.0)
        if measure == "revenue":
            return _Figures(before.revenue, after.revenue)
        return _Figures(before.days, after.days)

    def _when(self, pair: Pair) -> tuple[tuple[int, int], tuple[int, int]]:
        length = self._until - pair.start
        return (pair.start - length, pair.start), (pair.start, self._until)

    def _of(self, root: str, low: int, high: int) -> Earned:
        key = (root, low, high)
        if key not in self._earned:
            self._earned[key] = self._log.earned(root, low, high)
        return self._earned[key]
