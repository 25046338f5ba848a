"""What SES tells through SNS: events, feedback notifications, and mails that came in.

Format: AWS, "Contents of event data that Amazon SES publishes to Amazon SNS", "Amazon SNS
notification contents for Amazon SES" and "Contents of notifications for Amazon SES email
receiving".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from crmkit.contracts.channel import Delivery
from crmkit.contracts.message_ids import found
from crmkit.contracts.reading import instant, loaded, mapping, rows, text
from crmkit_esp.bounces import dead, enhanced
from crmkit_esp.inbound import answered, parsed
from crmkit_esp.mail import KEY

_LISTS = {
    "Bounce": ("bounce", "bouncedRecipients", "bounced"),
    "Complaint": ("complaint", "complainedRecipients", "complained"),
}
_SECTIONS = {"Rendering Failure": "failure"}
_PLAIN = {
    "Delivery": "delivered",
    "Send": "sent",
    "Reject": "failed",
    "Rendering Failure": "failed",
    "Open": "opened",
    "Click": "clicked",
}
_LISTED = "OnAccountSuppressionList"
"""SES did not even try: the address is on the account's own list."""
_APPLE = "Mozilla/5.0"
"""The whole user agent of Apple's mail privacy protection, which opens everything."""


def deliveries(posted: Mapping[str, Any]) -> tuple[Delivery, ...]:
    """Read a checked notification of SNS; one delivery a recipient."""
    event = mapping(loaded(str(posted.get("Message", ""))))
    kind = str(event.get("eventType") or event.get("notificationType"))
    if kind == "Received":
        return _mail(event)
    return tuple(_told(event, kind, str(posted.get("MessageId"))))


def _told(event: Mapping[str, Any], kind: str, event_id: str) -> Iterator[Delivery]:
    mail = mapping(event, "mail")
    for what, recipient, part in _what(event, kind, mail):
        status = enhanced(recipient.get("status"), recipient.get("diagnosticCode"))
        agent = part.get("userAgent")
        address = text(recipient.get("emailAddress"))
        yield Delivery(
            what=what,
            message_id=_ours(mail),
            provider_id=text(mail.get("messageId")),
            at=instant(part.get("timestamp")) or instant(mail.get("timestamp")),
            event_id=f"{event_id}:{address}",
            address=address,
            permanent=what == "bounced" and _gone(part, status),
            machine=what == "opened" and agent == _APPLE,
            code=status or text(part.get("bounceType")),
            reason=_reason(part),
        )


def _what(
    event: Mapping[str, Any], kind: str, mail: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Give what happened, to whom, and the section that tells of it."""
    if kind in _LISTS:
        section, names, usual = _LISTS[kind]
        part = mapping(event, section)
        untried = _LISTED in (part.get("bounceSubType"), part.get("complaintSubType"))
        for one in rows(part.get(names)):
            yield "failed" if untried else usual, one, part
        return
    part = mapping(event, _SECTIONS.get(kind, kind.lower()))
    if kind == "Subscription":
        if mapping(part, "newTopicPreferences").get("unsubscribeAll") is True:
            yield "unsubscribed", {"emailAddress": text(part.get("contact"))}, part
    elif kind in _PLAIN:
        addresses = part.get("recipients") if kind == "Delivery" else mail.get("destination")
        for address in _texts(addresses):
            yield _PLAIN[kind], {"emailAddress": address}, part


def _gone(part: Mapping[str, Any], status: str | None) -> bool:
    """Tell whether an address is dead; SES's own word counts where the other side said none."""
    if part.get("bounceType") != "Permanent":
        return False
    return dead(status) if status else part.get("bounceSubType") in ("General", "NoEmail")


def _reason(part: Mapping[str, Any]) -> str:
    names = ("bounceType", "bounceSubType", "complaintFeedbackType", "reason", "errorMessage")
    return ": ".join(str(part[name]) for name in names if part.get(name))[:200]


def _ours(mail: Mapping[str, Any]) -> str | None:
    tags = mapping(mail, "tags").get(KEY)
    for tag in _texts(tags):
        return tag
    for one in rows(mail.get("headers")):
        name = str(one.get("name")).lower()
        if name == "x-crmkit-id":
            return text(one.get("value"))
        if name == "message-id" and found(one.get("value")):
            return found(one.get("value"))
    return None


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _mail(event: Mapping[str, Any]) -> tuple[Delivery, ...]:
    """Read a mail that came in; one that SES put into a bucket is told without its text."""
    mail, content = mapping(event, "mail"), text(event.get("content"))
    raw = (content or "").encode("utf-8", "surrogateescape")
    if mapping(event, "receipt", "action").get("encoding") == "BASE64":
        try:
            raw = base64.b64decode(raw)
        except binascii.Error:
            raw = b""
    head, words = parsed(raw)
    listed = {str(one.get("name")): str(one.get("value")) for one in rows(mail.get("headers"))}
    return answered(
        {**listed, **head},
        words,
        at=instant(mail.get("timestamp")),
        event_id=text(mail.get("messageId")),
        sender=head.get("From") or listed.get("From") or text(mail.get("source")),
    )
