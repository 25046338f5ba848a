"""Where the funnel leaks, how long selling takes and what it costs (R86, R91).

Everything is read from the moves, as they stood at the end of the span: what came later is not
looked at, so a report on a past quarter says the same for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import attrs

from crmkit.clock import DAY, instant, micros
from crmkit.lifecycle.funnel.sums import each, middle, sums
from crmkit.model.funnel import Cycle, Leaks, StageLeak
from crmkit.model.sales import FUNNEL_STAGES, LOST, OPEN, WON, FunnelMove, Opportunity

ON, BACK, STILL = "on", "back", "still"


@attrs.frozen
class Stay:
    """One opportunity's stay in one stage.

    Attributes:
        opportunity: Whose.
        entered: When it came.
        left: When it left; None: it was there until the end that was looked at.
        ended: ``on``, ``back``, ``lost`` or ``still``.
        move: The move that ended it.
    """

    opportunity: Opportunity
    stage: str
    entered: int
    left: int | None
    ended: str
    move: FunnelMove | None

    @property
    def days(self) -> float | None:
        """How long; None: it did not end."""
        return None if self.left is None else (self.left - self.entered) / DAY


def stays(opportunity: Opportunity, until: int | None = None) -> Iterator[Stay]:
    """Give every stay of an opportunity, of what happened before an instant."""
    moves = [one for one in opportunity.moves if until is None or micros(one.at) < until]
    for here, after in zip(moves, [*moves[1:], None], strict=False):
        if here.lost or here.stage == FUNNEL_STAGES[-1]:
            return
        if after is None:
            yield Stay(opportunity, here.stage, micros(here.at), None, STILL, None)
            return
        ahead = FUNNEL_STAGES.index(after.stage) > FUNNEL_STAGES.index(here.stage)
        ended = LOST if after.lost else ON if ahead else BACK
        yield Stay(opportunity, here.stage, micros(here.at), micros(after.at), ended, after)


def leaks(everyone: Iterable[Opportunity], since: int, until: int) -> Leaks:
    """Tell what became of those that entered each stage within a span."""
    entered = [
        stay for one in everyone for stay in stays(one, until) if since <= stay.entered < until
    ]
    stages = tuple(
        _leak(stage, [stay for stay in entered if stay.stage == stage])
        for stage in FUNNEL_STAGES[:-1]
    )
    worst = max(stages, key=lambda one: one.lost)  # of equal ones the first
    return Leaks(
        since=instant(since),
        until=instant(until),
        stages=stages,
        worst=worst.stage if worst.lost else None,
    )


def _leak(stage: str, found: Sequence[Stay]) -> StageLeak:
    ends = Counter(stay.ended for stay in found)
    gone = [stay for stay in found if stay.left is not None]
    lost = [stay for stay in found if stay.ended == LOST]
    return StageLeak(
        stage=stage,
        entered=len(found),
        moved_on=ends[ON],
        back=ends[BACK],
        lost=ends[LOST],
        still=ends[STILL],
        conversion=ends[ON] / len(gone) if gone else None,
        median_days=middle(stay.days for stay in gone),
        lost_amounts=sums((s.opportunity.currency, s.opportunity.amount) for s in lost),
        reasons=_often(stay.move.reason for stay in lost if stay.move),
        lost_to=_often(s.opportunity.lost_to for s in lost if s.opportunity.lost_to),
    )


def cycle(everyone: Iterable[Opportunity], since: int, until: int) -> Cycle:
    """Tell how long those took that were closed within a span, and what they cost."""
    closed = [one for one in everyone if closed_within(one, since, until)]
    won = [one for one in closed if one.state == WON]
    times: dict[str, list[float]] = {}
    for one in won:
        spent: Counter[str] = Counter()
        for stay in stays(one):
            spent[stay.stage] += stay.days or 0  # type: ignore[assignment]
        for stage, days in spent.items():
            times.setdefault(stage, []).append(days)
    costs = sums((cost.currency, cost.amount) for one in closed for cost in one.costs)
    return Cycle(
        since=instant(since),
        until=instant(until),
        won=len(won),
        lost=len(closed) - len(won),
        median_days=middle(map(days_open, won)),
        days_in_stage={one: median(times[one]) for one in FUNNEL_STAGES if one in times},
        amounts=sums((one.currency, one.amount) for one in won),
        costs=costs,
        cost_per_win={code: each(cost, len(won)) for code, cost in costs.items() if won},
    )


def closed_within(opportunity: Opportunity, since: int, until: int) -> bool:
    """Tell whether an opportunity was won or lost within a span, its end exclusive."""
    at = opportunity.closed_at
    return opportunity.state != OPEN and at is not None and since <= micros(at) < until


def days_open(opportunity: Opportunity) -> float:
    """Give the days from the opening to the last move."""
    moves = opportunity.moves
    return (micros(moves[-1].at) - micros(moves[0].at)) / DAY


def _often(words: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(word for word in words if word)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
