"""What care came to: the three axes, and the return on it against those without (R134-R136)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class Figure(Record):
    """One measured figure.

    Attributes:
        code: Name that stays.
        en: What it says, in English.
        zh: What it says, in Chinese.
        value: The figure; None: there was nothing to measure.
        unit: ``share`` (0.0 to 1.0), ``count``, ``days``, ``points``, ``ratio``, or a currency.
        count: How many it rests on.
    """

    code: str
    en: str
    zh: str
    value: float | None
    unit: str
    count: int


@attrs.frozen(kw_only=True)
class Assessment(Record):
    """What a person found where no figure can tell.

    Attributes:
        indicator: Code of the indicator.
        points: 0 (bad) to 100 (good).
        text: Why, in words.
        at: When.
        by: Who.
    """

    indicator: str
    points: float
    text: str
    at: datetime
    by: str | None


@attrs.frozen(kw_only=True)
class AxisIndicator(Record):
    """One indicator of an axis: what data tell of it, and what a person found.

    Attributes:
        code: Name that stays.
        en: In English.
        zh: In the documents' own words.
        figures: What can be computed.
        assessment: The newest by a person, up to the period's end; None: nobody was asked.
    """

    code: str
    en: str
    zh: str
    figures: tuple[Figure, ...] = ()
    assessment: Assessment | None = None


@attrs.frozen(kw_only=True)
class Compared(Record):
    """One measure of those who were cared for, against themselves before and against others.

    All are means a customer over equally long spans before and after the care began.

    Attributes:
        measure: ``revenue`` ``profit`` (in the base currency), ``score`` (points) or
            ``purchase_days``.
        count: Customers it rests on: those with a match.
        before: Before care began.
        after: Since.
        others_before: The same of their matches without care.
        others_after: The same of them since.
        effect: What care added: the change of the one less the change of the others.
        low: Lower end of the effect's 95 % interval; None: too few to say.
        high: Upper end.
    """

    measure: str
    count: int
    before: float
    after: float
    others_before: float
    others_after: float
    effect: float
    low: float | None
    high: float | None

    @property
    def proven(self) -> bool:
        """Whether the interval leaves no room for no effect at all."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@attrs.frozen(kw_only=True)
class ReturnOnCare(Record):
    """What care brought for what it cost.

    Attributes:
        cared: Customers with a care plan that ran within the period.
        matched: Those of them that were compared.
        others: Different customers they were compared with.
        held_out: Whether the others were set aside beforehand, and not only left over.
        currency: The base currency.
        compared: A `Compared` a measure.
        by_bond: Mean effect on the score by the bonds the plans' actions used (R287): bond, how
            many customers, effect.
        gain: What care added in all, in profit where margins are captured, else in revenue.
        gain_of: ``profit`` or ``revenue``.
        cost: Expenses of all plans' actions that were carried out in the period.
        cost_of_compared: Those of the compared customers among them.
        unpriced: Currencies of expenses that have no rate and are not in `cost`.
        ratio: (gain - cost_of_compared) / cost_of_compared; None where there is no such cost or
            nothing to compare.
        proven: Whether the effect on the money is proven (R136).
        note: What to know about it, in words.
    """

    cared: int
    matched: int
    others: int
    held_out: bool
    currency: str
    compared: tuple[Compared, ...] = ()
    by_bond: tuple[tuple[str, int, float], ...] = ()
    gain: Decimal | None = None
    gain_of: str = "profit"
    cost: Decimal = Decimal(0)
    cost_of_compared: Decimal = Decimal(0)
    unpriced: tuple[str, ...] = ()
    ratio: float | None = None
    proven: bool = False
    note: str = ""


@attrs.frozen(kw_only=True)
class Holdout(Record):
    """Customers set aside by lot, who get no care plan until it ends.

    Attributes:
        id: Of the decision; with a customer's id it tells whether he is drawn.
        share: Part of all customers, 0.0 to 0.5; 0.0 ends a holdout.
        since: From when.
        until: Until when, exclusive.
        by: Who set them aside.
    """

    id: str
    share: float
    since: datetime
    until: datetime
    by: str | None


@attrs.frozen(kw_only=True)
class Evaluation(Record):
    """Care evaluated over a period (R134-R136, R204-R206).

    Attributes:
        since: Beginning, inclusive.
        until: End, exclusive.
        strategy: Axis 1: planning, analysis, channels, organisation.
        execution: Axis 2: systems, processes, operations, return on investment.
        effect: Axis 3: awareness, problems resolved, loyalty, value.
        return_on_care: What care brought for what it cost.
    """

    since: datetime
    until: datetime
    strategy: tuple[AxisIndicator, ...]
    execution: tuple[AxisIndicator, ...]
    effect: tuple[AxisIndicator, ...]
    return_on_care: ReturnOnCare

    def indicator(self, code: str) -> AxisIndicator:
        """Give an indicator by its code.

        Raises:
            KeyError: there is none of that code.
        """
        for one in (*self.strategy, *self.execution, *self.effect):
            if one.code == code:
                return one
        raise KeyError(code)
