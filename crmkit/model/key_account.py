"""Key accounts: chosen by what, worth and costing what, and promised what (R255-R265)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from crmkit.model.document import Document, Step
from crmkit.model.serial import Record

MEMBER, REMOVED = "member", "removed"
OPEN, KEPT, BROKEN = "open", "kept", "broken"
PROMISE_STATES = (OPEN, KEPT, BROKEN)


@attrs.frozen(kw_only=True)
class Figures(Record):
    """What an account is worth and what it costs, over its lifetime; its people count with it.

    Attributes:
        currency: ISO 4217 code of all money below: the value model's own.
        years: Since the first purchase, 0.0 and more.
        revenue: Purchases less returns.
        revenue_share: Of everybody's, 0.0 to 1.0.
        growth: Revenue of the last year over that of the year before, less 1; None: there was none.
        profit: Margins of purchases less those of returns, as far as they were captured; None: no
            margin ever was.
        margin_known: Share of purchases and returns whose margin was captured, 0.0 to 1.0.
        contacts: Recorded contacts whose kind has a cost in the configuration.
        cost_to_serve: Those contacts at their cost, and the expenses of care plans.
        net_profit: ``profit`` less ``cost_to_serve``; None where the profit is unknown.
        unpriced: Currencies the model has no rate for: their money is left out.
    """

    currency: str
    years: float = 0.0
    revenue: Decimal = Decimal(0)
    revenue_share: float = 0.0
    growth: float | None = None
    profit: Decimal | None = None
    margin_known: float = 0.0
    contacts: int = 0
    cost_to_serve: Decimal = Decimal(0)
    net_profit: Decimal | None = None
    unpriced: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Criterion(Record):
    """One condition of being a key account, and whether somebody meets it (R257).

    Attributes:
        name: As the configuration spells it.
        asked: The least that is asked for; or the question, where only a person can answer.
        found: The figure; None: it is not known, or a person answers.
        met: Whether it is met; None: not known, or not answered yet.
    """

    name: str
    asked: str
    found: str | None = None
    met: bool | None = None


@attrs.frozen(kw_only=True)
class Assessment(Record):
    """One customer as a review saw him.

    Attributes:
        customer_id: Whom.
        at: When.
        by: Who held the review.
        figures: What he is worth and costs.
        criteria: Each criterion, met or not.
        proposal: ``keep`` or ``remove`` for a key account, ``admit`` or ``leave`` for another.
        why: What the proposal rests on.
    """

    customer_id: str
    at: datetime
    by: str | None
    figures: Figures
    criteria: tuple[Criterion, ...] = ()
    proposal: str
    why: str


@attrs.frozen(kw_only=True)
class KeyAccount(Document):
    """One key account; `owner` is its manager, `state` is ``member`` or ``removed``.

    Attributes:
        sponsor: The senior person who stands for it (R255).
        reason: Why it was admitted.
        exception: Why it was admitted although it does not meet the criteria (R260); None: it does.
        answers: What people answered to the questions among the criteria.
        admitted_at: Since when.
        criteria: The criteria as they were at the admission.
        assessed: What the last review saw; None: there was none since.
        review_due: When it is to be reviewed next.
        removed_at: When it was removed.
        steps: Its moves, oldest first: admitted, reviewed, removed.
    """

    sponsor: str
    reason: str
    exception: str | None = None
    answers: Mapping[str, bool] = attrs.field(factory=dict)
    admitted_at: datetime
    criteria: tuple[Criterion, ...] = ()
    assessed: Assessment | None = None
    review_due: datetime
    removed_at: datetime | None = None
    steps: tuple[Step, ...] = ()

    @property
    def due(self) -> datetime | None:
        """When it is to be reviewed; None once it was removed."""
        return self.review_due if self.state == MEMBER else None


@attrs.frozen(kw_only=True)
class Benchmark(Record):
    """The key accounts beside each other (R264).

    Attributes:
        figures: Each account's figures, by customer id.
        median: The median of each figure; of those that know it.
        best: Who leads by each figure, by its name: whose practice to learn from.
    """

    figures: Mapping[str, Figures]
    median: Figures
    best: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class KeyReview(Record):
    """One review of the programme (R263).

    Attributes:
        id: Id of the decision that recorded it.
        at: When it was held.
        by: Who held it.
        due: When the next one is.
        champion: Who stands for the programme as a whole (R256).
        least: So many accounts there shall be at least (R258).
        most: So many at most.
        accounts: Every key account.
        candidates: The best of the others.
        benchmark: The accounts beside each other.
    """

    id: str
    at: datetime
    by: str | None
    due: datetime
    champion: str | None
    least: int
    most: int
    accounts: tuple[Assessment, ...] = ()
    candidates: tuple[Assessment, ...] = ()
    benchmark: Benchmark

    @property
    def too_few(self) -> bool:
        """Whether there are fewer accounts than there shall be at least."""
        return len(self.accounts) < self.least


@attrs.frozen(kw_only=True)
class Promise(Document):
    """What was promised to a key account, for everybody who must keep it to see (R265).

    `owner` answers for it; `state` is one of `PROMISE_STATES`.

    Attributes:
        what: What was promised.
        departments: Who must keep it: the departments it goes through.
        since: From when it holds.
        until: Until when it must be kept; None: for as long as he is a key account.
        evidence: What shows that it was kept, or broken.
        steps: Its moves, oldest first.
    """

    what: str
    departments: tuple[str, ...]
    since: datetime
    until: datetime | None = None
    evidence: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def due(self) -> datetime | None:
        """Until when it must be kept; None once that is settled, or where there is no term."""
        return self.until if self.state == OPEN else None
