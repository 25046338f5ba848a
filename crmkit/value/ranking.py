"""Ranks, tiers and the pyramid: by rank alone, and never assumed (R137, R138)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from functools import cached_property
from statistics import median

import attrs

from crmkit.model.value import TIERS, Tier

_CENT = Decimal("0.01")
_WIDE = Context(prec=400)
"""Holds every double to the cent, whatever the host's own context holds."""


def cuts(count: int) -> dict[str, int]:
    """Give how many customers stand at or above each tier's floor, rounded up."""
    return {name: -(-count * percent // 100) for name, percent in TIERS}


@attrs.frozen(slots=False)
class Ranking:
    """Everybody's total at one instant, highest first; equal totals by customer id.

    Attributes:
        ids: Customers by rank.
        totals: Their totals.
        gaps: Median gap in days between purchase days, where it is known; some may have no rank.
    """

    ids: Sequence[str]
    totals: Sequence[float]
    gaps: Mapping[str, float] = attrs.field(factory=dict)

    @classmethod
    def of(
        cls, totals: Iterable[tuple[str, float]], gaps: Mapping[str, float] | None = None
    ) -> Ranking:
        """Rank customers by their totals."""
        ranked = sorted(totals, key=lambda entry: (-entry[1], entry[0]))
        return cls([name for name, _ in ranked], [total for _, total in ranked], gaps or {})

    @cached_property
    def tiers(self) -> dict[str, str]:
        """Everybody's tier by rank."""
        found: dict[str, str] = {}
        start = 0
        for name, last in cuts(len(self.ids)).items():
            found.update(dict.fromkeys(self.ids[start:last], name))
            start = last
        return found

    @cached_property
    def _tier_gaps(self) -> dict[str, float | None]:
        known: dict[str, list[float]] = {name: [] for name, _ in TIERS}
        for customer, gap in self.gaps.items():
            if customer in self.tiers:
                known[self.tiers[customer]].append(gap)
        return {name: float(median(gaps)) if gaps else None for name, gaps in known.items()}

    def tier_gap(self, customer: str) -> float | None:
        """Give the median gap of a customer's tier, in days; None where nobody in it has one."""
        tier = self.tiers.get(customer)
        return None if tier is None else self._tier_gaps[tier]


def pyramid(ranking: Ranking, revenue: Mapping[str, float]) -> tuple[Tier, ...]:
    """Draw the pyramid; every share is computed, 0.0 where there is nothing to share."""
    all_value = sum(ranking.totals)
    all_revenue = sum(revenue.values())
    layers = []
    start = 0
    for name, last in cuts(len(ranking.ids)).items():
        members, totals = ranking.ids[start:last], ranking.totals[start:last]
        earned = sum(revenue.get(member, 0.0) for member in members)
        layers.append(
            Tier(
                name=name,
                count=len(members),
                value_share=sum(totals) / all_value if all_value else 0.0,
                revenue_share=earned / all_revenue if all_revenue else 0.0,
                floor=totals[-1] if totals else 0.0,
                revenue=Decimal(repr(earned)).quantize(_CENT, context=_WIDE),
            )
        )
        start = last
    return tuple(layers)
