"""Touchpoints: everything that happens between the firm and a customer (R26, R44-R52)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs

from crmkit.model.serial import AsItCame, Record

KINDS: tuple[str, ...] = (
    "purchase",
    "return",
    "refund",
    "visit",
    "call",
    "meeting",
    "message_out",
    "message_in",
    "event_invited",
    "event_attended",
    "survey_sent",
    "survey_answered",
    "suggestion",
    "opinion",
    "complaint",
    "praise",
    "referral",
    "share",
    "login",
    "note",
)
"""Kinds of the core; a plugin declares more with ``crmkit_touchpoint_kinds``."""

NEGATIVE_KINDS = frozenset({"return", "refund"})
"""Kinds whose amount is negative or zero, and which may name their purchase under ``of``."""

OUTBOUND_KINDS = frozenset({"message_out", "event_invited", "survey_sent", "note"})
"""Kinds that the firm does, not the customer, unless the record's direction says otherwise."""

TWO_WAY_KINDS = frozenset({"call", "meeting", "visit", "message_in", "message_out"})
"""Kinds that are contact between two people: the cadence counts from the newest of them."""

NUMBER_LIMIT = 10**18
"""Amounts, margins, quantities and whatever an indicator measures lie below it, and above its
negative: so no sum ever leaves the range of a double, however many touchpoints there are."""

NUMBERS = frozenset({"amount", "margin", "quantity", "rating"})
"""Fields that are numbers and stand in columns of their own."""

TEXTS = frozenset("id source kind currency item category channel direction text origin of".split())
"""Fields that are texts and stand in columns of their own."""

CAPTURED = "captured"
TYPED = "typed"


@attrs.frozen(kw_only=True)
class Touchpoint(Record):
    """One thing that happened, in the words of the system where it happened.

    Attributes:
        source: Name of the system, file or function it came from.
        id: The record's id there; ``(source, id)`` is unique in a workspace.
        kind: One of `KINDS`, or one that a plugin declares.
        at: When it happened; an aware datetime, not before 1900.
        customer: Id of the customer; in a record to capture, a mapping of identities may stand.
        amount: Money, exact, below 10^18; negative on a return or refund; in `currency` (ISO 4217).
        margin: Profit in the same currency.
        quantity: Number of pieces.
        item: What was bought or talked about.
        category: Class of the item.
        channel: Channel it came through.
        direction: ``in`` (from the customer) or ``out`` (from us).
        rating: Satisfaction, 0 to 10.
        text: Free text.
        origin: ``captured`` as a by-product of work, or ``typed`` by a person (R57).
        of: On a return or refund, the id of its purchase (same source).
        friend: On a referral, who was referred, as identities.
        attributes: Everything else; JSON values.
        recorded_at: When crmkit learnt of it; set by crmkit.
        run: Id of the capture it came with; set by crmkit.
    """

    id: str
    kind: str
    at: datetime
    customer: str | Mapping[str, Any]
    source: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    margin: Decimal | None = None
    quantity: Decimal | None = None
    item: str | None = None
    category: str | None = None
    channel: str | None = None
    direction: str | None = None
    rating: float | None = None
    text: str | None = None
    origin: str = CAPTURED
    of: str | None = None
    friend: Mapping[str, Any] | None = None
    attributes: Mapping[str, Any] = attrs.field(factory=dict)
    recorded_at: datetime | None = None
    run: str | None = None


@attrs.frozen
class Rejection(Record):
    """One record that could not be taken, and why.

    Attributes:
        record: The record as it came; for a line of a file that could not be read, its text. What
            JSON cannot say of it (a NaN, bytes, half a character) `to_dict` shows as text.
        field: The field at fault, or ``record``.
        reason: What is wrong and what would be right.
    """

    record: AsItCame
    field: str
    reason: str


@attrs.frozen(kw_only=True)
class CaptureReport(Record):
    """What became of the records of one capture.

    Attributes:
        run: Id of this capture, to give to ``touchpoints.undo``.
        new: Touchpoints that were added.
        duplicate: Records that were known already, with the same content.
        rejected: Those that could not be taken; empty where `on_reject` was given.
        rejections: How many were rejected, wherever they were handed to.
        collisions: Keys met that point at more than one customer, in this capture.
        captured: New touchpoints that came as a by-product of work.
        typed: New touchpoints that a person typed (R57).
        unpriced: Currencies met for which the model has no rate: kept, not counted.
    """

    run: str
    new: int = 0
    duplicate: int = 0
    rejected: tuple[Rejection, ...] = ()
    rejections: int = 0
    collisions: int = 0
    captured: int = 0
    typed: int = 0
    unpriced: tuple[str, ...] = ()
