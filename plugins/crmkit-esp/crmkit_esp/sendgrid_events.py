"""What SendGrid posts: lists of events as JSON, and mails as a multipart form.

Format: Twilio's documentation, "Event Webhook Reference" and "Inbound Parse Webhook". Both are
signed with ECDSA (P-256, SHA-256) over timestamp and raw body.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.parser import HeaderParser
from typing import Any

from crmkit import ConfigError
from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.message_ids import found
from crmkit.contracts.reading import form, instant, posted, rows, text
from crmkit.contracts.signatures import fresh, header, refuse
from crmkit_esp.bounces import dead, enhanced
from crmkit_esp.inbound import answered
from crmkit_esp.mail import KEY
from crmkit_esp.settings import SendGridConfig

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

_EVENTS = {
    "processed": "sent",
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "dropped": "failed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}


def read(
    config: SendGridConfig, headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[Sequence[Delivery], Response]:
    """Check a call and read it.

    Raises:
        SignatureInvalid: it is not SendGrid's, too old, or was changed.
        InvalidValueError: the body is neither a form nor JSON.
    """
    stamp = header(headers, TIMESTAMP)
    _check(config, header(headers, SIGNATURE), stamp.encode("utf-8", "surrogatepass") + body)
    fresh(stamp, now, config.tolerance)
    kind = header(headers, "Content-Type")
    if kind.lower().startswith("multipart/"):
        return _mail(form(kind, body), now), Response()
    return tuple(told for event in rows(posted(body)) for told in _event(event)), Response()


def _check(config: SendGridConfig, signature: str, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    key = _key(config.webhook_verification_key)
    try:
        key.verify(base64.b64decode(signature, validate=True), signed, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        wrong = True
    else:
        wrong = False
    if wrong:
        refuse("its signature is missing or wrong")


def _key(text_: str | None) -> Any:
    """Read the public key, as SendGrid shows it or as PEM."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    if not text_:
        refuse("the channel has no webhook_verification_key, so nothing can be checked")
    plain = "".join(line for line in text_.split() if not line.startswith("-"))
    plain = plain.replace("PUBLICKEY-----", "").replace("KEY-----", "")
    try:
        key = load_der_public_key(base64.b64decode(plain))
    except (binascii.Error, ValueError) as error:
        why = "webhook_verification_key: is no public key as SendGrid shows it"
        raise ConfigError(why, key="webhook_verification_key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        why = "webhook_verification_key: is a key of another kind (ECDSA is needed)"
        raise ConfigError(why, key="webhook_verification_key")
    return key


def _event(event: Mapping[str, Any]) -> Iterator[Delivery]:
    what = _EVENTS.get(str(event.get("event")))
    if what is None:  # deferred, group_resubscribe, and what will be invented later
        return
    code = enhanced(event.get("status"), event.get("reason"))
    blocked = event.get("type") == "blocked"  # turned away, for the sender's sake
    given = text(event.get("sg_message_id"))
    yield Delivery(
        what=what,
        message_id=text(event.get(KEY)) or found(event.get("smtp-id")),
        provider_id=given.split(".")[0] if given else None,  # as X-Message-Id had it
        at=instant(event.get("timestamp")),
        event_id=text(event.get("sg_event_id")),
        address=text(event.get("email")),
        permanent=what == "bounced" and not blocked and dead(code),
        machine=event.get("sg_machine_open") is True,
        code=code or text(event.get("status")),
        reason=str(event.get("reason") or "")[:200],
    )


def _mail(fields: Mapping[str, str], now: datetime) -> tuple[Delivery, ...]:
    head = dict(HeaderParser().parsestr(fields.get("headers", "")).items())
    return answered(head, fields.get("text", ""), sender=fields.get("from"), at=now)
