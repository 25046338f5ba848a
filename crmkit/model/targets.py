"""Targets of account managers and departments, and what was reached of them (R84, R266-R275)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from crmkit.model.care import Reason
from crmkit.model.document import Document
from crmkit.model.serial import Record

SET, WITHDRAWN = "set", "withdrawn"


@attrs.frozen(kw_only=True)
class Target(Document):
    """What somebody shall reach in a period; its `state` is ``set`` or ``withdrawn``.

    Attributes:
        owner: Who; None: the firm.
        period: ``2026``, ``2026-Q1`` or ``2026-03``.
        measure: What is measured.
        value: How much, in the measure's unit.
        currency: ISO 4217 code of a measure in money; None: it is none.
        team: Whether it is the whole department's, his own part and that of all who report to him.
    """

    period: str
    measure: str
    value: Decimal
    currency: str | None = None
    team: bool = False


@attrs.frozen(kw_only=True)
class Rating(Document):
    """What a person knows of an account manager, and no log: 0 to 10.

    Attributes:
        owner: Of whom.
        period: For which period.
        measure: ``attitude`` or ``staff_satisfaction``.
        value: 0 to 10.
    """

    period: str
    measure: str
    value: Decimal


@attrs.frozen(kw_only=True)
class Figure(Record):
    """One measure of somebody, against his target.

    Attributes:
        person: Whose; None: the firm's.
        team: Whether it is the whole department's.
        period: Of which period.
        measure: What is measured.
        zh: The same in Chinese.
        unit: ``share`` (0 to 1), ``money``, ``count`` or ``rating`` (0 to 10).
        currency: Of money.
        actual: What was reached; None: it cannot be computed, and `why` says why.
        n: Customers, ratings, tasks or opportunities it rests on.
        why: Why there is no figure; None: there is one.
        target: The target; None: none was set.
        expected: The part of the target that is due by now; the target itself where the measure
            does not grow with the period.
        attainment: `actual` of `expected`, 1.0 being as expected; None: one is missing or 0.
        deviation: `actual` less `expected`.
        alert: Whether it falls short by more than the configured part (R267).
    """

    person: str | None
    team: bool
    period: str
    measure: str
    zh: str
    unit: str
    currency: str | None = None
    actual: Decimal | None = None
    n: int = 0
    why: Reason | None = None
    target: Decimal | None = None
    expected: Decimal | None = None
    attainment: float | None = None
    deviation: Decimal | None = None
    alert: bool = False


@attrs.frozen(kw_only=True)
class Performance(Record):
    """Somebody's figures of one period (R266-R268).

    Attributes:
        person: Whose; None: the firm's.
        name: As the configuration calls him.
        role: His job, as the configuration calls it.
        team: Whether these are the whole department's.
        period: Of which period.
        since: Its first instant.
        until: Its end, exclusive.
        at: As of when: now, or the end of a period that is past.
        elapsed: The part of it that has passed, 0.0 to 1.0.
        figures: One a measure, of money one a currency too.
        mix: What the weights of ``[targets.mix]`` make of the attainments; 1.0 is as expected;
            None: none of its measures can be computed.
        missing: Measures of the mix that could not be computed; the others share their weight.
    """

    person: str | None
    name: str
    role: str
    team: bool
    period: str
    since: datetime
    until: datetime
    at: datetime
    elapsed: float
    figures: tuple[Figure, ...]
    mix: float | None
    missing: tuple[str, ...] = ()

    def figure(self, measure: str, currency: str | None = None) -> Figure:
        """Give one figure; of money the first, where no currency is named.

        Raises:
            KeyError: there is none.
        """
        for one in self.figures:
            if one.measure == measure and currency in (None, one.currency):
                return one
        raise KeyError(measure)


@attrs.frozen(kw_only=True)
class Share(Record):
    """One place in the break-down of a target (R274).

    Attributes:
        person: Who; None: the firm.
        role: His job, as the configuration calls it.
        depth: 0 for the firm, 1 for those who report to nobody, and so on.
        team: What his department shall reach; None: nothing was set, or he has none.
        own: What he shall reach himself; None: nothing was set.
        parts: Sum of what those below him were set, and his own; None: nobody was set anything.
        gap: `team` less `parts`: 0 where it was broken down whole; None: one of them is missing.
    """

    person: str | None
    role: str
    depth: int
    team: Decimal | None
    own: Decimal | None
    parts: Decimal | None
    gap: Decimal | None


@attrs.frozen(kw_only=True)
class Sold(Record):
    """How one product sold in a period (R270).

    Attributes:
        item: Which; empty: the records name none.
        purchases: How many purchases.
        buyers: How many customers.
        quantity: Pieces, less those that came back; None: no record tells them.
        amounts: Revenue by currency, less what was refunded.
    """

    item: str
    purchases: int
    buyers: int
    quantity: Decimal | None
    amounts: Mapping[str, Decimal] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Workload(Record):
    """How many customers one person keeps alive (R219, R220).

    Attributes:
        person: Who; None: nobody is named for them.
        customers: How many he has, relationships that were ended left out.
        alive: Those of them who were contacted within their worst interval.
        fewest: A person who keeps fewer alive has room for more.
        most: Past so many nobody keeps them all without being prompted.
        verdict: ``few right many``, of `alive`; where he has more than `most` customers, ``many``.
    """

    person: str | None
    customers: int
    alive: int
    fewest: int
    most: int
    verdict: str


@attrs.frozen(kw_only=True)
class Mood(Record):
    """One person's satisfaction beside that of his customers (R275).

    Attributes:
        person: Who.
        period: In which period.
        staff: How satisfied he is, 0 to 10; None: nobody entered it.
        customers: Mean rating of his customers, 0 to 10; None: nobody rated.
        n: How many ratings that is.
    """

    person: str
    period: str
    staff: Decimal | None
    customers: Decimal | None
    n: int


@attrs.frozen(kw_only=True)
class Climate(Record):
    """Whether staff and customers are satisfied together (R275).

    Attributes:
        moods: One a person and period.
        pairs: Those of them in which both are known.
        correlation: Pearson's, -1.0 to 1.0; None: fewer than three pairs, or all are alike.
    """

    moods: tuple[Mood, ...]
    pairs: int
    correlation: float | None
