"""From what was said to a case, and from our answers to the touchpoint log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmkit.capture.intake import Take
from crmkit.care.acting import contact_kind, recorded
from crmkit.care.feedback.policy import FeedbackPolicy
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.documents import Documents
from crmkit.contracts.store import Writer
from crmkit.model.customer import Customer
from crmkit.model.document import Step
from crmkit.model.feedback import FeedbackCase, collected
from crmkit.model.touchpoint import TYPED
from crmkit.value.roots import root_of

CASES = Documents("feedback", FeedbackCase)
SOURCE = "crmkit"


def new_case(  # noqa: PLR0913 - what a case is made of
    policy: FeedbackPolicy,
    deciding: Deciding,
    customer: Customer,
    *,
    under: str,
    kind: str,
    text: str,
    at: datetime,
    touchpoint: tuple[str, str],
    severity: str | None = None,
    owner: str | None = None,
    channel: str | None = None,
    route: str | None = None,
) -> FeedbackCase:
    """Make a case that waits for our answer.

    Args:
        policy: Durations and words.
        deciding: Who opens it.
        customer: Whose it is.
        under: The id of his that the touchpoint was written with.
        kind: Kind of feedback.
        text: What was said.
        at: When.
        touchpoint: Where it stands in the log.
        severity: None: the one its kind has by default.
        owner: Who answers for it; None: the customer's account manager.
        channel: How it came.
        route: How we reply; None: as the customer prefers, or as it came.
    """
    severity = severity or policy.severity[kind]
    came = channel if collected(channel) == "talk" else None
    step = Step(what="opened", at=instant(deciding.now), by=deciding.by, reason=deciding.reason)
    return FeedbackCase(
        customer_id=under,
        owner=owner or customer.owner,
        state="open",
        kind=kind,
        severity=severity,
        text=text,
        at=at,
        channel=channel,
        route=route or customer.preferred_channel or came,
        expected=policy.expected(severity, at, "respond", "analyse", "act"),
        deadline=policy.deadline(severity, "respond", at),
        touchpoint=touchpoint,
        steps=(step,),
    )


def write_down(writer: Writer, take: Take, record: Mapping[str, Any], what: str) -> tuple[str, str]:
    """Capture what was said, or what we said, as a touchpoint that a person typed.

    Raises:
        InvalidValueError: capture refuses it.
    """
    place = SOURCE, f"feedback-{writer.sequence(1)}"
    own = {"source": place[0], "id": place[1], "origin": TYPED}
    kept = {name: value for name, value in record.items() if value not in (None, "")}
    recorded(take([kept | own]), what, "text")
    return place


def tell(  # noqa: PLR0913 - a contact is made of this
    writer: Writer,
    take: Take,
    case: FeedbackCase,
    deciding: Deciding,
    said: str,
    channel: str | None,
) -> None:
    """Capture our contact about a case, so that nothing shows as open that was answered."""
    record = {
        "kind": contact_kind(channel or "message"),
        "at": instant(deciding.now),
        "customer": root_of(writer, case.customer_id),
        "channel": channel,
        "direction": "out",
        "text": said,
        "attributes": {"case": case.id},
    }
    write_down(writer, take, record, f"the contact about case {case.id}")
