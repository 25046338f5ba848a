"""Forms of the plans that a workspace holds."""

from __future__ import annotations

from datetime import tzinfo

import attrs

from crmkit.care.forms.reading import FilledForm
from crmkit.care.forms.rendering import check_choices, render_form
from crmkit.care.plans import PLANS
from crmkit.contracts.session import Session
from crmkit.model.plan import CarePlan


@attrs.frozen
class Forms:
    """Renders plans and reads them.

    Attributes:
        session: The open workspace.
        zone: Zone of instants that are written without one.
    """

    session: Session
    zone: tzinfo

    def render(  # noqa: PLR0913 - how a form may look, all by name
        self,
        plan_id: str | None,
        form: str,
        *,
        lang: str,
        format: str,  # noqa: A002 - what users call it
        blank: bool,
        action: str | None,
    ) -> str | bytes:
        """Render one form of a plan, or all; see `crmkit.care.forms.rendering.render_form`."""
        check_choices(form, lang, format)
        plan = None if plan_id is None else self._plan(plan_id)
        people = self.session.people
        return render_form(
            plan, form, lang=lang, format=format, blank=blank, action=action, people=people
        )

    def read(self, file: object) -> CarePlan:
        """Read a filled form; what it does not show is as the workspace has it."""
        filled = FilledForm(file, people=self.session.people, zone=self.zone)
        return filled.plan(self._plan(filled.mark.plan) if filled.mark.plan else None)

    def _plan(self, plan_id: str) -> CarePlan:
        with self.session.store.read() as reader:
            return PLANS.get(reader, plan_id)
