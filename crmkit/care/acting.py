"""What people do with agenda items; each a decision of kind ``agenda``, with the item's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from crmkit.clock import micros
from crmkit.contracts.decisions import decide, decisions_about
from crmkit.contracts.session import Session
from crmkit.errors import DecisionNotFound, InvalidValueError
from crmkit.lifecycle.contacts import DONE, REASSIGNED, SNOOZED
from crmkit.lifecycle.world import Guide
from crmkit.model.care import AgendaItem
from crmkit.model.touchpoint import CaptureReport
from crmkit.value.scoring import require_root

Captures = Callable[[Iterable[Mapping[str, Any]]], CaptureReport]
"""Captures records and reports: `crm.capture`, or what stands in for it."""
SOURCE = "agenda"
_FOLLOW_UP = "follow_up"
_BY_CHANNEL = {"phone": "call", "meeting": "meeting", "visit": "visit"}


def read_id(item: AgendaItem | str) -> tuple[str, str, date]:
    """Give an item's id, customer and due day.

    Raises:
        DecisionNotFound: it is no item's id.
    """
    name = item if isinstance(item, str) else item.id
    customer, _, day = name.rpartition(":")
    try:
        due = date.fromisoformat(day)
    except ValueError:
        customer = ""
    if not customer:
        message = f"no agenda item has the id {name!r}: take it from crm.care.agenda(day)"
        raise DecisionNotFound(message, id=name)
    return name, customer, due


def done(  # noqa: PLR0913 - who, what, where to
    session: Session,
    guide: Guide,
    capture: Captures,
    item: AgendaItem | str,
    outcome: Mapping[str, Any] | str,
    by: str | None,
) -> None:
    """Record that a contact was made: its outcome is a touchpoint."""
    name, customer, _ = read_id(item)
    record = _record(session, guide, item, customer, name, outcome)
    follow_up = record.pop(_FOLLOW_UP, None)
    until = None if follow_up is None else _instant(guide, follow_up, session.now(), _FOLLOW_UP)
    report = capture([record])
    if report.rejections:
        why = report.rejected[0] if report.rejected else None
        reason = "rejected" if why is None else f"{why.field}: {why.reason}"
        message = f"the outcome of agenda item {name!r} could not be recorded: {reason}"
        raise InvalidValueError(message, field="outcome" if why is None else why.field)
    body = {"what": DONE, "item": name, "touchpoint": name, "until": until}
    _decide(session, customer, body, by)


def snooze(
    session: Session, guide: Guide, item: AgendaItem | str, until: date, by: str | None
) -> None:
    """Put a contact off until a day."""
    name, customer, _ = read_id(item)
    when = _instant(guide, until, session.now(), "until")
    _decide(session, customer, {"what": SNOOZED, "item": name, "until": when}, by)


def reassign(session: Session, item: AgendaItem | str, owner: str, by: str | None) -> None:
    """Hand a contact over to somebody else, until he has made it."""
    name, customer, _ = read_id(item)
    if not owner or (session.people and owner not in session.people):
        known = ", ".join(sorted(session.people)) or "nobody"
        raise InvalidValueError(f"owner {owner!r} is not among [people]: {known}", field="owner")
    _decide(session, customer, {"what": REASSIGNED, "item": name, "owner": owner}, by)


def _decide(session: Session, customer: str, body: Mapping[str, Any], by: str | None) -> None:
    """Record it; the same contact is done once.

    What was said stands in the touchpoint alone: nobody must erase it from a second place.
    """
    with session.store.write() as writer:
        require_root(writer, customer)
        if body["what"] == DONE:
            for made in decisions_about(writer, [customer], frozenset({"agenda"})):
                if made.body["what"] == DONE and made.body["item"] == body["item"]:
                    return
        decide(writer, "agenda", customer, session.deciding("", by), body)


def _record(  # noqa: PLR0913 - what an outcome is made of
    session: Session,
    guide: Guide,
    item: AgendaItem | str,
    customer: str,
    name: str,
    outcome: Mapping[str, Any] | str,
) -> dict[str, Any]:
    """Make the touchpoint that an outcome is."""
    said = {"text": outcome} if isinstance(outcome, str) else dict(outcome)
    channel = None if isinstance(item, str) else item.channel
    record: dict[str, Any] = {
        "kind": _BY_CHANNEL.get(channel or "phone", "message_out"),
        "at": session.clock(),
        "customer": customer,
        **({} if channel is None else {"channel": channel}),
        **said,
        "source": SOURCE,
        "id": name,
        "origin": "typed",
    }
    two_way = guide.defaults.kinds.two_way
    if record["kind"] not in two_way:
        message = f"an outcome's kind must be contact: one of {', '.join(sorted(two_way))}"
        raise InvalidValueError(message, field="kind")
    return record


def _instant(guide: Guide, day: object, now: int, field: str) -> int:
    """Give the instant a coming day begins."""
    if isinstance(day, datetime):
        day = guide.policy.date_of(guide.policy.day_at(micros(day, field)))
    if not isinstance(day, date) or guide.policy.begins(day) <= now:
        raise InvalidValueError(f"{field} must be a day to come, got {day!r}", field=field)
    return guide.policy.begins(day)
