"""What the open opportunities are expected to bring: learnt from those that were closed (R90).

Of the closed ones that had reached a stage, a share was paid. Where few were closed, that share
says little, so it is drawn towards the stated rate: k stated opportunities (``[funnel] weight``)
stand beside the n measured ones. The same is done for competition, against those without any:

    factor(c) = (won(c) + k f(c) q) / (n(c) q + k q)      q: win rate of those without competition
    rate(s)   = (won(s) + k r(s)) / (sum of the factors of those that had reached s + k)

so that ``rate`` is what one without competition has, and nothing is taken off twice. An open
opportunity's chance is the rate of its stage times the factor of its competition, 1 at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

import attrs

from crmkit.clock import instant
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.funnel.policy import FunnelPolicy
from crmkit.lifecycle.funnel.sums import part
from crmkit.model.funnel import Expected, Forecast, Rivalry, WinRate
from crmkit.model.sales import COMPETITION, FUNNEL_STAGES, OPEN, WON, Opportunity
from crmkit.value.exchange import total


@attrs.frozen
class Odds:
    """What was learnt: a rate by stage, a factor by competition.

    Attributes:
        n: Closed opportunities that it was learnt from.
        rates: By stage.
        rivalry: By intensity of competition.
    """

    n: int
    rates: dict[str, WinRate]
    rivalry: dict[str, Rivalry]

    def chance(self, opportunity: Opportunity) -> float:
        """Give an opportunity's chance of being paid; a closed one's is certain."""
        if opportunity.state != OPEN:
            return 1.0 if opportunity.state == WON else 0.0
        rate = self.rates[opportunity.stage].rate
        return min(rate * self.rivalry[opportunity.competition].factor, 1.0)

    def expected(self, opportunity: Opportunity) -> Decimal:
        """Give an opportunity's amount times its chance, to the hundredth."""
        return part(opportunity.amount, self.chance(opportunity))


def learn(policy: FunnelPolicy, everyone: Iterable[Opportunity]) -> Odds:
    """Learn rates and factors from the opportunities that were closed."""
    closed = [one for one in everyone if one.state != OPEN]
    fought = {word: [one for one in closed if one.competition == word] for word in COMPETITION}
    alone = fought[COMPETITION[0]]
    calm = _won(alone) / len(alone) if alone else 0.0
    rivalry = {
        word: _rivalry(policy, word, fought[word], calm if word != COMPETITION[0] else 0.0)
        for word in COMPETITION
    }
    rates = {}
    for place, stage in enumerate(FUNNEL_STAGES):
        reached = [one for one in closed if one.state == WON or one.furthest >= place]
        won, stated = _won(reached), policy.rates[stage]
        exposed = sum(rivalry[one.competition].factor for one in reached)
        rate = (won + policy.weight * stated) / (exposed + policy.weight)
        rates[stage] = WinRate(
            stage=stage, n=len(reached), won=won, stated=stated, rate=min(rate, 1.0)
        )
    return Odds(len(closed), rates, rivalry)


def forecast(
    odds: Odds, opportunities: Sequence[Opportunity], days: AgendaPolicy, now: int
) -> Forecast:
    """Sum the open opportunities up by month and currency."""
    today = days.date_of(days.day_at(now))
    groups: dict[tuple[date | None, str], list[Opportunity]] = {}
    for one in opportunities:
        if one.state == OPEN:
            month = None if one.closes is None else max(one.closes, today).replace(day=1)
            groups.setdefault((month, one.currency), []).append(one)
    months = tuple(
        Expected(
            month=month,
            currency=currency,
            count=len(group),
            overdue=sum(one.closes is not None and one.closes < today for one in group),
            amount=total(one.amount for one in group),
            expected=total(map(odds.expected, group)),
        )
        for (month, currency), group in sorted(
            groups.items(), key=lambda entry: (entry[0][0] or date.max, entry[0][1])
        )
    )
    return Forecast(
        at=instant(now),
        n=odds.n,
        months=months,
        rates=tuple(odds.rates.values()),
        rivalry=tuple(odds.rivalry.values()),
    )


def _rivalry(
    policy: FunnelPolicy, word: str, fought: Sequence[Opportunity], calm: float
) -> Rivalry:
    """Measure a factor against those without competition; where none of those was won, state it."""
    n, won, stated = len(fought), _won(fought), policy.competition[word]
    factor = stated
    if calm > 0:
        factor = (won + policy.weight * stated * calm) / ((n + policy.weight) * calm)
    return Rivalry(competition=word, n=n, won=won, stated=stated, factor=min(factor, 1.0))


def _won(opportunities: Iterable[Opportunity]) -> int:
    return sum(one.state == WON for one in opportunities)
