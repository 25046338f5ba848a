"""Touchpoints that cases come from: found in the log, and read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from crmkit.arguments import instance, items, refuse
from crmkit.capture.amend import live_row
from crmkit.capture.duplicates import earlier
from crmkit.care.matters import BY_KIND
from crmkit.clock import instant
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, TOUCHPOINT
from crmkit.errors import RefusedError
from crmkit.model.feedback import FeedbackCase
from crmkit.model.touchpoint import Touchpoint
from crmkit.value.roots import root_of, roots_of

_CHANNELS = {**BY_KIND, "message_in": "message", "survey_answered": "survey"}
_AT, _KIND, _CHANNEL, _ZONE, _SOURCE, _ID, _CUSTOMER = (
    TOUCHPOINT.position[name]
    for name in ("at", "kind", "channel", "zone", "source", "id", "customer")
)
_ROOT = CUSTOMER.position["root"]


def place_in(touchpoint: Touchpoint | tuple[str, str]) -> tuple[str, str]:
    """Give the source and id of a touchpoint."""
    if isinstance(touchpoint, Touchpoint):
        touchpoint = (touchpoint.source or "", touchpoint.id)
    pair = tuple(items("touchpoint", touchpoint, "texts: its source and its id"))
    if len(pair) != len(("source", "id")):
        refuse("touchpoint", "must be a Touchpoint, or its source and its id", touchpoint)
    source, name = (instance("touchpoint", one, str, "its source and its id") for one in pair)
    return source, name


def row_of(reader: Reader, customer: str, where: tuple[str, str]) -> Row:
    """Read a touchpoint of a customer's.

    Raises:
        TouchpointNotFound: no live one has that source and id.
        RefusedError: it is another customer's.
    """
    row = live_row(reader, *where)
    if root_of(reader, row[_CUSTOMER]) != customer:
        message = f"touchpoint {where[1]!r} of {where[0]!r} is not customer {customer!r}'s"
        raise RefusedError(message, customer_id=customer)
    return row


def baseless(reader: Reader, cases: Sequence[FeedbackCase]) -> Iterator[FeedbackCase]:
    """Give the cases whose touchpoint holds no longer, or was corrected to say something else.

    That is: to be another customer's, or of another kind than the case took it for.
    """
    found = earlier(reader, {case.touchpoint for case in cases})
    held = {place: record.live for place, record in found.items()}
    ids = {str(case.customer_id) for case in cases}
    ids |= {row[_CUSTOMER] for row in held.values() if row is not None}
    roots = roots_of(reader, ids)
    for case in cases:
        row = held.get(case.touchpoint)
        if row is None or roots.get(row[_CUSTOMER]) != roots.get(str(case.customer_id)):
            yield case
        elif row[_KIND] != case.kind:
            # A person may open a complaint for a survey: only what was changed since counts.
            former = {one[_KIND] for one in found[case.touchpoint].rows}
            if case.kind in former:
                yield case


def said_at(row: Row) -> datetime:
    """Give when a touchpoint happened."""
    return instant(row[_AT], row[_ZONE])


def came_by(row: Row) -> str | None:
    """Give the channel a touchpoint came by."""
    found: str | None = row[_CHANNEL] or _CHANNELS.get(row[_KIND])
    return found


def place_of(row: Row) -> tuple[str, str]:
    """Give the source and id of a touchpoint."""
    return row[_SOURCE], row[_ID]
