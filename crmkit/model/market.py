"""The market: competitors, their promotions, how buying develops (R47, R276-R279)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from crmkit.model.document import Document
from crmkit.model.serial import Record

NOTE_KINDS = ("report", "news", "trend", "behaviour")
TREND_BY = ("category", "item", "channel")
WORD_OF_MOUTH = (0.2, 0.4)
"""The essay's measure: of the customers that are new, so many came by word of mouth (R279)."""


@attrs.frozen(kw_only=True)
class Promotion(Record):
    """A competitor's promotion window: who kept buying from us meanwhile? (R113).

    Attributes:
        id: Id of the decision that recorded it.
        competitor: Whose.
        start: First instant of the window.
        end: Last instant of the window; both ends inclusive.
        recorded_at: When crmkit learnt of it.
    """

    id: str
    competitor: str
    start: datetime
    end: datetime
    recorded_at: datetime


@attrs.frozen(kw_only=True)
class Price(Record):
    """What a competitor asks for one of his products.

    Attributes:
        product: Which.
        amount: Money, in `currency`.
        currency: ISO 4217 code.
    """

    product: str
    amount: Decimal
    currency: str


@attrs.frozen(kw_only=True)
class Competitor(Document):
    """What is known of a competitor (R276); each recording is a version, and all are kept.

    Attributes:
        name: Who.
        products: Products and services he offers.
        prices: What he asks for them.
        strategy: His market strategy.
        strengths: What he is better at.
        weaknesses: What he is worse at.
        source: Where the newest version comes from: a report, a customer, a visit.
        version: 1 for the first recording.
        recorded_at: When this version was recorded.
        recorded_by: By whom.
    """

    name: str
    products: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    strategy: str = ""
    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    source: str = ""
    version: int = 1
    recorded_at: datetime
    recorded_by: str | None = None


@attrs.frozen(kw_only=True)
class MarketNote(Document):
    """Something read or reckoned about the market (R277); `state` is one of `NOTE_KINDS`.

    Attributes:
        title: What it is about.
        text: What it says.
        source: Where it stands.
        at: When it was published, or reckoned.
        competitor: Whom it is about.
        category: Which class of goods it is about.
        recorded_by: Who recorded it.
    """

    title: str
    text: str = ""
    source: str = ""
    at: datetime
    competitor: str | None = None
    category: str | None = None
    recorded_by: str | None = None


@attrs.frozen(kw_only=True)
class Trend(Record):
    """What was bought of one class of goods in one month (R277).

    Attributes:
        month: ``2026-05``.
        name: The class; empty where the records name none.
        buyers: Customers who bought.
        purchases: How many times they did.
        quantity: Pieces, as far as they were captured.
        revenue: Purchases less returns, in the report's currency.
        share: Of the month's revenue, 0.0 to 1.0.
        change: Revenue over that of the month before, less 1; None where there was none.
    """

    month: str
    name: str
    buyers: int
    purchases: int
    quantity: Decimal
    revenue: Decimal
    share: float
    change: float | None = None


@attrs.frozen(kw_only=True)
class BuyingBehaviour(Record):
    """How buying developed, from the log (R277).

    Attributes:
        since: From here on.
        until: To before here.
        by: What the classes are: one of `TREND_BY`.
        currency: ISO 4217 code of the revenue.
        trends: By month, then by revenue, the largest first.
        unpriced: Currencies without a rate: their money is left out.
    """

    since: datetime
    until: datetime
    by: str
    currency: str
    trends: tuple[Trend, ...] = ()
    unpriced: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ReferralShare(Record):
    """How many of the new customers came by word of mouth (R279).

    Attributes:
        since: First purchases from here on.
        until: To before here.
        customers: Who bought for the first time.
        referred: How many of them a referral had named before, or whose record says so.
        named: Of these, those whom a referral had named.
        share: ``referred`` of ``customers``, 0.0 to 1.0; None: nobody was new.
        low: The share that word of mouth is expected to bring at least.
        high: The share it is expected to bring at most.
    """

    since: datetime
    until: datetime
    customers: int
    referred: int
    named: int
    share: float | None
    low: float = WORD_OF_MOUTH[0]
    high: float = WORD_OF_MOUTH[1]
