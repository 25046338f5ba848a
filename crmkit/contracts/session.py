"""What every namespace of the facade stands on: the store, the clock and who is acting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, optional_text, text
from crmkit.clock import Clock, micros, system_clock
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.store import Store
from crmkit.model.people import Person


@attrs.frozen(kw_only=True)
class Session:
    """One open workspace and who works in it.

    Attributes:
        store: Where the data lives.
        clock: Gives the present instant.
        actor: Who is acting; recorded with every decision.
        people: Account managers and approvers, by id.
        settings: Further tables of the configuration, by name: ``agenda``, ``lifecycle``...
    """

    store: Store
    clock: Clock = system_clock
    actor: str | None = None
    people: Mapping[str, Person] = attrs.field(factory=dict)
    settings: Mapping[str, Any] = attrs.field(factory=dict)

    def now(self) -> int:
        """Give the clock's instant, in microseconds since 1970."""
        return micros(self.clock(), "clock")

    def deciding(self, reason: str, by: str | None = None) -> Deciding:
        """Say who decides, when and why; `by` goes before the actor.

        Raises:
            InvalidValueError: `reason` or `by` is no text that every store keeps.
        """
        who = optional_text("by", self.actor if by is None else by, ID_LIMIT)
        return Deciding(now=self.now(), by=who, reason=text("reason", reason))
