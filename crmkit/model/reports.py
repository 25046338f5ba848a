"""Periodic reports: how channels work, what each segment brings and costs, who decided what."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class ChannelReport(Record):
    """Quality and efficiency of one channel over a period (R41).

    Attributes:
        channel: Its name, as the touchpoints say it.
        outgoing: Touchpoints that we made.
        incoming: Touchpoints that customers made.
        customers: Different customers.
        reply_share: Part of ours that the customer followed by something of his own within seven
            days, on whatever channel; None: we made none.
        answer_days: Median days until we answered what came in; None: nothing was answered.
        unanswered: What came in as a message or a complaint and was not answered.
        satisfaction: Mean rating, 0 to 10; None: there is none.
        ratings: How many ratings.
        cost: What ours cost in all (``cost`` among their attributes), in the base currency.
        cost_per_reply: The same a reply; None: there was none, or nothing is known of the cost.
    """

    channel: str
    outgoing: int
    incoming: int
    customers: int
    reply_share: float | None
    answer_days: float | None
    unanswered: int
    satisfaction: float | None
    ratings: int
    cost: float
    cost_per_reply: float | None


@attrs.frozen(kw_only=True)
class SegmentReport(Record):
    """One segment over a period: overview, loyalty, profit, performance, promotions (R125, R155).

    Money is in the base currency; what has no rate is left out.

    Attributes:
        segment: Tier, stage, kind or account manager, as `advance` recorded it; ``none``.
        customers: How many are in it.
        active: How many of them bought in the period.
        new: How many bought for the first time.
        retained: Part of the buyers of the period before who bought again.
        repeat: Part of the buyers who bought on more than one day.
        through_promotions: Part of the purchase days that lie inside competitors' promotions.
        revenue: Purchases less returns.
        revenue_share: Part of everybody's.
        profit: Margins of the same; None: none was captured.
        basket: Revenue a purchase day.
        purchase_days: Purchase days of a buyer.
        attended: Part of the invitations to events that were followed.
        answered: Part of the surveys sent that were answered.
        spend: What our contacts and campaigns cost (``cost`` among their attributes).
        return_on_spend: Revenue over spend; None: nothing was spent.
    """

    segment: str
    customers: int
    active: int
    new: int
    retained: float | None
    repeat: float | None
    through_promotions: float | None
    revenue: float
    revenue_share: float | None
    profit: float | None
    basket: float | None
    purchase_days: float | None
    attended: float | None
    answered: float | None
    spend: float
    return_on_spend: float | None


@attrs.frozen(kw_only=True)
class AuditLine(Record):
    """What one person decided over a period, of one kind (R71).

    Attributes:
        by: Who; None: a rule of crmkit's own.
        kind: What kind of decision.
        what: Which move of it; empty where the kind has none.
        count: How often.
        customers: Different customers.
        first: The first.
        last: The last.
    """

    by: str | None
    kind: str
    what: str
    count: int
    customers: int
    first: datetime
    last: datetime
