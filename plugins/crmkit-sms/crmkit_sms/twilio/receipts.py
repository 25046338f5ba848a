"""Twilio's status callbacks and incoming messages.

Formats: twilio.com/docs/messaging/guides/track-outbound-message-status and
twilio.com/docs/messaging/guides/webhook-request.
"""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.contracts.channel import Delivery
from crmkit_sms.numbers import e164
from crmkit_sms.twilio.codes import DEAD, STOPPED

_FATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "failed",
    "failed": "failed",
}
"""What a status tells; `queued` and its like tell nothing new."""
_INCOMING = ("received", "receiving")


def deliveries(fields: Mapping[str, str], message_id: str | None) -> list[Delivery]:
    """Read a call.

    Args:
        fields: The fields of the form.
        message_id: Our id, as the address that was called carries it.
    """
    sid = fields.get("MessageSid") or fields.get("SmsSid") or fields.get("SmsMessageSid") or ""
    status = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
    if status in _INCOMING or (not status and "Body" in fields):
        return _incoming(sid, fields)
    if status not in _FATES or not sid:
        return []
    code = fields.get("ErrorCode") or ""
    what = _FATES[status]
    if what == "failed" and code in DEAD:
        what = "bounced"
    if what == "failed" and code == STOPPED:
        what = "unsubscribed"
    return [
        Delivery(
            what=what,
            message_id=message_id,
            provider_id=sid,
            event_id=f"{sid}:{status}",
            address=e164(fields.get("To") or ""),
            permanent=what == "bounced",
            code=code or None,
            reason=fields.get("ErrorMessage") or "",
        )
    ]


def _incoming(sid: str, fields: Mapping[str, str]) -> list[Delivery]:
    """Read an answer; where Twilio knows its word for STOP, it is a withdrawal, too."""
    sender = fields.get("From") or ""
    address, text = e164(sender) or sender or None, fields.get("Body") or ""
    found = [
        Delivery(what="replied", provider_id=sid, event_id=f"{sid}:in", address=address, text=text)
    ]
    if fields.get("OptOutType", "").upper() == "STOP":
        stop = Delivery(what="unsubscribed", event_id=f"{sid}:stop", address=address, text=text)
        found.append(stop)
    return found
