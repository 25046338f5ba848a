"""The value score: parts, movements, tiers (R106-R140); made by a model of indicators."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs

from crmkit.model.indicators import (
    COMPETITOR_PROMOTION,
    MEASURES,
    MONEY_FIELDS,
    Indicator,
    ValueModel,
)
from crmkit.model.serial import Record, resolve
from crmkit.model.touchpoint import Touchpoint

__all__ = [
    "COMPETITOR_PROMOTION",
    "DECLINED",
    "MEASURES",
    "MONEY_FIELDS",
    "NOT_APPLICABLE",
    "OBSERVED",
    "REASONS",
    "STATES",
    "TIERS",
    "UNOBSERVED",
    "Cause",
    "CustomerKind",
    "Indicator",
    "Movement",
    "Override",
    "Part",
    "Score",
    "Tier",
    "ValueModel",
]

OBSERVED = "observed"
UNOBSERVED = "unobserved"
NOT_APPLICABLE = "not_applicable"
DECLINED = "declined"
STATES = (OBSERVED, UNOBSERVED, NOT_APPLICABLE, DECLINED)

REASONS = (
    "late",
    "fading",
    "behaviour",
    "applicability",
    "correction",
    "override",
    "model",
)
"""Reasons of a cause, in the order `explain` walks them."""

TIERS: tuple[tuple[str, int], ...] = (("key", 2), ("core", 20), ("base", 100))
"""Tiers from the top, each with the percentage of customers down to which it reaches."""


@attrs.frozen(kw_only=True)
class Part(Record):
    """One indicator's share of a value score.

    Attributes:
        indicator: Name of the indicator, as the model file spells it.
        state: ``observed unobserved not_applicable declined`` (R114).
        raw: Decayed measure at the score's instant, in the measure's own unit; never NaN.
        points: `raw` on the common scale, 0.0 to 100.0; an override's where there is one.
        weight: Weight used, after sharing out those that do not apply; 0.0 to 1.0.
        contribution: ``weight * points``.
    """

    indicator: str
    state: str
    raw: float
    points: float
    weight: float
    contribution: float


@attrs.frozen(kw_only=True)
class Score(Record):
    """A customer's composite value at one instant.

    Attributes:
        customer_id: Whose.
        at: As of when.
        total: Sum of the contributions, 0.0 to 100.0; 0.0 where nothing applies.
        model: Version of the model.
    """

    customer_id: str
    at: datetime
    total: float
    _tier: Any = attrs.field(eq=False, repr=False)
    model: str
    _parts: Any = attrs.field(eq=False, repr=False)

    @property
    def tier(self) -> str | None:
        """``key``, ``core`` or ``base``; None: he was not known yet, or nothing was recorded."""
        tier: str | None = resolve(self, "_tier")
        return tier

    @property
    def parts(self) -> tuple[Part, ...]:
        """One `Part` an indicator, in the model's order."""
        parts: tuple[Part, ...] = resolve(self, "_parts")
        return parts


@attrs.frozen(kw_only=True)
class Cause(Record):
    """One step of the way from one score to the next.

    Attributes:
        indicator: Whose contribution changed.
        reason: One of `REASONS`.
        delta: By how much, in points of the total.
    """

    indicator: str
    reason: str
    delta: float
    _touchpoints: Any = attrs.field(default=(), eq=False, repr=False)

    @property
    def touchpoints(self) -> tuple[Touchpoint, ...]:
        """The `Touchpoint`s behind it, newest first; empty for time.

        Behind weights that were shared out anew are those that made an indicator apply.
        """
        touchpoints: tuple[Touchpoint, ...] = resolve(self, "_touchpoints")
        return touchpoints


@attrs.frozen(kw_only=True)
class Movement(Record):
    """How and why one customer's score moved.

    Attributes:
        customer_id: Whose.
        before: Score at the start.
        after: Score at the end.
        delta: ``after.total - before.total``.
        causes: They sum to `delta` within 1e-9; largest first.
    """

    customer_id: str
    before: Score
    after: Score
    delta: float
    _unexpected: Any = attrs.field(eq=False, repr=False)
    causes: tuple[Cause, ...]

    @property
    def unexpected(self) -> float:
        """`delta` without the fading that the customer's own rhythm explains."""
        unexpected: float = resolve(self, "_unexpected")
        return unexpected


@attrs.frozen(kw_only=True)
class Tier(Record):
    """One layer of the pyramid, computed and never assumed (R137, R138).

    Attributes:
        name: ``key``, ``core`` or ``base``.
        count: Customers in it.
        value_share: Share of all value points, 0.0 to 1.0.
        revenue_share: Share of all revenue (purchases less returns), 0.0 to 1.0.
        floor: Lowest total in it.
        revenue: Revenue in the base currency.
    """

    name: str
    count: int
    value_share: float
    revenue_share: float
    floor: float
    revenue: Decimal


@attrs.frozen(kw_only=True)
class CustomerKind(Record):
    """Which of the kinds of R140 a customer is, and why.

    Attributes:
        name: ``value potential migrating frozen ordinary``.
        reason: In words.
    """

    name: str
    reason: str


@attrs.frozen(kw_only=True)
class Override(Record):
    """A person set, or a customer declined, one indicator; dated, and reversible.

    Attributes:
        id: Id of the decision.
        customer_id: Whose.
        indicator: Which.
        points: Points that were set, 0 to 100; None: the customer declined it.
        since: In force from here.
        until: In force up to here, exclusive; None: until taken back.
        by: Who decided.
        reason: Why.
    """

    id: str
    customer_id: str
    indicator: str
    points: float | None
    since: datetime
    until: datetime | None
    by: str | None
    reason: str
