"""Opportunities: what may be sold to whom, and how far that has come (R80-R91)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import attrs

from crmkit.model.document import Document
from crmkit.model.serial import Record

FUNNEL_STAGES = ("meet", "discover", "confirm", "clarify", "propose", "commit", "accept", "pay")
"""The eight stages of the funnel, in order; who reaches the last has paid (R82)."""
COMPETITION = ("none", "low", "medium", "high")
"""How hard competitors fight for an opportunity (R90)."""
OPEN, WON, LOST = "open", "won", "lost"
OUTCOMES = (OPEN, WON, LOST)


@attrs.frozen(kw_only=True)
class FunnelMove(Record):
    """One move of an opportunity.

    Attributes:
        stage: Where it came to: one of `FUNNEL_STAGES`; on a loss, where it was lost.
        at: When.
        by: Who moved it; None: it was read out of a touchpoint.
        reason: Why, in words; always given on a step back and on a loss.
        skipped: Stages between that were left out.
        lost: Whether it was lost here.
    """

    stage: str
    at: datetime
    by: str | None = None
    reason: str = ""
    skipped: tuple[str, ...] = ()
    lost: bool = False


@attrs.frozen(kw_only=True)
class Problem(Record):
    """What stands in the way in a stage, and what is done about it (R88).

    Attributes:
        stage: In which stage.
        problem: What it is.
        countermeasure: What is done; empty: nothing yet.
        at: When it was noted.
        by: Who noted it.
    """

    stage: str
    problem: str
    countermeasure: str = ""
    at: datetime
    by: str | None = None


@attrs.frozen(kw_only=True)
class SalesCost(Record):
    """What was spent on an opportunity (R91).

    Attributes:
        amount: How much, 0 or more, in `currency`.
        currency: ISO 4217 code.
        what: On what: travel, samples, a dinner...
        at: When it was noted.
        by: Who noted it.
    """

    amount: Decimal
    currency: str
    what: str = ""
    at: datetime
    by: str | None = None


@attrs.frozen(kw_only=True)
class Opportunity(Document):
    """A sale that may come about; its `state` is ``open``, ``won`` or ``lost``.

    Attributes:
        name: What it is about.
        amount: What it would bring, 0 or more, in `currency`.
        currency: ISO 4217 code.
        stage: One of `FUNNEL_STAGES`.
        source: Where the lead came from, in the firm's own words (R83).
        competitors: Who else wants it.
        competition: How hard they fight for it: one of `COMPETITION`.
        closes: Day it is expected to be paid; None: nobody knows.
        shared: Why it stands beside another manager's; empty: it does not (R25).
        problems: What stands in the way, by stage.
        costs: What was spent on it.
        moves: Every move, the opening among them, oldest first.
        lost_to: The competitor that it was lost to; None: to nobody.
        purchase: Source and id of the purchase that it became; None: none was linked.
    """

    name: str
    amount: Decimal
    currency: str
    stage: str = FUNNEL_STAGES[0]
    source: str = ""
    competitors: tuple[str, ...] = ()
    competition: str = COMPETITION[0]
    closes: date | None = None
    shared: str = ""
    problems: tuple[Problem, ...] = ()
    costs: tuple[SalesCost, ...] = ()
    moves: tuple[FunnelMove, ...] = ()
    lost_to: str | None = None
    purchase: tuple[str, str] | None = None

    @property
    def due(self) -> datetime | None:
        """The beginning (UTC) of the expected day, as long as it is open."""
        if self.state != OPEN or self.closes is None:
            return None
        return datetime.combine(self.closes, time(0), tzinfo=UTC)

    @property
    def opened_at(self) -> datetime:
        """When it was opened."""
        return self.moves[0].at

    @property
    def closed_at(self) -> datetime | None:
        """When it was won or lost; None: it is open."""
        return None if self.state == OPEN else self.moves[-1].at

    @property
    def furthest(self) -> int:
        """Place in `FUNNEL_STAGES` of the furthest stage that it ever reached."""
        return max(FUNNEL_STAGES.index(move.stage) for move in self.moves)
