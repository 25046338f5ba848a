"""``crm.care``: whom to contact today, why, about what, and by which channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import attrs

from crmkit.arguments import count, optional_text
from crmkit.care import acting
from crmkit.care.agenda import agenda, as_of
from crmkit.clock import day as a_day
from crmkit.contracts.session import Session
from crmkit.lifecycle.world import Guide
from crmkit.model.care import AgendaItem


@attrs.frozen
class Care:
    """The agenda.

    Attributes:
        session: The open workspace.
        guide: Rules, cadence and value model, as for the lifecycle.
        capture: Captures records: an item's outcome is a touchpoint.
    """

    session: Session
    guide: Guide
    capture: acting.Captures

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
        outcome: Mapping[str, Any] | str,
        by: str | None = None,
    ) -> None:
        """Record that the contact was made.

        Args:
            item: The item, or its id.
            outcome: What came of it: a text, or the fields of a touchpoint (``kind`` ``text``
                ``rating`` ...); ``follow_up`` is the day we promised to be in touch again.
            by: Who made it; None: the actor.

        Raises:
            DecisionNotFound: there is no such item.
            InvalidValueError: the outcome is no contact, or cannot be recorded.
        """
        acting.done(self.session, self.guide, self.capture, item, outcome, by)

    def snooze(self, item: AgendaItem | str, until: date, *, by: str | None = None) -> None:
        """Put the contact off until a day; a contact made before settles it.

        Raises:
            DecisionNotFound: there is no such item.
            InvalidValueError: `until` is no day to come.
        """
        acting.snooze(self.session, self.guide, item, until, by)

    def reassign(self, item: AgendaItem | str, owner: str, *, by: str | None = None) -> None:
        """Hand the contact over to somebody else, until he has made it.

        Raises:
            DecisionNotFound: there is no such item.
            InvalidValueError: nobody of that name is configured.
        """
        acting.reassign(self.session, item, owner, by)
