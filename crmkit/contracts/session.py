"""What every namespace of the facade stands on: the store, the clock and who is acting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, optional_text, text
from crmkit.clock import Clock, micros, system_clock
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.store import Store
from crmkit.errors import InvalidValueError, RefusedError
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

    def requester(self, by: str | None, what: str) -> str:
        """Give who asks for what another must approve: somebody known, so that they are two.

        Args:
            by: Who; None: the actor.
            what: What he does, for the message: ``submit plan 7``.

        Raises:
            RefusedError: nobody is named; or people are configured, and he is not among them.
        """
        who = self.actor if by is None else by
        if who is None or not who.strip():
            message = f"somebody must {what}: pass by=, or connect(actor=...)"
            raise RefusedError(message, by=who)
        if self.people and who not in self.people:
            known = ", ".join(sorted(self.people))
            message = (
                f"nobody called {who!r}, who would {what}, is under [people]; known are {known}"
            )
            raise RefusedError(message, by=who)
        return who

    def approver(self, by: str | None, what: str, asked: str | None) -> str:
        """Give who approves: somebody senior, and not whoever asked for it.

        Args:
            by: Who wants to.
            what: What is approved, for the message: ``ending 7``.
            asked: Who asked for it.

        Raises:
            RefusedError: he may not, or nobody knows who asked.
        """
        person = None if by is None else self.people.get(by)
        if by is None or person is None or not person.senior:
            senior = sorted(name for name, one in self.people.items() if one.senior)
            named = ", ".join(senior) or "nobody yet: set senior = true under [people]"
            message = f"{by or 'nobody'} may not approve {what}; senior people are {named}"
            raise RefusedError(message, by=by)
        if asked is None or not asked.strip():
            message = f"nobody knows who asked for {what}, so that nobody may approve it"
            raise RefusedError(message, by=by)
        if by == asked:
            raise RefusedError(f"{by} asked for {what} and may not approve it too", by=by)
        return by

    def person(self, field: str, name: str | None) -> str | None:
        """Give the id of somebody configured; where nobody is, any name will do.

        Raises:
            InvalidValueError: nobody of that name stands under ``[people]``.
        """
        name = optional_text(field, name, ID_LIMIT)
        if name is not None and self.people and name not in self.people:
            known = ", ".join(sorted(self.people))
            message = f"{field} {name!r} is not among [people]: {known}"
            raise InvalidValueError(message, field=field)
        return name
