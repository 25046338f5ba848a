"""What the funnel tells: forecast, leaks and cycle, and one look from each side (R80-R91)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import attrs

from crmkit.model.sales import Opportunity, Problem
from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class WinRate(Record):
    """How many of those that reach a stage are paid in the end (R90).

    Attributes:
        stage: Which.
        n: Closed opportunities that had reached it.
        won: Those of them that were paid.
        stated: The rate that the configuration states, for one without competition; 0.0 to 1.0.
        rate: What is reckoned with, without competition: measured, drawn towards `stated` where
            `n` is small; 0.0 to 1.0.
    """

    stage: str
    n: int
    won: int
    stated: float
    rate: float


@attrs.frozen(kw_only=True)
class Rivalry(Record):
    """By how much competition lowers a win rate (R90).

    Attributes:
        competition: One of `COMPETITION`.
        n: Closed opportunities that were fought for so.
        won: Those of them that were paid.
        stated: The factor that the configuration states; 0.0 to 1.0.
        factor: What is reckoned with: measured against those without competition, drawn towards
            `stated` where `n` is small; 0.0 to 1.0.
    """

    competition: str
    n: int
    won: int
    stated: float
    factor: float


@attrs.frozen(kw_only=True)
class Expected(Record):
    """What is expected to be paid in one month, in one currency.

    Attributes:
        month: Its first day; None: nobody knows when.
        currency: ISO 4217 code.
        count: Open opportunities.
        overdue: Those of them whose expected day has passed: they count in the present month.
        amount: Their amounts, as if all were won.
        expected: Each amount times its own chance, rounded to the hundredth.
    """

    month: date | None
    currency: str
    count: int
    overdue: int
    amount: Decimal
    expected: Decimal


@attrs.frozen(kw_only=True)
class Forecast(Record):
    """What the open opportunities are expected to bring, and what that rests on (R90).

    Attributes:
        at: As of when.
        n: Closed opportunities that it was learnt from; 0: it rests on what is stated alone.
        months: By month, then currency; those without a day last.
        rates: One a stage.
        rivalry: One an intensity of competition.
    """

    at: datetime
    n: int
    months: tuple[Expected, ...]
    rates: tuple[WinRate, ...]
    rivalry: tuple[Rivalry, ...]


@attrs.frozen(kw_only=True)
class StageLeak(Record):
    """What became of the opportunities that entered one stage (R86).

    Attributes:
        stage: Which.
        entered: How often one came into it, within the span.
        moved_on: Of these, those that went forward, before its end.
        back: That were taken back.
        lost: That were lost here.
        still: That were still there.
        conversion: `moved_on` of all that did not stay, 0.0 to 1.0; None: all stayed.
        median_days: Median stay of those that left; None: nobody left.
        lost_amounts: What was lost here, by currency.
        reasons: Why it was lost, and how often, the most frequent first.
        lost_to: To which competitors, and how often.
    """

    stage: str
    entered: int
    moved_on: int
    back: int
    lost: int
    still: int
    conversion: float | None
    median_days: float | None
    lost_amounts: Mapping[str, Decimal] = attrs.field(factory=dict)
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    lost_to: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Leaks(Record):
    """Where the funnel leaks (R86).

    Attributes:
        since: Entries from here on.
        until: To before this; what happened later is not looked at.
        stages: One a stage, in their order.
        worst: The stage in which most were lost, the earlier of two; None: nothing was lost.
    """

    since: datetime
    until: datetime
    stages: tuple[StageLeak, ...]
    worst: str | None


@attrs.frozen(kw_only=True)
class Cycle(Record):
    """How long selling takes and what it costs (R91), of what was closed within a span.

    Attributes:
        since: Closed from here on.
        until: To before this.
        won: How many were paid.
        lost: How many were lost.
        median_days: Median of opening to payment, in days; None: nothing was paid.
        days_in_stage: Median stay by stage, in days, of those that were paid.
        amounts: What was won, by currency.
        costs: What was spent on those that were closed, won or lost, by currency.
        cost_per_win: The same for each that was won; empty where none was.
    """

    since: datetime
    until: datetime
    won: int
    lost: int
    median_days: float | None
    days_in_stage: Mapping[str, float] = attrs.field(factory=dict)
    amounts: Mapping[str, Decimal] = attrs.field(factory=dict)
    costs: Mapping[str, Decimal] = attrs.field(factory=dict)
    cost_per_win: Mapping[str, Decimal] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Rivals(Record):
    """One customer who is courted by several managers, unknown to each other (R25).

    Attributes:
        customer_id: Whom.
        owners: Who, sorted.
        opportunities: Ids of their open opportunities, in the order of opening.
    """

    customer_id: str
    owners: tuple[str, ...]
    opportunities: tuple[str, ...]


# -- point, line and plane (R87) -------------------------------------------------------------


@attrs.frozen(kw_only=True)
class WorkStep(Record):
    """One step of the standard way of selling, and where an opportunity stands on it (R88).

    Attributes:
        stage: One of `FUNNEL_STAGES`.
        zh: The stage in Chinese.
        standard: What is done in it, as the configuration says.
        status: ``done skipped current ahead``, or ``lost`` where it was lost.
        days: How long it stayed there, in days; None: it never was there.
        problems: What stood in the way, with the countermeasures.
    """

    stage: str
    zh: str
    standard: str
    status: str
    days: float | None
    problems: tuple[Problem, ...] = ()


@attrs.frozen(kw_only=True)
class Point(Record):
    """The point view: the facts of one opportunity (R87, R88).

    Attributes:
        opportunity: As it stands.
        customer_id: Whose it is today, whoever was merged.
        at: As of when.
        age_days: Since it was opened, until it was closed.
        chance: Of being paid, 0.0 to 1.0.
        expected: Its amount times its chance, rounded to the hundredth.
        follow_up: ``keep`` where he had bought before it was opened, else ``win`` (R81).
        steps: The standard way, and where it stands.
    """

    opportunity: Opportunity
    customer_id: str | None
    at: datetime
    age_days: float
    chance: float
    expected: Decimal
    follow_up: str
    steps: tuple[WorkStep, ...]


@attrs.frozen(kw_only=True)
class LineEvent(Record):
    """One event on a customer's line.

    Attributes:
        at: When.
        what: A touchpoint's kind, ``opened``, ``moved``, ``won`` or ``lost``.
        stage: The stage it led to, of an opportunity's.
        opportunity_id: Which opportunity; None: a touchpoint.
        amount: Money, where there was any.
        currency: Of the amount.
    """

    at: datetime
    what: str
    stage: str | None = None
    opportunity_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None


@attrs.frozen(kw_only=True)
class Line(Record):
    """The line view: one customer from the first touch to the deal (R83, R87).

    Attributes:
        customer_id: Whose.
        target_since: His first touchpoint: he is a target customer from here; None: there is none.
        lead_since: When the first opportunity was opened; None: never.
        order_since: His first purchase, or the first opportunity paid; None: never.
        days_to_lead: From target to lead; None: one is missing, or it came the other way round.
        days_to_order: From target to order, likewise.
        events: Everything, oldest first.
    """

    customer_id: str
    target_since: datetime | None
    lead_since: datetime | None
    order_since: datetime | None
    days_to_lead: float | None
    days_to_order: float | None
    events: tuple[LineEvent, ...]


@attrs.frozen(kw_only=True)
class PlaneMonth(Record):
    """One month of the plane view: the trend of the chain target, lead, order (R83, R87).

    Attributes:
        month: Its first day.
        targets: Customers whose first touchpoint it holds.
        leads: Opportunities that were opened.
        orders: That were paid.
        lost: That were lost.
        open: That were open at its end.
        amounts: What was won, by currency.
        median_days: Median of opening to payment, of those paid; None: none was.
    """

    month: date
    targets: int
    leads: int
    orders: int
    lost: int
    open: int
    amounts: Mapping[str, Decimal] = attrs.field(factory=dict)
    median_days: float | None = None


@attrs.frozen(kw_only=True)
class Phases(Record):
    """The three phases of customer management, and the two kinds of follow-up (R80, R81).

    Attributes:
        collected: Customers whose information was collected.
        divided: Those of them who were put into a tier and a stage.
        followed: Those who were contacted within their worst interval.
        to_win: Prospects, to be turned into customers; `followed_to_win` of them are followed.
        to_keep: Customers who bought, to be kept; `followed_to_keep` of them are followed.
        followed_to_win: Prospects contacted within their worst interval.
        followed_to_keep: Customers contacted within theirs.
    """

    collected: int
    divided: int
    followed: int
    to_win: int
    to_keep: int
    followed_to_win: int
    followed_to_keep: int
