"""The half of ``crm.funnel`` that tells: what there is, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from crmkit.arguments import choice, optional_text, refuse
from crmkit.capture.reading import touchpoints_of
from crmkit.clock import micros
from crmkit.contracts.session import Session
from crmkit.lifecycle.cadence import AgendaPolicy
from crmkit.lifecycle.funnel import views
from crmkit.lifecycle.funnel.book import BOOK, collisions
from crmkit.lifecycle.funnel.forecast import forecast, learn
from crmkit.lifecycle.funnel.leaks import cycle, leaks
from crmkit.lifecycle.funnel.policy import FunnelPolicy
from crmkit.model.funnel import Cycle, Forecast, Leaks, Line, Phases, PlaneMonth, Point, Rivals
from crmkit.model.sales import FUNNEL_STAGES, OPEN, OUTCOMES, Opportunity
from crmkit.value.roots import root_of
from crmkit.value.scoring import require_root


@attrs.frozen
class Figures:
    """Opportunities as they stand, and what they tell.

    Attributes:
        session: The open workspace.
        policy: The standard way of selling, and what is stated before anything was measured.
        days: Where days and months begin.
    """

    session: Session
    policy: FunnelPolicy
    days: AgendaPolicy

    # -- what there is -----------------------------------------------------------------

    def opportunity(self, opportunity_id: str) -> Opportunity:
        """Give an opportunity as it stands.

        Raises:
            DecisionNotFound: there is no such opportunity.
        """
        with self.session.store.read() as reader:
            return BOOK.get(reader, opportunity_id)

    def of(self, id: str) -> tuple[Opportunity, ...]:  # noqa: A002
        """Give a customer's opportunities, oldest first.

        Raises:
            CustomerNotFound: nobody has that id.
        """
        with self.session.store.read() as reader:
            require_root(reader, id)
            return tuple(BOOK.of(reader, id))

    def list(
        self,
        *,
        state: str | None = OPEN,
        stage: str | None = None,
        owner: str | None = None,
    ) -> tuple[Opportunity, ...]:
        """Give opportunities, in the order of opening.

        Args:
            state: ``open won lost``; None: whatever became of them.
            stage: Only those in this stage.
            owner: Only this manager's.

        Raises:
            InvalidValueError: there is no such state or stage.
        """
        states = () if state is None else (choice("state", state, OUTCOMES),)
        if stage is not None:
            choice("stage", stage, FUNNEL_STAGES)
        owner = optional_text("owner", owner)
        with self.session.store.read() as reader:
            found = BOOK.all(reader, states=states, owner=owner)
        return tuple(one for one in found if stage in (None, one.stage))

    def collisions(self) -> tuple[Rivals, ...]:
        """Give the customers whom several managers court unknown to each other (R25).

        `open` lets none arise; a merge of two customers may.
        """
        with self.session.store.read() as reader:
            return collisions(reader)

    # -- what it tells -----------------------------------------------------------------

    def forecast(self, *, owner: str | None = None) -> Forecast:
        """Give what the open opportunities are expected to bring, by month and currency (R90).

        Each amount counts times the win rate of its stage, lowered by its competition. Both are
        measured from this workspace's own closed opportunities, everybody's; where these are few
        they are drawn towards what the configuration states, and `n` says how few.

        Args:
            owner: Only this manager's open ones; None: everybody's.
        """
        owner = optional_text("owner", owner)
        with self.session.store.read() as reader:
            everyone = BOOK.all(reader)
        odds = learn(self.policy, everyone)
        asked = [one for one in everyone if owner in (None, one.owner)]
        return forecast(odds, asked, self.days, self.session.now())

    def leaks(self, since: datetime | None = None, until: datetime | None = None) -> Leaks:
        """Tell where the funnel leaks: what became of those that entered each stage (R86).

        Args:
            since: Entries from here on; None: from the first that was opened.
            until: To before this; None: now. What happened later is not looked at.

        Raises:
            InvalidValueError: `until` lies before `since`; `NaiveTimeError`: one has no offset.
        """
        with self.session.store.read() as reader:
            everyone = BOOK.all(reader)
        return leaks(everyone, *self._span(since or _first(everyone), until))

    def cycle(self, since: datetime | None = None, until: datetime | None = None) -> Cycle:
        """Tell how long selling took and what it cost (R91), of what was closed in a span.

        Args:
            since: Closed from here on; None: from the first that was opened.
            until: Closed before this; None: now.

        Raises:
            InvalidValueError: `until` lies before `since`; `NaiveTimeError`: one has no offset.
        """
        with self.session.store.read() as reader:
            everyone = BOOK.all(reader)
        return cycle(everyone, *self._span(since or _first(everyone), until))

    # -- point, line, plane ------------------------------------------------------------

    def point(self, opportunity_id: str) -> Point:
        """Give the facts of one opportunity, and where it stands on the standard way (R87, R88).

        Raises:
            DecisionNotFound: there is no such opportunity.
        """
        with self.session.store.read() as reader:
            found = BOOK.get(reader, opportunity_id)
            root = root_of(reader, found.customer_id)
            odds = learn(self.policy, BOOK.all(reader))
            before = micros(found.opened_at) - 1
            bought = touchpoints_of(reader, root, until=before, kinds=("purchase",))
            return views.point(
                self.policy,
                odds,
                found,
                root,
                self.session.now(),
                bought=next(bought, None) is not None,
            )

    def line(self, id: str) -> Line:  # noqa: A002
        """Give one customer's line, from the first touch over the lead to the order (R83, R87).

        Raises:
            CustomerNotFound: nobody has that id.
        """
        with self.session.store.read() as reader:
            require_root(reader, id)
            return views.line(id, touchpoints_of(reader, id), BOOK.of(reader, id))

    def plane(self, since: datetime, until: datetime | None = None) -> tuple[PlaneMonth, ...]:
        """Give the trend by month: customers known, leads opened, orders paid (R83, R87).

        Months are whole ones, in the agenda's time zone.

        Raises:
            InvalidValueError: `until` lies before `since`, or a hundred years after it.
        """
        low, high = self._span(since, until)
        months = views.months(self.days, low, high)
        if len(months) > views.MOST_MONTHS:
            refuse("since", f"and until must lie within {views.MOST_MONTHS} months", since)
        with self.session.store.read() as reader:
            return views.plane(months, views.first_seen(reader), BOOK.all(reader))

    def phases(self) -> Phases:
        """Count who is known, divided and followed (R80), and the two kinds of follow-up (R81).

        Tiers and stages are those of the last `crm.lifecycle.advance`.
        """
        with self.session.store.read() as reader:
            return views.phases(reader, self.days, self.session.now())

    def _span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        # What happened at this very instant is seen too.
        high = self.session.now() + 1 if until is None else micros(until, "until")
        low = high if since is None else micros(since, "since")
        if high < low:
            refuse("until", f"lies before since ({since})", until)
        return low, high


def _first(everyone: Iterable[Opportunity]) -> datetime | None:
    """Give when the first opportunity was opened; None: there is none."""
    return min((one.opened_at for one in everyone), default=None)
