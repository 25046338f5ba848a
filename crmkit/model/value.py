"""The value score: model, parts, movements, tiers (R106-R140)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from crmkit.errors import ModelError
from crmkit.model.serial import Record, resolve
from crmkit.model.touchpoint import Touchpoint

MEASURES = ("count", "sum", "breadth", "recency", "mean", "rate")
MONEY_FIELDS = frozenset({"amount", "margin"})
"""Fields whose number is money in the touchpoint's currency."""

COMPETITOR_PROMOTION = "competitor_promotion"

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


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Keep names in order; one name alone is a list of one."""
    return (names,) if isinstance(names, str) else tuple(names)


def _indicators(indicators: Iterable[Indicator]) -> tuple[Indicator, ...]:
    return tuple(indicators)


@attrs.frozen
class Indicator(Record):
    """One thing that is measured about every customer.

    Attributes:
        name: Unique in its model.
        kinds: Touchpoint kinds it counts.
        measure: ``count sum breadth recency mean rate``: the formulas of `crmkit.value`.
        half_life: After this long a touchpoint counts half.
        weight: Its share before sharing out, 0 or more; any scale.
        field: Field that ``sum``, ``mean`` and ``breadth`` read: a key of the record, else of
            its attributes.
        scale: Raw value that earns 50 points (``count sum breadth``), or full points (``mean``).
        opportunity: Kinds that give a customer the chance to show it; empty: needs none.
        within: ``competitor_promotion``: purchases inside competitors' promotion windows.
        defaults: What a kind counts where `field` is missing.
    """

    name: str
    kinds: tuple[str, ...] = attrs.field(converter=_names)
    measure: str
    half_life: timedelta = attrs.field(kw_only=True)
    weight: float = attrs.field(kw_only=True, converter=float)
    field: str | None = attrs.field(default=None, kw_only=True)
    scale: float = attrs.field(default=1.0, kw_only=True, converter=float)
    opportunity: tuple[str, ...] = attrs.field(default=(), kw_only=True, converter=_names)
    within: str | None = attrs.field(default=None, kw_only=True)
    defaults: Mapping[str, float] = attrs.field(factory=dict, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that the indicator makes sense.

        Raises:
            ModelError: names the field at fault and what would be right.
        """
        for wrong, field, what in (
            (not self.name or not isinstance(self.name, str), "name", "needs a name"),
            (not self.kinds, "kinds", "needs one kind or more"),
            (self.measure not in MEASURES, "measure", f"must be one of {', '.join(MEASURES)}"),
            (self.half_life <= timedelta(0), "half_life", "must be longer than zero"),
            (not _finite(self.weight, 0.0), "weight", "must be a number, 0 or more"),
            (not _finite(self.scale) or self.scale <= 0, "scale", "must be a number above 0"),
            (
                self.measure in ("sum", "mean", "breadth") and not self.field,
                "field",
                f"a {self.measure} needs the field it reads",
            ),
            (
                self.measure == "rate" and not self.opportunity and not self.within,
                "opportunity",
                "a rate needs the kinds that give the chance",
            ),
            (
                self.within not in (None, COMPETITOR_PROMOTION),
                "within",
                f"can only be {COMPETITOR_PROMOTION!r}",
            ),
            (
                self.within is not None and self.measure != "rate",
                "within",
                "goes with the measure rate only",
            ),
            (
                not all(_finite(value) for value in self.defaults.values()),
                "defaults",
                "must be numbers",
            ),
        ):
            if wrong:
                message = f"indicator {self.name!r}: {field} {what}"
                raise ModelError(message, indicator=self.name, field=field)


def _finite(value: float, least: float = -math.inf) -> bool:
    """Tell whether `value` is a finite number of at least `least`."""
    return isinstance(value, (int, float)) and math.isfinite(value) and value >= least


def _exact_rates(rates: Mapping[str, object]) -> dict[str, float]:
    return {code: float(str(rate)) for code, rate in rates.items()}


@attrs.frozen
class ValueModel(Record):
    """A named set of indicators that together give the composite value score.

    Attributes:
        version: Name of this version; every score carries it.
        indicators: What is measured, each with its weight.
        currency: Base currency (ISO 4217) that money is counted in.
        rates: What one unit of another currency is worth in the base currency.
    """

    version: str
    indicators: tuple[Indicator, ...] = attrs.field(converter=_indicators)
    currency: str = attrs.field(kw_only=True)
    rates: Mapping[str, float] = attrs.field(factory=dict, kw_only=True, converter=_exact_rates)

    def __attrs_post_init__(self) -> None:
        """Check that names are unique and rates usable.

        Raises:
            ModelError: names what is wrong.
        """
        names = [indicator.name for indicator in self.indicators]
        for wrong, field, what in (
            (not self.version, "version", "needs a name"),
            (not names, "indicators", "needs at least one indicator"),
            (len(set(names)) != len(names), "indicators", "has the same name twice"),
            (not self.currency, "currency", "needs a base currency"),
            (
                not all(_finite(rate) and rate > 0 for rate in self.rates.values()),
                "rates",
                "must be numbers above 0",
            ),
            (
                self.rates.get(self.currency, 1.0) != 1.0,
                "rates",
                f"must not price the base currency {self.currency} other than 1",
            ),
        ):
            if wrong:
                message = f"value model {self.version!r}: {field} {what}"
                raise ModelError(message, field=field)

    def rate(self, currency: str) -> float | None:
        """Give what one unit of `currency` is worth in the base currency, or None."""
        return 1.0 if currency == self.currency else self.rates.get(currency)


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
        """``key``, ``core`` or ``base``; None where nobody is ranked."""
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
        """The `Touchpoint`s behind it, newest first; empty for time and weights."""
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
