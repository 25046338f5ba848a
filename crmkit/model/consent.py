"""Consent, by purpose and channel (R73, R74)."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit.arguments import choice
from crmkit.model.serial import Record

TRANSACTIONAL, SERVICE, CARE, MARKETING = PURPOSES = (
    "transactional",
    "service",
    "care",
    "marketing",
)
"""What a message is for, most pressing first. ``transactional`` passes quiet hours and caps,
``service`` passes caps, ``care`` and ``marketing`` pass nothing."""


def _purpose(_consent: object, attribute: attrs.Attribute[str], value: str) -> None:
    choice(attribute.name, value, PURPOSES)


@attrs.frozen(kw_only=True)
class Consent(Record):
    """What a customer allowed or forbade, as it stands for one purpose and channel.

    Attributes:
        customer_id: Whose; the id it was recorded under.
        purpose: One of `PURPOSES`.
        channel: Channel it is for, by name or type; None: every channel.
        given: True: allowed and in force; False: withdrawn, expired or not confirmed yet.
        state: ``given``, ``withdrawn``, ``expired`` or ``pending`` (waits for the confirmation of
            a double opt-in).
        source: Where it was given: form, call, unsubscribe link.
        wording: What the customer agreed to, word for word or by its version.
        at: When it was given or withdrawn.
        expires: From when on it no longer holds; None: it does not expire.
        by: Who recorded it.
    """

    customer_id: str
    purpose: str = attrs.field(validator=_purpose)
    channel: str | None = None
    given: bool
    state: str = attrs.field(
        validator=attrs.validators.in_(("given", "withdrawn", "expired", "pending"))
    )
    source: str
    wording: str = ""
    at: datetime
    expires: datetime | None = None
    by: str | None = None
