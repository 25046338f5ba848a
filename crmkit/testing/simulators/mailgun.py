"""Mailgun: takes messages, tells of them, and signs what it posts."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from itertools import count
from typing import Any
from urllib.parse import urlencode

from crmkit.contracts.signatures import digest
from crmkit.testing.simulators.base import Answer, Call, Simulator


class Mailgun(Simulator):
    """One sending domain of Mailgun's.

    Attributes:
        sent: The forms of the messages it took, in order.
        refuses: Addresses that it does not take.
    """

    domain = "mg.shop.example"
    api_key = "key-simulated"
    webhook_signing_key = "signing-key"

    def __init__(self) -> None:
        """Take everybody's mail."""
        super().__init__()
        self.sent: list[dict[str, str]] = []
        self.refuses: set[str] = set()
        self._tokens = count()

    def answer(self, call: Call) -> Answer:
        """Take a message, or tell of one."""
        login = base64.b64encode(f"api:{self.api_key}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {login}":
            return Answer(b"Forbidden", 401)
        if call.path == f"/v3/{self.domain}/events":
            wanted = f"<{call.query['message-id']}>"
            taken = [form for form in self.sent if form["h:Message-ID"] == wanted]
            return Answer({"items": [{"event": "accepted"} for _ in taken]})
        if call.method != "POST" or call.path != f"/v3/{self.domain}/messages":
            return Answer({"message": "Domain not found"}, 404)
        form = call.form()
        if any(address in form["to"] for address in self.refuses):
            return Answer({"message": "'to' parameter is not a valid address."}, 400)
        self.sent.append(form)
        return Answer({"id": form["h:Message-ID"], "message": "Queued. Thank you."})

    def event(self, event: str, at: float, **more: Any) -> dict[str, Any]:
        """Make an event of the last message; `at` in seconds since 1970."""
        form = self.sent[-1]
        return {
            "event": event,
            "id": f"event-{next(self._tokens)}",
            "timestamp": at,
            "recipient": form["to"],
            "user-variables": {"crmkit_id": form["v:crmkit_id"]},
            "message": {"headers": {"message-id": form["h:Message-ID"].strip("<>")}},
            **more,
        }

    def posted(self, event: Mapping[str, Any], at: float) -> tuple[dict[str, str], bytes]:
        """Make a webhook call at an instant: its headers, and its body, which is signed."""
        body = {"signature": self.signature(at), "event-data": dict(event)}
        return {"Content-Type": "application/json"}, json.dumps(body).encode()

    def routed(self, mail: Mapping[str, str], at: float) -> tuple[dict[str, str], bytes]:
        """Make the call by which a route passes a mail on."""
        body = urlencode({**mail, **self.signature(at)}).encode()
        return {"Content-Type": "application/x-www-form-urlencoded"}, body

    def signature(self, at: float) -> dict[str, str]:
        """Sign a fresh token."""
        stamp, token = str(int(at)), f"{next(self._tokens):050x}"
        mark = digest(self.webhook_signing_key, stamp + token).hex()
        return {"timestamp": stamp, "token": token, "signature": mark}
