"""Consent, by purpose and channel (R73, R74)."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.model.serial import Record

PURPOSES = ("transactional", "service", "care", "marketing")


@attrs.frozen(kw_only=True)
class Consent(Record):
    """What a customer allowed or forbade.

    Attributes:
        customer_id: Whose.
        purpose: One of `PURPOSES`.
        channel: Channel it is for; None: every channel.
        granted: True allowed, False withdrawn.
        at: When it was given or withdrawn.
        source: Where it was given: form, call, unsubscribe link.
        evidence: What proves it.
        by: Who recorded it.
    """

    customer_id: str
    purpose: str = attrs.field(validator=attrs.validators.in_(PURPOSES))
    channel: str | None = None
    granted: bool
    at: datetime
    source: str
    evidence: str | None = None
    by: str | None = None
