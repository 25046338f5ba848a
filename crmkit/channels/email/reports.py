"""Reports of machines: bounces (RFC 3464, RFC 6533) and complaints (RFC 5965)."""

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
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            for fields in _recipients(part):
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
        elif kind in ("message/rfc822", "message/global", "message/global-headers"):
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                yield inner[0]


def _recipients(part: Message) -> Iterator[Message]:
    """Give the fields of each recipient; those of the report as a whole stand before them."""
    blocks = part.get_payload()
    if not isinstance(blocks, list):
        return
    yield from (one for one in blocks[1:] if isinstance(one, Message))
    if len(blocks) == 1 and isinstance(blocks[0], Message):
        # The stdlib takes the form for addresses beyond ASCII (RFC 6533) for headers and a body.
        rest = blocks[0].get_payload(decode=True)
        text = rest.decode("utf-8", "replace") if isinstance(rest, bytes) else ""
        yield from map(_headers, re.split(r"\r?\n[ \t]*\r?\n", text.strip()))


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
