"""``crm.targets``: what account managers shall reach, and what they have reached (R84, R266)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from crmkit.arguments import choice, flag, optional_text
from crmkit.care.targets import setting
from crmkit.care.targets.periods import read_period
from crmkit.care.targets.policy import MEASURES
from crmkit.care.targets.reached import Reached
from crmkit.care.targets.setting import TARGETS, in_force
from crmkit.model.targets import (
    Rating,
    Share,
    Target,
)


@attrs.frozen
class Targets(Reached):
    """Targets: set, broken down, and set beside what was reached."""

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
        value: Decimal | str,
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
