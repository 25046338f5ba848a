"""What people do with agenda items; each a decision of kind ``agenda``, with the item's id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from crmkit.arguments import ID_LIMIT, choice, instance, mapping, refuse, text
from crmkit.capture.duplicates import earlier
from crmkit.capture.intake import Joint
from crmkit.clock import day, instant, micros
from crmkit.contracts.decisions import Deciding, decide, decisions_about
from crmkit.contracts.session import Session
from crmkit.contracts.store import Writer
from crmkit.contracts.tables import TOUCHPOINT
from crmkit.errors import DecisionNotFound, InvalidValueError
from crmkit.lifecycle.contacts import DONE, REASSIGNED, SNOOZED
from crmkit.lifecycle.ended import refuse_ended
from crmkit.lifecycle.world import Guide
from crmkit.model.care import AgendaItem
from crmkit.model.touchpoint import CaptureReport
from crmkit.value.scoring import require_root

SOURCE = "agenda"
_AT = TOUCHPOINT.position["at"]
_FOLLOW_UP = "follow_up"
_CONTACT = "a contact of the agenda"
_BY_CHANNEL = {"phone": "call", "phone_conference": "call"} | {
    kind: kind for kind in ("meeting", "visit")
}


def read_id(item: AgendaItem | str) -> tuple[str, str, date]:
    """Give an item's id, customer and due day.

    Raises:
        DecisionNotFound: it is no item's id.
        InvalidValueError: it is neither an item nor a text.
    """
    if not isinstance(item, str):
        item = instance("item", item, AgendaItem, "an AgendaItem or its id").id
    name = text("item", item)
    customer, _, written = name.rpartition(":")
    try:
        due = date.fromisoformat(written)
    except ValueError:
        customer = ""
    if not customer:
        message = f"no agenda item has the id {name!r}: take it from crm.care.agenda(day)"
        raise DecisionNotFound(message, id=name)
    return name, customer, due


def done(  # noqa: PLR0913 - who, what, where to
    session: Session,
    guide: Guide,
    joint: Joint,
    item: AgendaItem | str,
    outcome: Mapping[str, Any] | str,
    by: str | None,
) -> None:
    """Record that a contact was made: its outcome is a touchpoint."""
    name, customer, _ = read_id(item)
    deciding = session.deciding("", by)
    record = _record(guide, item, customer, name, outcome)
    follow_up = record.pop(_FOLLOW_UP, None)
    until = None if follow_up is None else coming_day(guide, follow_up, session.now(), _FOLLOW_UP)
    body = {"what": DONE, "item": name, "touchpoint": name, "until": until}
    with joint() as (writer, take):
        refuse_ended(writer, customer, _CONTACT)
        found = earlier(writer, [(SOURCE, name)])
        before = None if not found else found[SOURCE, name].live
        # A second click says the same a moment later.
        record.setdefault("at", session.clock() if before is None else instant(before[_AT]))
        is_done = "" if before is None else ", which is done already,"
        recorded(take([record]), f"the outcome of agenda item {name!r}{is_done}", "outcome")
        _decide(writer, customer, body, deciding)


def recorded(report: CaptureReport, what: str, field: str) -> None:
    """See that a contact could be recorded.

    Raises:
        InvalidValueError: it could not; `field` names the field at fault, or else this argument.
    """
    if report.rejections:
        why = report.rejected[0] if report.rejected else None
        reason = "rejected" if why is None else f"{why.field}: {why.reason}"
        message = f"{what} could not be recorded: {reason}"
        raise InvalidValueError(message, field=field if why is None else why.field)


def contact_kind(channel: str | None) -> str:
    """Give the kind of touchpoint that our contact by a channel is."""
    return _BY_CHANNEL.get(channel or "phone", "message_out")


def snooze(
    session: Session, guide: Guide, item: AgendaItem | str, until: date, by: str | None
) -> None:
    """Put a contact off until a day."""
    name, customer, _ = read_id(item)
    when = coming_day(guide, until, session.now(), "until")
    body = {"what": SNOOZED, "item": name, "until": when}
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        _decide(writer, customer, body, deciding)


def reassign(session: Session, item: AgendaItem | str, owner: str, by: str | None) -> None:
    """Hand a contact over to somebody else, until he has made it."""
    name, customer, _ = read_id(item)
    session.person("owner", text("owner", owner, ID_LIMIT, least=1))
    body = {"what": REASSIGNED, "item": name, "owner": owner}
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        _decide(writer, customer, body, deciding)


def _decide(writer: Writer, customer: str, body: Mapping[str, Any], deciding: Deciding) -> None:
    """Record it; the same contact is done once.

    What was said stands in the touchpoint alone: nobody must erase it from a second place.
    """
    require_root(writer, customer)
    refuse_ended(writer, customer, _CONTACT)
    if body["what"] == DONE:
        for made in decisions_about(writer, [customer], frozenset({"agenda"})):
            if made.body["what"] == DONE and made.body["item"] == body["item"]:
                return
    decide(writer, "agenda", customer, deciding, body)


def _record(
    guide: Guide,
    item: AgendaItem | str,
    customer: str,
    name: str,
    outcome: Mapping[str, Any] | str,
) -> dict[str, Any]:
    """Make the touchpoint that an outcome is; without its instant, unless that was said."""
    said = {"text": outcome} if isinstance(outcome, str) else outcome
    said = dict(mapping("outcome", said, "a text, or the fields of a touchpoint"))
    channel = None if isinstance(item, str) else item.channel
    record: dict[str, Any] = {
        "kind": contact_kind(channel),
        "customer": customer,
        **({} if channel is None else {"channel": channel}),
        **said,
        "source": SOURCE,
        "id": name,
        "origin": "typed",
    }
    choice("kind", record["kind"], sorted(guide.defaults.kinds.two_way))
    return record


def coming_day(guide: Guide, when: date, now: int, field: str) -> int:
    """Give the instant a coming day begins.

    Raises:
        InvalidValueError: it is no day, or has begun already.
    """
    if isinstance(when, datetime):
        when = guide.policy.date_of(guide.policy.day_at(micros(when, field)))
    begins = guide.policy.begins(day(when, field))
    if begins <= now:
        refuse(field, "must be a day to come", when)
    return begins
