"""The half of ``crm.targets`` that tells: what was reached, and how much one person carries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import StatisticsError, correlation

import attrs

from crmkit.arguments import ID_LIMIT, flag, text, texts
from crmkit.care.targets import setting
from crmkit.care.targets.figures import Asked, figures, mix
from crmkit.care.targets.periods import Period, read_period
from crmkit.care.targets.policy import ENTERED, TargetSettings
from crmkit.care.targets.selling import sold
from crmkit.care.targets.setting import RATINGS, TARGETS, in_force, members
from crmkit.care.targets.tally import Tallies, tally
from crmkit.clock import instant
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.lifecycle.world import Guide
from crmkit.model.targets import (
    Climate,
    Figure,
    Mood,
    Performance,
    Rating,
    Sold,
    Target,
    Workload,
)

_PAIRS = 3


@attrs.frozen
class _Look:
    """Everything that the figures of one period rest on, read once."""

    period: Period
    low: int
    high: int
    end: int
    tallies: Tallies
    targets: list[Target]
    ratings: list[Rating]

    @property
    def elapsed(self) -> float:
        return max(self.end - self.low, 0) / (self.high - self.low)


@attrs.frozen
class Reached:
    """What account managers have reached.

    Attributes:
        session: The open workspace.
        guide: Cadence and touchpoint kinds, as for the agenda.
        settings: Threshold of alerts, weights of the mix and so on.
    """

    session: Session
    guide: Guide
    settings: TargetSettings

    # -- what was reached ----------------------------------------------------------------

    def actual(self, person: str | None, period: str, *, team: bool = False) -> Performance:
        """Give somebody's figures of a period beside his targets (R266, R267).

        Args:
            person: Whose; None: the firm's.
            period: Which; of a running one, what grows is compared with the part that is due.
            team: His whole department's.

        Raises:
            InvalidValueError: nobody is called so, or there is no such period.
        """
        who = self._person(person)
        whole = flag("team", team) or who is None
        asked = read_period(period)
        with self.session.store.read() as reader:
            return self._performance(self._look(reader, asked), who, team=whole)

    def everybody(self, period: str) -> tuple[Performance, ...]:
        """Give everybody's figures: each person's own, each department's, and the firm's (R85).

        The firm comes first, then who is configured, then other owners of customers.
        """
        asked = read_period(period)
        people = self.session.people
        with self.session.store.read() as reader:
            look = self._look(reader, asked)
            found = [self._performance(look, None, team=True)]
            for who in self._everybody(look):
                if who in people and setting.reports(people, who):
                    found.append(self._performance(look, who, team=True))
                found.append(self._performance(look, who, team=False))
        return tuple(found)

    def alerts(self, period: str) -> tuple[Figure, ...]:
        """Give the figures that fall short of what is due by more than the threshold (R267).

        The threshold is ``[targets] alert``; the largest shortfall comes first.
        """
        found = [one for each in self.everybody(period) for one in each.figures if one.alert]
        return tuple(sorted(found, key=lambda one: one.attainment or 0.0))

    def products(self, period: str, person: str | None = None) -> tuple[Sold, ...]:
        """Give which products sold in a period, up to now, the most often bought first (R270).

        Args:
            period: Which.
            person: Only to customers of his; None: to everybody's.
        """
        low, high = read_period(period).span(self.guide.policy)
        who = self._person(person)
        with self.session.store.read() as reader:
            owners = None if who is None else frozenset({who})
            return sold(reader, self.guide, low, min(high, self.session.now() + 1), owners)

    def workload(self) -> tuple[Workload, ...]:
        """Give how many customers each person keeps alive, as of now (R219, R220)."""
        now = self.session.now() + 1
        fewest, most = self.settings.fewest_alive, self.settings.most_alive
        with self.session.store.read() as reader:
            counted = tally(reader, self.guide, self.settings, now, now).by_owner
        found = []
        for who in sorted({*counted, *self.session.people}, key=lambda one: (one is None, one)):
            mine = counted.get(who)
            alive, customers = (mine.alive, mine.customers) if mine else (0, 0)
            verdict = "few" if alive < fewest else "right"
            found.append(
                Workload(
                    person=who,
                    customers=customers,
                    alive=alive,
                    fewest=fewest,
                    most=most,
                    verdict="many" if max(alive, customers) > most else verdict,
                )
            )
        return tuple(found)

    def climate(self, periods: Iterable[str]) -> Climate:
        """Set people's own satisfaction beside their customers', over several periods (R275).

        Raises:
            InvalidValueError: there is no such period.
        """
        moods = []
        asked = [read_period(one) for one in dict.fromkeys(texts("periods", periods))]
        with self.session.store.read() as reader:
            for one in asked:
                look = self._look(reader, one)
                moods += [self._mood(look, who) for who in self._everybody(look)]
        pairs = [
            (float(mood.staff), float(mood.customers))
            for mood in moods
            if mood.staff is not None and mood.customers is not None
        ]
        together = None
        if len(pairs) >= _PAIRS:
            try:
                together = correlation(*zip(*pairs, strict=True))
            except StatisticsError:  # everybody says the same: nothing moves
                together = None
        return Climate(moods=tuple(moods), pairs=len(pairs), correlation=together)

    # -- inside ------------------------------------------------------------------------

    def _person(self, person: str | None) -> str | None:
        who = None if person is None else text("person", person, ID_LIMIT, least=1)
        return self.session.person("person", who)

    def _look(self, reader: Reader, asked: Period) -> _Look:
        low, high = asked.span(self.guide.policy)
        end = min(high, self.session.now() + 1)
        counted = tally(reader, self.guide, self.settings, low, end)
        return _Look(
            period=asked,
            low=low,
            high=high,
            end=end,
            tallies=counted,
            targets=[one for one in in_force(TARGETS.all(reader)) if one.period == asked.name],
            ratings=[one for one in RATINGS.all(reader) if one.period == asked.name],
        )

    def _everybody(self, look: _Look) -> tuple[str, ...]:
        people = self.session.people
        others = {one for one in look.tallies.by_owner if one is not None}
        others |= {one.owner for one in (*look.targets, *look.ratings) if one.owner is not None}
        return (*people, *sorted(others - set(people)))

    def _performance(self, look: _Look, who: str | None, *, team: bool) -> Performance:
        people = self.session.people
        his: Sequence[str] | None = None
        if who is not None:
            his = members(people, who) if team else (who,)
        entered: dict[str, list[Decimal]] = {name: [] for name in ENTERED}
        for one in look.ratings:
            if his is None or one.owner in his:
                entered[one.measure].append(one.value)
        asked = Asked(
            person=who,
            team=team,
            period=look.period.name,
            elapsed=look.elapsed,
            tally=look.tallies.of(his),
            divided=look.tallies.divided,
            entered=entered,
            targets=[one for one in look.targets if (one.owner, one.team) == (who, team)],
        )
        found = tuple(figures(self.settings, asked))
        weighed, missing = mix(self.settings, found)
        person = None if who is None else people.get(who)
        return Performance(
            person=who,
            name="" if person is None else person.name,
            role="" if person is None else person.role,
            team=team,
            period=look.period.name,
            since=instant(look.low),
            until=instant(look.high),
            at=instant(look.end),
            elapsed=look.elapsed,
            figures=found,
            mix=weighed,
            missing=missing,
        )

    def _mood(self, look: _Look, who: str) -> Mood:
        found = self._performance(look, who, team=False)
        customers = found.figure("satisfaction")
        return Mood(
            person=who,
            period=look.period.name,
            staff=found.figure("staff_satisfaction").actual,
            customers=customers.actual,
            n=customers.n,
        )
