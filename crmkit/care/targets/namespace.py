"""``crm.targets``: what account managers shall reach, and what they have reached (R84, R266)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import StatisticsError, correlation

import attrs

from crmkit.arguments import ID_LIMIT, choice, flag, optional_text, text, texts
from crmkit.care.targets import setting
from crmkit.care.targets.figures import Asked, figures, mix
from crmkit.care.targets.periods import Period, read_period
from crmkit.care.targets.policy import ENTERED, MEASURES, TargetSettings
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
    Share,
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
class Targets:
    """Targets and figures.

    Attributes:
        session: The open workspace.
        guide: Cadence and touchpoint kinds, as for the agenda.
        settings: Threshold of alerts, weights of the mix and so on.
    """

    session: Session
    guide: Guide
    settings: TargetSettings

    # -- setting -----------------------------------------------------------------------

    def set(  # noqa: PLR0913 - whose, what, how much
        self,
        person: str | None,
        period: str,
        measure: str,
        value: Decimal | str | None,
        *,
        currency: str | None = None,
        team: bool = False,
        reason: str = "",
        by: str | None = None,
    ) -> Target:
        """Set somebody's target for a period; set again, the new value holds.

        Args:
            person: Whose; None: the firm's.
            period: ``2026``, ``2026-Q1`` or ``2026-03``.
            measure: ``upkeep sales teamwork satisfaction reports``, ``revenue``, ``workload``,
                ``attitude`` or ``staff_satisfaction``.
            value: How much; shares are 0 to 1, ratings 0 to 10; None withdraws the target.
            currency: ISO 4217 code of ``sales`` and ``revenue``.
            team: Whether it is his whole department's; the firm's always is.
            reason: Why.
            by: Who sets it; None: the actor.

        Raises:
            InvalidValueError: one of them makes no sense; `field` names it.
            RefusedError: a target is withdrawn that was not set.
        """
        who = self._person(person)
        name = read_period(period).name
        choice("measure", measure, MEASURES)
        if value is None:
            found = None
            optional_text("currency", currency)
        else:
            found = setting.checked(measure, value, currency)
        whole = flag("team", team) or who is None
        asked = Target(
            owner=who,
            period=name,
            measure=measure,
            value=found or Decimal(0),
            currency=currency,
            team=whole,
        )
        deciding = self.session.deciding(reason, by)
        with self.session.store.write() as writer:
            return setting.set_target(writer, deciding, asked, found)

    def break_down(  # noqa: PLR0913 - whose, of what, into what
        self,
        person: str | None,
        period: str,
        measure: str,
        parts: Mapping[str, Decimal | str],
        *,
        currency: str | None = None,
        reason: str = "",
        by: str | None = None,
    ) -> tuple[Target, ...]:
        """Break a department's target down to those who report to its head, and himself (R274).

        Who has people of his own gets his part for his department, to be broken down in turn.

        Args:
            person: Whose department; None: the firm.
            period: Of which period.
            measure: One that adds up: ``sales revenue teamwork workload``.
            parts: Value by person; they must add up to the department's target exactly.
            currency: Of money.
            reason: Why.
            by: Who decides; None: the actor.

        Raises:
            InvalidValueError: they do not add up, or somebody does not belong there.
            RefusedError: the department has no such target yet.
        """
        who = self._person(person)
        deciding = self.session.deciding(reason, by)
        name = read_period(period).name
        return setting.break_down(self.session, who, name, measure, parts, currency, deciding)

    def rate(  # noqa: PLR0913 - of whom, what, how much
        self,
        person: str,
        period: str,
        measure: str,
        value: Decimal,
        *,
        reason: str = "",
        by: str | None = None,
    ) -> Rating:
        """Enter what only a person knows, 0 to 10: work attitude, or how satisfied he is himself.

        Args:
            person: Of whom.
            period: For which period.
            measure: ``attitude`` (R268) or ``staff_satisfaction`` (R275).
            value: 0 to 10; entered again, the new one holds.
            reason: Why.
            by: Who enters it; None: the actor.

        Raises:
            InvalidValueError: one of them makes no sense; `field` names it.
        """
        deciding = self.session.deciding(reason, by)
        return setting.rate(self.session, person, period, measure, value, deciding)

    def list(self, period: str | None = None, person: str | None = None) -> tuple[Target, ...]:
        """Give the targets in force, in the order they were first set.

        Args:
            period: Only of this period; None: of all.
            person: Only his; None: everybody's.
        """
        name = None if period is None else read_period(period).name
        who = optional_text("person", person)
        with self.session.store.read() as reader:
            found = in_force(TARGETS.all(reader, owner=who))
        return tuple(one for one in found if name in (None, one.period))

    def tree(self, period: str, measure: str, *, currency: str | None = None) -> tuple[Share, ...]:
        """Give how one target is broken down, from the firm to each person (R274).

        Raises:
            InvalidValueError: there is no such period or measure.
        """
        choice("measure", measure, MEASURES)
        optional_text("currency", currency)
        asked = (read_period(period).name, measure, currency)
        with self.session.store.read() as reader:
            held = in_force(TARGETS.all(reader))
        found = [one for one in held if (one.period, one.measure, one.currency) == asked]
        return tuple(setting.tree(self.session.people, found))

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
        """Give which products sold in a period, the most often bought first (R270).

        Args:
            period: Which.
            person: Only to customers of his; None: to everybody's.
        """
        low, high = read_period(period).span(self.guide.policy)
        who = self._person(person)
        with self.session.store.read() as reader:
            owners = None if who is None else frozenset({who})
            return sold(reader, self.guide, low, high, owners)

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
