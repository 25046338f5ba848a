"""The same facts from three sides: point, line and plane (R87); and the phases of it all (R80)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from crmkit.clock import DAY, instant, micros
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, STANDING, STATE
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.funnel.forecast import Odds
from crmkit.lifecycle.funnel.leaks import closed_within, days_open, stays
from crmkit.lifecycle.funnel.policy import STAGES_ZH, FunnelPolicy
from crmkit.lifecycle.funnel.sums import middle, sums
from crmkit.model.funnel import Line, LineEvent, Phases, PlaneMonth, Point, WorkStep
from crmkit.model.sales import FUNNEL_STAGES, LOST, OPEN, WON, Opportunity
from crmkit.model.touchpoint import Touchpoint

MOST_MONTHS = 1200
_PROSPECTS = frozenset({"prospect", "prospect_dormant", "prospect_failed"})
_GONE = frozenset({"churned", "ended"})


# -- point ---------------------------------------------------------------------------------


def point(  # noqa: PLR0913 - everything the view shows
    policy: FunnelPolicy,
    odds: Odds,
    opportunity: Opportunity,
    customer: str,
    now: int,
    *,
    bought: bool,
) -> Point:
    """Give the facts of one opportunity."""
    end = opportunity.closed_at
    since = micros(opportunity.opened_at)
    return Point(
        opportunity=opportunity,
        customer_id=customer,
        at=instant(now),
        age_days=((now if end is None else micros(end)) - since) / DAY,
        chance=odds.chance(opportunity),
        expected=odds.expected(opportunity),
        follow_up="keep" if bought else "win",
        steps=tuple(_steps(policy, opportunity, now)),
    )


def _steps(policy: FunnelPolicy, opportunity: Opportunity, now: int) -> Iterator[WorkStep]:
    """Lay the standard way beside what was done (R88)."""
    spent: dict[str, float] = {}
    for stay in stays(opportunity):
        end = now if stay.left is None else stay.left
        spent[stay.stage] = spent.get(stay.stage, 0.0) + (end - stay.entered) / DAY
    here = FUNNEL_STAGES.index(opportunity.stage)
    for place, stage in enumerate(FUNNEL_STAGES):
        if place == here and opportunity.state != WON:
            status = "lost" if opportunity.state == LOST else "current"
        elif place > here:
            status = "ahead"
        else:
            was_there = any(move.stage == stage for move in opportunity.moves)
            status = "done" if was_there else "skipped"
        yield WorkStep(
            stage=stage,
            zh=STAGES_ZH[stage],
            standard=policy.steps[stage],
            status=status,
            days=spent.get(stage),
            problems=tuple(one for one in opportunity.problems if one.stage == stage),
        )


# -- line ----------------------------------------------------------------------------------


def line(
    customer: str, touchpoints: Iterable[Touchpoint], opportunities: Sequence[Opportunity]
) -> Line:
    """Give one customer's line, from the first touch to the deal."""
    touched = sorted(touchpoints, key=lambda one: one.at)
    events = [
        LineEvent(at=one.at, what=one.kind, amount=one.amount, currency=one.currency)
        for one in touched
    ]
    events += [event for one in opportunities for event in _told(one)]
    target = touched[0].at if touched else None
    lead = min((one.opened_at for one in opportunities), default=None)
    orders = [one.at for one in touched if one.kind == "purchase"]
    orders += [one.moves[-1].at for one in opportunities if one.state == WON]
    order = min(orders, default=None)
    return Line(
        customer_id=customer,
        target_since=target,
        lead_since=lead,
        order_since=order,
        days_to_lead=_between(target, lead),
        days_to_order=_between(target, order),
        events=tuple(sorted(events, key=lambda event: event.at)),
    )


def _told(opportunity: Opportunity) -> Iterator[LineEvent]:
    for place, move in enumerate(opportunity.moves):
        what = "moved" if place else "opened"
        if place and place == len(opportunity.moves) - 1 and opportunity.state != OPEN:
            what = opportunity.state
        valued = what != "moved"
        yield LineEvent(
            at=move.at,
            what=what,
            stage=move.stage,
            opportunity_id=opportunity.id,
            amount=opportunity.amount if valued else None,
            currency=opportunity.currency if valued else None,
        )


def _between(first: datetime | None, second: datetime | None) -> float | None:
    if first is None or second is None or second < first:
        return None
    return (second - first) / timedelta(days=1)


# -- plane ---------------------------------------------------------------------------------


def months(days: AgendaPolicy, since: int, until: int) -> list[tuple[date, int, int]]:
    """Give the months that a span touches: first day, and the instants it begins and ends."""
    first = days.date_of(days.day_at(since)).replace(day=1)
    found: list[tuple[date, int, int]] = []
    while len(found) <= MOST_MONTHS and (begins := days.begins(first)) < until:
        after = (first + timedelta(days=32)).replace(day=1)
        found.append((first, begins, days.begins(after)))
        first = after
    return found


def plane(
    spans: Sequence[tuple[date, int, int]],
    firsts: Iterable[int],
    everyone: Sequence[Opportunity],
) -> tuple[PlaneMonth, ...]:
    """Give the trend by month: who became known, what was opened, what was paid."""
    known = sorted(firsts)
    return tuple(_month(first, low, high, known, everyone) for first, low, high in spans)


def _month(
    first: date, low: int, high: int, known: Sequence[int], everyone: Sequence[Opportunity]
) -> PlaneMonth:
    closed = [one for one in everyone if closed_within(one, low, high)]
    won = [one for one in closed if one.state == WON]
    amounts: dict[str, Decimal] = sums((one.currency, one.amount) for one in won)
    return PlaneMonth(
        month=first,
        targets=bisect_left(known, high) - bisect_left(known, low),
        leads=sum(low <= micros(one.opened_at) < high for one in everyone),
        orders=len(won),
        lost=len(closed) - len(won),
        open=sum(_is_open(one, high) for one in everyone),
        amounts=amounts,
        median_days=middle(map(days_open, won)),
    )


def _is_open(opportunity: Opportunity, before: int) -> bool:
    """Tell whether it was open when an instant came."""
    end = opportunity.closed_at
    return micros(opportunity.opened_at) < before and (end is None or micros(end) >= before)


def first_seen(reader: Reader) -> list[int]:
    """Give when each customer was first heard of; those of whom nothing happened are left out."""
    return [first for (first,) in reader.scan(STATE, columns=("first",))]


# -- phases --------------------------------------------------------------------------------


def phases(reader: Reader, days: AgendaPolicy, now: int) -> Phases:
    """Count who is known, divided and followed (R80), and the two kinds of follow-up (R81)."""
    collected = sum(row[0] == row[1] for row in reader.scan(CUSTOMER, columns=("id", "root")))
    counts: Mapping[str, int] = Counter(_counted(reader, days, now))
    return Phases(collected=collected, **{name: counts[name] for name in _COUNTED})


_COUNTED = ("divided", "followed", "to_win", "to_keep", "followed_to_win", "followed_to_keep")


def _counted(reader: Reader, days: AgendaPolicy, now: int) -> Iterator[str]:
    contacts: dict[str, int | None] = dict(reader.scan(STATE, columns=("customer", "contact")))
    for customer, tier, stage in reader.scan(STANDING, columns=("customer", "tier", "stage")):
        if tier is None or stage is None:
            continue
        yield "divided"
        contact, (_, worst) = contacts.get(customer), days.intervals[tier]
        followed = contact is not None and now - contact <= worst
        if followed:
            yield "followed"
        if stage not in _GONE:
            kind = "to_win" if stage in _PROSPECTS else "to_keep"
            yield kind
            if followed:
                yield f"followed_{kind}"
