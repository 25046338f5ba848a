"""Reports of machines: bounces (RFC 3464) and complaints (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_string
from email.message import EmailMessage, Message

from crmkit.channels.email.replies import DEAD
from crmkit.contracts.channel import Delivery
from crmkit.contracts.lines import joined

_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_VAGUE = ("", "5.0.0", "4.0.0")
_SHOWN = 300


def read(
    mail: EmailMessage, message_id: str, event: str, at: datetime | None, blind_copy: str
) -> Iterator[Delivery]:
    """Tell what a report says of our message.

    Args:
        mail: A ``multipart/report``.
        message_id: Our id of what it is about.
        event: Tells this report from others.
        at: When it was written.
        blind_copy: The archive's address in small letters: its bounces are about no customer.
    """
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            blocks = part.get_payload()
            for fields in blocks[1:] if isinstance(blocks, list) else ():
                if isinstance(fields, Message):
                    yield from _delivery(fields, message_id, event, at, blind_copy)
            return
        if kind == "message/feedback-report":
            yield from _complaint(_fields(part), message_id, event, at)
            return


def returned(mail: EmailMessage) -> Iterator[Message]:
    """Give the headers of the original that a report carries, whole or cut."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            yield _headers(str(part.get_payload(decode=False)))
        elif kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                yield inner[0]


def _delivery(
    fields: Message, message_id: str, event: str, at: datetime | None, blind_copy: str
) -> Iterator[Delivery]:
    """Tell of one recipient; what is delayed or relayed is not over yet."""
    what = {"failed": "bounced", "delivered": "delivered"}.get(_field(fields, "Action").lower())
    address = _address(fields, "Original-Recipient") or _address(fields, "Final-Recipient")
    ends = {address.lower(), _address(fields, "Final-Recipient").lower()}
    if what is None or (blind_copy and blind_copy in ends):
        return
    why = joined(_field(fields, "Diagnostic-Code").partition(";")[2])
    status = _field(fields, "Status").split(" ")[0]
    if status in _VAGUE and (found := _STATUS.search(why)):
        status = found[0]
    yield Delivery(
        what=what,
        message_id=message_id,
        at=at,
        event_id=f"{what}:{event}",
        address=address or None,
        permanent=what == "bounced" and status in DEAD,
        code=status or None,
        reason=why[:_SHOWN],
    )


def _complaint(
    fields: Message, message_id: str, event: str, at: datetime | None
) -> Iterator[Delivery]:
    """Tell of a complaint; ``not-spam`` is the opposite of one, ``opt-out`` a wish."""
    kind = _field(fields, "Feedback-Type").lower()
    if kind == "not-spam":
        return
    what = "unsubscribed" if kind.startswith("opt-out") else "complained"
    address = _address(fields, "Original-Rcpt-To")
    yield Delivery(
        what=what,
        message_id=message_id,
        at=at,
        event_id=f"{what}:{event}",
        address=address or None,
        code=kind or None,
    )


def _fields(part: Message) -> Message:
    """Give the fields of a report that the stdlib takes for a mail, or for a text."""
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return inner[0]
    return _headers(str(inner))


def _headers(text: str) -> Message:
    return message_from_string(text)


def _field(fields: Message, name: str) -> str:
    return str(fields.get(name) or "").strip()


def _address(fields: Message, name: str) -> str:
    """Give the address of a field such as ``rfc822; li@example.com``."""
    value = _field(fields, name)
    return value.rpartition(";")[2].strip().strip("<>")
