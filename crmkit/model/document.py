"""What people keep about a customer as one thing, and move from state to state."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class Document(Record):
    """Base of plans, cases, opportunities and what else is opened, moved and closed.

    Attributes:
        id: Set when it is opened; empty before.
        customer_id: Whom it is about; None: nobody in particular.
        owner: Who answers for it, by the id under ``[people]``; None: nobody is named.
        state: Where it stands.
    """

    id: str = ""
    customer_id: str | None = None
    owner: str | None = None
    state: str = ""

    @property
    def due(self) -> datetime | None:
        """When something must be done about it; None: nothing is waited for."""
        return None


@attrs.frozen(kw_only=True)
class Step(Record):
    """One move of a document: what happened to it, when, by whom and why.

    Attributes:
        what: The move.
        at: When.
        by: Who; None: nobody was named.
        reason: Why, in words.
    """

    what: str
    at: datetime
    by: str | None = None
    reason: str = ""
