"""Stages of a relationship and the moves between them (R80-R105)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from crmkit.arguments import show
from crmkit.errors import ModelError
from crmkit.model import ranges
from crmkit.model.document import Step
from crmkit.model.serial import Record, resolve

PROSPECT_STAGES = ("prospect", "prospect_dormant", "prospect_failed")
CUSTOMER_STAGES = ("development", "maintenance", "upgrade", "retention", "churned", "won_back")
STAGES = (*PROSPECT_STAGES, *CUSTOMER_STAGES, "ended")

ENDING_REASONS = ("no_longer_buys", "broke_rules", "need_unmet", "broken_down", "market_exit")
ENDING_STATES = ("asked", "approved", "declined", "reopened")
ENDING_STEPS = ("prepare", "notify", "settle", "clear", "file", "evaluate")


@attrs.frozen(kw_only=True)
class StageRule(Record):
    """One rule that moves customers, as data.

    Attributes:
        name: Unique; the move names it.
        to: Stage it moves to.
        when: Facts that must hold: ``{"purchases": {"min": 2}, "days_since_own": {"max": 90}}``;
            an entry is ``min`` (>=), ``max`` (<=), ``is`` (==) or ``in`` (one of); a fact that
            is not known fulfils none.
        since: Stages it may move from; empty: from any that has a way there.
        reason: Why, in words; ``{fact}`` is replaced by the fact's value.
        priority: Rules with a larger one are tried first; equal ones in the order of the file,
            then those of plugins by name.
    """

    name: str
    to: str
    when: Mapping[str, Mapping[str, Any]]
    since: tuple[str, ...] = attrs.field(default=(), converter=ranges.names)
    reason: str = ""
    priority: int = 0

    def __attrs_post_init__(self) -> None:
        """Check the types; whether facts and ways are there is looked at where they are known.

        Raises:
            ModelError: `field` names the one at fault.
        """
        for right, field, what in (
            (ranges.is_name(self.name), "name", "must be a name"),
            (ranges.is_name(self.to), "to", "must be the stage it leads to"),
            (isinstance(self.when, Mapping), "when", "must hold conditions by fact"),
            (ranges.are_names(self.since), "since", "must be stages"),
            (isinstance(self.reason, str), "reason", "must be text"),
            (ranges.is_number(self.priority), "priority", "must be a number"),
        ):
            if not right:
                where, got = f"stage rule {show(self.name)}", show(getattr(self, field))
                raise ModelError(f"{where}: {field} {what}, got {got}", field=field)


@attrs.frozen(kw_only=True)
class Stage(Record):
    """Where a relationship stands, and since when.

    Attributes:
        name: One of `STAGES`, or one that a plugin's rule leads to.
        since: When the customer came to it.
        rule: Rule that moved him; None where a person did.
        reason: Why, in words.
        facts: The facts the move rested on.
    """

    name: str
    since: datetime
    rule: str | None
    reason: str
    facts: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Move(Record):
    """One step of a customer's history: of the stage or of the tier.

    Attributes:
        customer_id: Whose.
        what: ``stage`` or ``tier``.
        before: Where the customer stood; None at the first.
        after: Where he stands.
        at: As of when it holds.
        recorded_at: When crmkit recorded it.
        rule: Rule that moved him, ``rank`` for a tier.
        reason: Why, in words.
        facts: The facts it rested on.
        replayed: Whether it was worked out afterwards from imported history.
    """

    customer_id: str
    what: str
    before: str | None
    after: str
    at: datetime
    recorded_at: datetime
    rule: str | None
    reason: str
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    replayed: bool = False


@attrs.frozen(kw_only=True)
class AdvanceReport(Record):
    """What one `advance` did.

    Attributes:
        at: As of when.
        customers: How many were looked at.
        stages: How many came to another stage.
        tiers: How many came to another tier.
        steps: Past instants that were replayed before.
    """

    at: datetime
    customers: int
    stages: int
    tiers: int
    steps: int = 0
    _moves: Any = attrs.field(default=(), eq=False, repr=False)

    @property
    def moves(self) -> tuple[Move, ...]:
        """Every `Move`, in the order they were recorded; made when somebody looks."""
        moves: tuple[Move, ...] = resolve(self, "_moves")
        return moves


@attrs.frozen(kw_only=True)
class EndingStep(Record):
    """One step of ending a relationship that was carried out (R244-R249).

    Attributes:
        name: One of `ENDING_STEPS`.
        at: When it was recorded.
        by: Who did it.
        evidence: What shows that it was done.
    """

    name: str
    at: datetime
    by: str | None
    evidence: str


@attrs.frozen(kw_only=True)
class Reopening(Record):
    """A new relationship with somebody whose old one was ended.

    Attributes:
        id: To give to ``approve`` and ``decline``.
        reason: Why, in words.
        requested_by: Who asked for it.
        requested_at: When.
        approved_by: The senior person who approved it; None where nobody had to.
        since: From when the new relationship holds; None: it waits for approval.
    """

    id: str
    reason: str
    requested_by: str | None
    requested_at: datetime
    approved_by: str | None = None
    since: datetime | None = None


@attrs.frozen(kw_only=True)
class Ending(Record):
    """The end of a relationship: asked for, approved, then carried out step by step (R238-R253).

    Attributes:
        id: To give to ``approve`` and ``step``.
        customer_id: Whose.
        reason: One of `ENDING_REASONS`.
        state: One of `ENDING_STATES`; only ``approved`` holds.
        requested_by: Who asked for it.
        requested_at: When.
        approved_by: The senior person who approved it; None: it waits, and nothing has ended.
        approved_at: When; the relationship is ended from here.
        declined: Who turned it down, when and why.
        steps: What was carried out so far, in order.
        reopening: The new relationship that was asked for, or that holds.
        keep_until: Until when the policy keeps the record (R253); None: it names no term.
    """

    id: str
    customer_id: str
    reason: str
    state: str = "asked"
    requested_by: str | None
    requested_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    declined: Step | None = None
    steps: tuple[EndingStep, ...] = ()
    reopening: Reopening | None = None
    keep_until: datetime | None = None

    @property
    def next_step(self) -> str | None:
        """The step that comes next; None: nothing is left, or it does not hold."""
        if self.state != "approved" or len(self.steps) == len(ENDING_STEPS):
            return None
        return ENDING_STEPS[len(self.steps)]
