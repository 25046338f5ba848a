"""What outreach gives back: previews, rows of the ledger, what a dispatch did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs

from crmkit.model.serial import Record

PLANNED, CLAIMED, ACCEPTED, REFUSED, FAILED, UNKNOWN = (
    "planned",
    "claimed",
    "accepted",
    "refused",
    "failed",
    "unknown",
)
DELIVERED_STATES = ("sent", "delivered", "bounced", "opened", "clicked", "complained")
ENDED_STATES = ("unsubscribed", "replied")
STATES = (PLANNED, CLAIMED, ACCEPTED, REFUSED, FAILED, UNKNOWN, *DELIVERED_STATES, *ENDED_STATES)
"""What may become of a message: until the channel has it, and as its receipts tell after that."""

REASONS = (
    "consent",
    "suppressed",
    "ended",
    "quiet_hours",
    "zone",
    "cap",
    "capacity",
    "holiday",
    "content",
    "address",
    "channel",
    "plugin",
    "expired",
    "provider",
    "holdout",
)
"""Why a message did not go, or not yet."""


@attrs.frozen(eq=False)  # a mapping is equal to every other with the same items
class Counts(Record, Mapping[str, int]):
    """Rows of the ledger, counted by state; of a state that none came to there are 0."""

    states: Mapping[str, int] = attrs.field(factory=dict)

    @classmethod
    def of(cls, counted: Mapping[str, int]) -> Counts:
        """Take what was counted, in the order of the states."""
        return cls({state: counted[state] for state in STATES if counted.get(state)})

    def __getitem__(self, state: str) -> int:
        return self.states.get(state, 0)

    def __contains__(self, state: object) -> bool:
        return state in self.states

    def __iter__(self) -> Iterator[str]:
        return iter(self.states)

    def __len__(self) -> int:
        return len(self.states)

    def to_dict(self) -> dict[str, int]:
        """Give the counts by state."""
        return dict(self.states)


@attrs.frozen(kw_only=True)
class Preview(Record):
    """What one customer would get, or why he would get nothing.

    Attributes:
        customer_id: Whom it is about.
        channel: By which channel; None where none is left.
        subject: Its subject, for channels that have one.
        text: Its text.
        html: The same as HTML.
        template: The provider's own template, with its values, instead of a text.
        reason: One of `REASONS`; None: it would go.
        detail: The reason in words.
        next: When it may go, where it only has to wait.
    """

    customer_id: str
    channel: str | None = None
    subject: str | None = None
    text: str = ""
    html: str | None = None
    template: Mapping[str, object] | None = None
    reason: str | None = None
    detail: str = ""
    next: datetime | None = None


@attrs.frozen(kw_only=True)
class LedgerRow(Record):
    """One message, and what became of it.

    Attributes:
        id: Unique in the workspace; the message's id with the channel, too.
        customer_id: Whom it was written for; empty for an alert to staff.
        purpose: What it is for.
        occasion: On the occasion of what; with customer, purpose and channel it is unique.
        channel: By which channel.
        state: One of `STATES`.
        reason: One of `REASONS`, where it did not go or not yet.
        detail: The reason in words, or the provider's.
        provider_id: The provider's id of it.
        provider_code: His code, as he spells it.
        at: When it came to this state.
        planned_at: When it was entered.
        sent_at: When it was last handed to the channel.
        next: When it is due again; None: nothing is, unless somebody decides.
        attempts: How often it was handed to the channel.
        expires: When it is no longer worth sending.
    """

    id: str
    customer_id: str
    purpose: str
    occasion: str
    channel: str
    state: str
    reason: str | None = None
    detail: str = ""
    provider_id: str | None = None
    provider_code: str | None = None
    at: datetime
    planned_at: datetime
    sent_at: datetime | None = None
    next: datetime | None = None
    attempts: int = 0
    expires: datetime | None = None
