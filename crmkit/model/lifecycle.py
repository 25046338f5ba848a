"""Stages of a relationship and the moves between them (R80-R105)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from crmkit.model.serial import Record

PROSPECT_STAGES = ("prospect", "prospect_dormant", "prospect_failed")
CUSTOMER_STAGES = ("development", "maintenance", "upgrade", "retention", "churned", "won_back")
STAGES = (*PROSPECT_STAGES, *CUSTOMER_STAGES, "ended")

ENDING_REASONS = ("no_longer_buys", "broke_rules", "need_unmet", "broken_down", "market_exit")
ENDING_STEPS = ("prepare", "notify", "settle", "clear", "file", "evaluate")


@attrs.frozen(kw_only=True)
class StageRule(Record):
    """One rule that moves customers, as data.

    Attributes:
        name: Unique; the move names it.
        to: Stage it moves to.
        when: Facts that must hold: ``{"purchases": {"min": 2}, "days_quiet": {"max": 90}}``;
            an entry is ``min`` (>=), ``max`` (<=), ``is`` (==) or ``in`` (one of).
        since: Stages it may move from; empty: from any.
        reason: Why, in words; ``{fact}`` is replaced by the fact's value.
    """

    name: str
    to: str
    when: Mapping[str, Mapping[str, Any]]
    since: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    reason: str = ""


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
