"""``crm.care``: whom to contact today, why, about what, and by which channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import attrs

from crmkit.arguments import count, optional_text, refuse
from crmkit.care import acting, axes, carrying_out, holdout
from crmkit.care.agenda import agenda, as_of
from crmkit.care.forms.stored import Forms
from crmkit.care.planning import Planning
from crmkit.clock import day as a_day
from crmkit.model.care import AgendaItem
from crmkit.model.evaluation import Assessment, Evaluation, Holdout
from crmkit.model.plan import CarePlan, Checklist


@attrs.frozen
class Care(Planning):
    """The agenda, the plans whose actions stand on it, and what care came to."""

    def agenda(
        self, day: date, *, owner: str | None = None, limit: int | None = None
    ) -> tuple[AgendaItem, ...]:
        """Give whom to contact on a day, most pressing first.

        The list is stable within a day: what is done, put off, or settled by another contact leaves
        it, and nobody moves up.

        Args:
            day: Which day, in the agenda's time zone.
            owner: Only what this account manager shall do; None: everybody's.
            limit: At most so many. Each owner's part is cut to his capacity all the same.

        Raises:
            InvalidValueError: `day` is no day (take ``.date()`` of an instant), or `limit` is
                below 0.
        """
        if limit is not None:
            limit = count("limit", limit)
        owner = optional_text("owner", owner)
        return agenda(self.session, self.guide, a_day(day), owner, limit)

    def as_of(self, day: date) -> datetime:
        """Give the instant that the figures of a day's agenda are of, in the agenda's time zone.

        It is that of the last `advance`, where that serves the day; else everybody is worked out
        anew, as of now or of the beginning of a day that is past.

        Raises:
            InvalidValueError: `day` is no day.
        """
        return as_of(self.session, self.guide, a_day(day))

    def done(
        self,
        item: AgendaItem | str,
        *,
        outcome: Mapping[str, Any] | Checklist | str,
        by: str | None = None,
    ) -> None:
        """Record that the contact was made.

        Where the item is an action of a care plan, what came of it fills the action's checklist.

        Args:
            item: The item, or its id.
            outcome: What came of it: a text, or the fields of a touchpoint (``kind`` ``text``
                ``rating`` ...); ``follow_up`` is the day we promised to be in touch again. At an
                action of a plan: a text, a `Checklist`, or its fields.
            by: Who made it; None: the actor.

        Raises:
            DecisionNotFound: there is no such item.
            InvalidValueError: the outcome is no contact, or cannot be recorded.
        """
        if (names := carrying_out.planned(item)) is not None:
            carrying_out.done(self.session, self.guide, self.joint, item, names, outcome, by)
        elif isinstance(outcome, Checklist):
            refuse("outcome", "is a checklist, and the item no action of a plan: give a text")
        else:
            acting.done(self.session, self.guide, self.joint, item, outcome, by)

    def snooze(self, item: AgendaItem | str, until: date, *, by: str | None = None) -> None:
        """Put the contact off until a day; a contact made before settles it.

        Raises:
            DecisionNotFound: there is no such item.
            InvalidValueError: `until` is no day to come.
        """
        if (names := carrying_out.planned(item)) is not None:
            carrying_out.snooze(self.session, self.guide, self.joint, names, until, by)
        else:
            acting.snooze(self.session, self.guide, item, until, by)

    def reassign(self, item: AgendaItem | str, owner: str, *, by: str | None = None) -> None:
        """Hand the contact over to somebody else, until he has made it.

        Raises:
            DecisionNotFound: there is no such item.
            InvalidValueError: nobody of that name is configured.
        """
        if (names := carrying_out.planned(item)) is not None:
            carrying_out.reassign(self.session, names, owner, by)
        else:
            acting.reassign(self.session, item, owner, by)

    # -- what it came to ---------------------------------------------------------------

    def evaluate(self, since: datetime, until: datetime) -> Evaluation:
        """Evaluate care over a period: the three axes, and the return on it (R134-R136, R204-R206).

        Customers whose plan was approved in the period are compared with themselves before and
        with their like who never had a plan; where a holdout is in force, with those in it.
        Everybody is measured at a few instants of the past: for 100,000 that takes half a minute.

        Args:
            since: Beginning, inclusive.
            until: End, exclusive; not ahead of now.

        Raises:
            InvalidValueError: the period is empty or not over; `NaiveTimeError`: an end of it has
                no offset.
        """
        return axes.evaluate(self.session, self.guide, since, until)

    def assess(
        self, indicator: str, points: float, *, reason: str, by: str | None = None
    ) -> Assessment:
        """Record what a person found of an indicator of the three axes.

        Args:
            indicator: Its code, as `evaluate` gives it.
            points: 0 (bad) to 100 (good).
            reason: What was found, in words.
            by: Who found it; None: the actor.

        Raises:
            InvalidValueError: there is no such indicator, points lie outside 0..100, or nothing
                is said.
        """
        return axes.assess(self.session, indicator, points, reason, by)

    def hold_out(
        self, share: float, until: datetime, *, reason: str, by: str | None = None
    ) -> Holdout:
        """Set a share of all customers aside by lot: they get no care plan until then.

        What care brings can so be told from what time does. A new holdout goes before the last;
        a share of 0 ends it.

        Raises:
            InvalidValueError: `share` outside 0..0.5, or an `until` that has passed.
        """
        return holdout.set_aside(self.session, share, until, reason, by)

    # -- forms -------------------------------------------------------------------------

    def render(  # noqa: PLR0913 - how a form may look, all by name
        self,
        plan_id: str | None,
        form: str,
        *,
        lang: str = "zh",
        format: str = "html",  # noqa: A002 - what users call it
        blank: bool = False,
        action: str | None = None,
    ) -> str | bytes:
        """Render a plan's forms, to be printed on A4 or to be filled in.

        What is too long goes on with the same head on a second sheet.

        Args:
            plan_id: Which plan; None: a blank form of nobody's.
            form: ``087`` ``088`` ``089`` ``090``, or ``all`` in one document.
            lang: ``zh`` or ``en``.
            format: ``html`` gives a str; ``xlsx`` bytes, which `read` takes back.
            blank: Fill in the head only.
            action: Form 090 of this action alone; None: one sheet an action.

        Raises:
            DecisionNotFound: there is no such plan.
            InvalidValueError: there is no such form, language, format or action.
            CrmkitError: openpyxl, which ``xlsx`` needs, is not installed.
        """
        return self._forms.render(
            plan_id, form, lang=lang, format=format, blank=blank, action=action
        )

    def read(self, file: object) -> CarePlan:
        """Read a form that `render` gave as XLSX, and somebody filled in; nothing is saved.

        What the form does not show (state, moves, cause, the other forms) is as it is kept. A form
        of nobody's gives a plan without an id or a customer.

        Args:
            file: Path, bytes, or a file opened for reading bytes.

        Raises:
            InvalidValueError: it is no such workbook, holds macros or links, is of another customer
                than its plan or older than the plan's last move, or cells cannot be read; `faults`
                holds ``(sheet, cell, reason)`` of each, and nothing is given back before all of
                them are mended.
            DecisionNotFound: its plan is not in this workspace.
            CrmkitError: openpyxl is not installed.
        """
        return self._shown(self._forms.read(file))

    @property
    def _forms(self) -> Forms:
        return Forms(self.session, self.guide.policy.zone)
