"""What WhatsApp posts: receipts, replies, and wishes to be written to no more.

Format: Meta's webhook reference, object ``whatsapp_business_account``. A call is signed with the
app's secret over its raw body: ``X-Hub-Signature-256: sha256=<hex HMAC-SHA256>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crmkit.contracts.channel import Delivery, Response
from crmkit.contracts.reading import instant, mapping, posted, rows, text
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import digest, header, refuse, same
from crmkit_whatsapp.codes import CODES, STOPPED
from crmkit_whatsapp.settings import WhatsAppConfig

_STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "opened",
    "played": "opened",
    "failed": "failed",
}


def handshake(config: WhatsAppConfig, url: str) -> Response:
    """Answer a GET: the challenge, where the token is the one agreed on; otherwise nothing.

    Raises:
        SignatureInvalid: the token is missing or wrong.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if query.get("hub.mode") != "subscribe":
        return Response(204)
    if not same(query.get("hub.verify_token", ""), _needed(config.verify_token, "verify_token")):
        refuse("its verify_token is not the one of this channel")
    # As plain text: whoever knows the token could otherwise have a page of ours say anything.
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    return Response(200, query.get("hub.challenge", "").encode(), headers)


def read(
    config: WhatsAppConfig, headers: Mapping[str, str], body: bytes
) -> tuple[Sequence[Delivery], Response]:
    """Check a POST and read it.

    Raises:
        SignatureInvalid: the signature is missing or wrong.
        InvalidValueError: the body is no JSON.
    """
    key = _needed(config.app_secret, "app_secret")
    expected = "sha256=" + digest(key, body).hex()
    if not same(header(headers, "X-Hub-Signature-256"), expected):
        refuse("its signature is missing or wrong")
    payload = posted(body)
    found: list[Delivery] = []
    for value in _values(payload):
        if mapping(value, "metadata").get("phone_number_id", config.phone_number_id) != (
            config.phone_number_id
        ):
            continue  # an app gets what its other numbers get, too
        for status in rows(value, "statuses"):
            found += _status(status)
        for message in rows(value, "messages"):
            found += _reply(message)
        for wish in rows(value, "user_preferences"):
            found += _wish(wish)
    return tuple(found), Response()


def _needed(secret: Secret | None, name: str) -> str:
    if not secret:  # an empty one too: everybody knows that key
        refuse(f"the channel has no {name}, so nothing can be checked")
    return secret.reveal()


def _values(payload: Any) -> Iterator[Mapping[str, Any]]:
    for entry in rows(payload, "entry"):
        for change in rows(entry, "changes"):
            yield mapping(change, "value")


def _status(status: Mapping[str, Any]) -> Iterator[Delivery]:
    """Read what became of a message of ours."""
    what = _STATUSES.get(str(status.get("status")))
    if what is None:
        return
    provider_id = text(status.get("id"))
    error = next(iter(rows(status, "errors")), {})
    code = str(error["code"]) if "code" in error else None
    told = Delivery(
        what=what,
        message_id=text(status.get("biz_opaque_callback_data")),
        provider_id=provider_id,
        at=instant(status.get("timestamp")),
        event_id=f"{provider_id}:{status['status']}",
        address=_phone(status, "recipient_id"),
        code=code,
        reason=CODES.of(code).words if code else "",
    )
    yield told
    if code == STOPPED:
        yield Delivery(
            what="unsubscribed",
            message_id=told.message_id,
            provider_id=provider_id,
            at=told.at,
            event_id=f"{provider_id}:stopped",
            address=told.address,
            code=code,
        )


def _reply(message: Mapping[str, Any]) -> Iterator[Delivery]:
    """Read what a customer wrote."""
    kind = str(message.get("type", ""))
    if kind == "system" or not text(message.get("id")):  # a number was changed; nobody wrote
        return
    yield Delivery(
        what="replied",
        provider_id=text(message.get("id")),
        event_id=text(message.get("id")),
        at=instant(message.get("timestamp")),
        address=_phone(message, "from"),
        text=_words(kind, mapping(message, kind)),
    )


def _words(kind: str, part: Mapping[str, Any]) -> str:
    """Give what was written or pressed; of a picture its caption, or else what it is."""
    if kind == "interactive":
        part = mapping(part, str(part.get("type", "")))
    for name in ("body", "text", "title", "caption", "emoji"):
        found = text(part.get(name))
        if found:
            return found
    return f"[{kind or 'message'}]"


def _wish(wish: Mapping[str, Any]) -> Iterator[Delivery]:
    """Read that a customer wants no marketing, as he told WhatsApp's own settings."""
    if wish.get("category") == "marketing_messages" and wish.get("value") == "stop":
        yield Delivery(
            what="unsubscribed",
            event_id=f"{text(wish.get('wa_id'))}:stop:{wish.get('timestamp')}",
            at=instant(wish.get("timestamp")),
            address=_phone(wish, "wa_id"),
        )


def _phone(value: Mapping[str, Any], name: str) -> str | None:
    found = text(value.get(name))
    return f"+{found}" if found and found.isdigit() else found
