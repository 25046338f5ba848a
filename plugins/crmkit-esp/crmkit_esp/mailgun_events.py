"""What Mailgun posts: events as JSON, and mails that a route passes on as a form.

Format: Mailgun's documentation, "Webhooks" and "Receiving, forwarding and storing messages". The
signature is the hex HMAC-SHA256 of timestamp and token: it does not cover the rest of the body. So
a token that was seen is remembered with its body, and refused with any other.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import attrs

from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.message_ids import found
from crmkit.contracts.reading import form, instant, loaded, mapping, text
from crmkit.contracts.signatures import digest, fresh, header, refuse, same
from crmkit_esp.bounces import dead, enhanced
from crmkit_esp.inbound import answered
from crmkit_esp.mail import KEY
from crmkit_esp.settings import MailgunConfig

_EVENTS = {
    "accepted": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "rejected": "failed",
}
_REMEMBERED = 20_000


@attrs.define(slots=False)
class Tokens:
    """Which body each token came with; the oldest are forgotten, long after they are too old."""

    _seen: OrderedDict[str, bytes] = attrs.field(factory=OrderedDict, init=False, repr=False)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False)

    def check(self, token: str, body: bytes) -> None:
        """Refuse a token that came before with another body.

        Raises:
            SignatureInvalid: it did.
        """
        mark = hashlib.sha256(body).digest()
        with self._lock:
            if self._seen.setdefault(token, mark) != mark:
                refuse("its token was used before, for something else")
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)


@attrs.define(slots=False)
class MailgunWebhook:
    """Reads the calls of one channel."""

    config: MailgunConfig
    _tokens: Tokens = attrs.field(factory=Tokens, init=False, repr=False)

    def read(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Sequence[Delivery], Response]:
        """Check a call and read it.

        Raises:
            SignatureInvalid: it is not Mailgun's, too old, or was changed.
        """
        kind = header(headers, "Content-Type")
        if kind.lower().startswith("application/json"):
            payload = mapping(loaded(body))
            self._check(mapping(payload, "signature"), body, now)
            return tuple(_event(mapping(payload, "event-data"))), Response()
        fields = form(kind, body)
        self._check(fields, body, now)
        return _mail(fields), Response()

    def _check(self, signature: Mapping[str, Any], body: bytes, now: datetime) -> None:
        if not self.config.webhook_signing_key:
            refuse("the channel has no webhook_signing_key, so nothing can be checked")
        stamp, token = (str(signature.get(name, "")) for name in ("timestamp", "token"))
        expected = digest(self.config.webhook_signing_key.reveal(), stamp + token).hex()
        if not token or not same(str(signature.get("signature", "")), expected):
            refuse("its signature is missing or wrong")
        fresh(stamp, now, self.config.tolerance)
        self._tokens.check(token, body)


def _event(event: Mapping[str, Any]) -> Iterator[Delivery]:
    name, status = event.get("event"), mapping(event, "delivery-status")
    code = enhanced(status.get("enhanced-code"), status.get("message"), status.get("description"))
    what = _EVENTS.get(str(name))
    if name == "failed" and event.get("severity") == "permanent":
        # Addresses on Mailgun's own lists are not even tried: nothing bounced.
        tried = not str(event.get("reason", "")).startswith("suppress")
        what = "bounced" if tried else "failed"
    if what is None:  # deferred, stored, and what will be invented later
        return
    own = text(mapping(event, "message", "headers").get("message-id"))
    yield Delivery(
        what=what,
        message_id=text(mapping(event, "user-variables").get(KEY)) or found(own),
        provider_id=own.strip("<>") if own else None,
        at=instant(event.get("timestamp")),
        event_id=text(event.get("id")),
        address=text(event.get("recipient")),
        permanent=what == "bounced" and dead(code),
        machine=what in ("opened", "clicked") and bool(mapping(event, "client-info").get("bot")),
        code=code or (str(status["code"]) if "code" in status else None),
        reason=str(event.get("reason") or status.get("description") or "")[:200],
    )


def _mail(fields: Mapping[str, str]) -> tuple[Delivery, ...]:
    listed = loaded(fields.get("message-headers", "[]"))
    pairs = [one for one in listed if isinstance(one, list)] if isinstance(listed, list) else []
    head = {str(pair[0]): str(pair[1]) for pair in pairs if len(pair) == 2}  # noqa: PLR2004
    head = {**{name: value for name, value in fields.items() if "-" in name}, **head}
    return answered(
        head,
        fields.get("stripped-text") or fields.get("body-plain", ""),
        sender=fields.get("from") or fields.get("sender"),
        at=instant(fields.get("timestamp")),
        event_id=fields.get("token"),
    )
