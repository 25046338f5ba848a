"""``webhook``: hands messages to a service of the host's own, signed by Standard Webhooks.

Each message is one POST of JSON: every field of `Message`, with ``type`` (``message.send``) and
``timestamp``. Its ``webhook-id`` is the message's id at every try, and the receiver must drop one
that he has: so a message whose fate is unknown may go again (capability ``resend``).

=================  ==================================================================
answer             meaning
=================  ==================================================================
2xx                accepted; ``id`` of a JSON body is the provider's id. A body that
                   says ``{"error": ...}`` or ``{"ok": false}`` refuses this person
400 409 413 422    refused: this message, now and later
408 425 429 503    retry, after ``Retry-After``
500 502 504 ...    unknown: it may have been taken before it failed
3xx 4xx            misconfigured: moved, forbidden, not there, switched off (410)
=================  ==================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.channels.receipts import deliveries
from crmkit.channels.standard_webhooks import keys, sign, verify
from crmkit.contracts.answers import failed
from crmkit.contracts.channel import (
    ACCEPTED,
    MISCONFIGURED,
    REFUSED,
    RETRY,
    UNKNOWN,
    Channel,
    Delivery,
    Message,
    Receipt,
    Response,
)
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit.contracts.settings import Secret

_THIS_MESSAGE = frozenset({400, 409, 413, 422})
_LATER = frozenset({408, 425, 429, 503})
_WEB = re.compile(r"https?://[^\s/]\S*")
_LONGEST = 200  # characters of an answer that are kept


@attrs.frozen(kw_only=True)
class WebhookSettings:
    """Settings of a ``webhook`` channel.

    Attributes:
        endpoint: Where messages are posted to.
        secret: ``whsec_...``, that both sides know; several, in a list or between blanks, while
            one takes the place of another.
        allow_private: Whether `endpoint` may be in the own network.
        timeout: Seconds to wait for the answer, more than 0.
    """

    endpoint: str
    secret: Secret | tuple[Secret, ...]
    allow_private: bool = False
    timeout: float = attrs.field(default=30.0, validator=attrs.validators.gt(0))

    def __attrs_post_init__(self) -> None:
        if not _WEB.fullmatch(self.endpoint):  # not shown: a URL may hold a password
            raise ValueError("'endpoint' must be a URL that begins with https:// or http://")
        self.keys()

    def keys(self) -> tuple[bytes, ...]:
        """Give the secrets' bytes."""
        given = self.secret if isinstance(self.secret, tuple) else (self.secret,)
        return keys([secret.reveal() for secret in given])


class WebhookChannel(Channel):
    """Posts messages to one endpoint, and reads the receipts and replies it posts back."""

    def __init__(self, config: WebhookSettings) -> None:
        """Take the settings; nothing is connected before the first message."""
        self._endpoint = config.endpoint
        self._keys = config.keys()
        self._http = Http(allow_private=config.allow_private, timeout=config.timeout)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Post each message; after an answer that concerns them all, the rest are not tried."""
        receipts: list[Receipt] = []
        for message in messages:
            receipts.append(self._post(message))
            rest = _rest(receipts[-1])
            if rest is not None:
                left = messages[len(receipts) :]
                return [*receipts, *(attrs.evolve(rest, message_id=one.id) for one in left)]
        return receipts

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read receipts and replies; see `crmkit.channels.receipts` for their form.

        Raises:
            SignatureInvalid: the signature is missing, wrong or older than five minutes.
            InvalidValueError: the body is no JSON.
        """
        del url
        if method.upper() != "POST":
            return (), Response(405, headers={"Allow": "POST"})
        name = verify(self._keys, headers, body, self.clock())
        found, objections = deliveries(body, name)
        if objections:
            answer = json.dumps({"error": objections}, ensure_ascii=False).encode()
            return found, Response(400, answer, {"Content-Type": "application/json"})
        return found, Response(204)

    def close(self) -> None:
        """Close the connections of this thread."""
        self._http.close()

    def _post(self, message: Message) -> Receipt:
        now = self.clock()
        if not (message.id.isascii() and message.id.isprintable() and " " not in message.id):
            return Receipt.refused(message, f"its id {message.id!r} cannot stand in a header")
        content = {"type": "message.send", "timestamp": now.isoformat(), **message.to_dict()}
        body = _encoded(content)
        headers = {"Content-Type": "application/json", **sign(self._keys, message.id, now, body)}
        try:
            reply = self._http.call("POST", self._endpoint, headers=headers, body=body)
        except (NotSent, Unclear) as error:
            return failed(message, error)
        return self._read(message, reply)

    def _read(self, message: Message, reply: Reply) -> Receipt:
        """Say what an answer means; the module's table has it in words."""
        answer = reply.json() if reply.body else {}
        found = answer if isinstance(answer, dict) else {}
        outcome = _outcome(reply.status, found)
        if outcome == ACCEPTED:
            return Receipt.accepted(message, _plain(found.get("id")))
        why = _plain(found.get("error")) or reply.body.decode("utf-8", "replace")
        return Receipt(
            message_id=message.id,
            outcome=outcome,
            code=str(reply.status),
            reason=f"HTTP {reply.status} {_HINTS.get(reply.status, '')}{why.strip()[:_LONGEST]}",
            after=reply.after(self.clock) if outcome == RETRY else None,
        )


_HINTS = {
    301: "moved; redirects are not followed ",
    302: "moved; redirects are not followed ",
    307: "moved; redirects are not followed ",
    308: "moved; redirects are not followed ",
    410: "the receiver has switched this endpoint off ",
}


def _outcome(status: int, answer: Mapping[str, Any]) -> str:
    if 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
        failed = answer.get("error") or answer.get("ok") is False or answer.get("success") is False
        return REFUSED if failed else ACCEPTED
    if status in _THIS_MESSAGE:
        return REFUSED
    if status in _LATER:
        return RETRY
    return UNKNOWN if status >= 500 else MISCONFIGURED  # noqa: PLR2004 - HTTP's class 5xx


def _rest(receipt: Receipt) -> Receipt | None:
    """Say what becomes of the messages after this one, where its answer concerns them, too.

    Otherwise a receiver that hangs would hold a batch of messages for as many timeouts.
    """
    if receipt.outcome in (MISCONFIGURED, RETRY):
        return receipt
    if receipt.outcome == UNKNOWN and receipt.code is None:
        return attrs.evolve(receipt, outcome=RETRY, reason="not tried: the one before hung")
    return None


def _encoded(content: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, which only an escape can hold
        return json.dumps(content).encode()


def _plain(value: object) -> str | None:
    """Give a text or number of an answer as text; None where it is neither."""
    if isinstance(value, dict):
        value = value.get("message") or value.get("code")
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
