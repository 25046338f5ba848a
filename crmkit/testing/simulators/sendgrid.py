"""SendGrid: takes messages, and makes its webhooks' calls, signed with the test's own key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from crmkit.testing.simulators.base import Answer, Call, Simulator


class SendGrid(Simulator):
    """One account of SendGrid's.

    Attributes:
        sent: The bodies it took, in order.
        refuses: Addresses that it does not take.
        sign: Signs bytes by ECDSA (P-256, SHA-256, DER); the test has the key, so that the kit
            needs no library for it.
    """

    api_key = "SG.simulated"

    def __init__(self, sign: Callable[[bytes], bytes] = lambda _: b"unsigned") -> None:
        """Take everybody's mail."""
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.refuses: set[str] = set()
        self.sign = sign
        self._numbers = count()

    def answer(self, call: Call) -> Answer:
        """Take a message, or say why not."""
        if call.headers.get("authorization") != f"Bearer {self.api_key}":
            message = "The provided authorization grant is invalid"
            return Answer({"errors": [{"message": message, "field": None}]}, 401)
        if (call.method, call.path) != ("POST", "/v3/mail/send"):
            return Answer({"errors": [{"message": "not found"}]}, 404)
        body = call.json()
        if body["personalizations"][0]["to"][0]["email"] in self.refuses:
            field = "personalizations.0.to.0.email"
            error = {"message": "Does not contain a valid address.", "field": field}
            return Answer({"errors": [error]}, 400)
        self.sent.append(body)
        return Answer(b"", 202, {"X-Message-Id": f"sg{len(self.sent)}"})

    def event(self, event: str, at: int, **more: Any) -> dict[str, Any]:
        """Make an event of the last message; `at` in seconds since 1970."""
        (to,) = self.sent[-1]["personalizations"]
        return {
            "event": event,
            "email": to["to"][0]["email"],
            "timestamp": at,
            "sg_event_id": f"event-{next(self._numbers)}",
            "sg_message_id": f"sg{len(self.sent)}.recvd-5d4c-1-60-0.0",
            **to["custom_args"],
            **more,
        }

    def posted(self, events: Iterable[Mapping[str, Any]], at: int) -> tuple[dict[str, str], bytes]:
        """Make a call of the event webhook."""
        return self.signed(json.dumps(list(events)).encode(), at, "application/json")

    def parsed(self, mail: Mapping[str, str], at: int) -> tuple[dict[str, str], bytes]:
        """Make a call of the Inbound Parse webhook."""
        parts = [
            f'--xYz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in mail.items()
        ]
        body = "".join([*parts, "--xYz--\r\n"]).encode()
        return self.signed(body, at, "multipart/form-data; boundary=xYz")

    def signed(self, body: bytes, at: int, kind: str) -> tuple[dict[str, str], bytes]:
        """Sign any body as SendGrid does."""
        mark = base64.b64encode(self.sign(str(at).encode() + body)).decode()
        return {
            "Content-Type": kind,
            "X-Twilio-Email-Event-Webhook-Timestamp": str(at),
            "X-Twilio-Email-Event-Webhook-Signature": mark,
        }, body
