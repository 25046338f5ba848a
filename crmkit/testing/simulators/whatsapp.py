"""WhatsApp's Cloud API: takes messages, knows windows and templates, and signs what it posts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from crmkit.contracts.signatures import digest
from crmkit.testing.simulators.base import Answer, Call, Simulator


class WhatsApp(Simulator):
    """One number of the Cloud API.

    Attributes:
        sent: Bodies of the messages it took, in order.
        wrote: Numbers (without plus) that wrote within 24 hours: they take free text.
        templates: How many parameters each approved template has, by name and language.
        refuses: Error code by number, for recipients that it does not take.
    """

    phone_number_id = "106540352242922"
    access_token = "EAAG-simulated"  # noqa: S105 - opens nothing
    app_secret = "app-secret"  # noqa: S105 - signs nothing real
    verify_token = "agreed-word"  # noqa: S105 - as above

    def __init__(self) -> None:
        """Know no template and no customer."""
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.wrote: set[str] = set()
        self.templates: dict[tuple[str, str], int] = {}
        self.refuses: dict[str, int] = {}

    def answer(self, call: Call) -> Answer:
        """Take a message, or say why not, as the Cloud API does."""
        if call.headers.get("authorization") != f"Bearer {self.access_token}":
            return _error(190, 401, "Invalid OAuth access token")
        if call.method != "POST" or not call.path.endswith(f"/{self.phone_number_id}/messages"):
            return _error(100, 400, "Unsupported request")
        body = call.json()
        code = self.refuses.get(body["to"]) or self._objection(body)
        if code:
            return _error(code, 400, "refused")
        self.sent.append(body)
        taken = {"id": f"wamid.{len(self.sent)}", "message_status": "accepted"}
        contacts = [{"input": body["to"], "wa_id": body["to"]}]
        return Answer({"messaging_product": "whatsapp", "contacts": contacts, "messages": [taken]})

    def _objection(self, body: dict[str, Any]) -> int | None:
        if body["type"] == "text":
            return None if body["to"] in self.wrote else 131047
        template = body["template"]
        wanted = self.templates.get((template["name"], template["language"]["code"]))
        if wanted is None:
            return 132001
        given = sum(len(part["parameters"]) for part in template.get("components", ()))
        return None if given == wanted else 132000

    def status(self, provider_id: str, status: str, at: int, **more: Any) -> dict[str, Any]:
        """Make a receipt; `at` in seconds since 1970, `more` such as ``errors=[{"code": ...}]``."""
        sent = self.sent[int(provider_id.rpartition(".")[2]) - 1]
        return {
            "id": provider_id,
            "status": status,
            "timestamp": str(at),
            "recipient_id": sent["to"],
            "biz_opaque_callback_data": sent["biz_opaque_callback_data"],
            **more,
        }

    def posted(
        self,
        statuses: Iterable[dict[str, Any]] = (),
        messages: Iterable[dict[str, Any]] = (),
        **more: Any,
    ) -> tuple[dict[str, str], bytes]:
        """Make a webhook call: its headers, signed, and its body."""
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.phone_number_id},
            "statuses": list(statuses),
            "messages": list(messages),
            **more,
        }
        change = {"field": "messages", "value": value}
        entry = {"id": "102290129340398", "changes": [change]}
        return self.signed({"object": "whatsapp_business_account", "entry": [entry]})

    def signed(self, payload: Any) -> tuple[dict[str, str], bytes]:
        """Sign any payload as Meta does; bytes stay as they are."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        mark = "sha256=" + digest(self.app_secret, body).hex()
        return {"Content-Type": "application/json", "X-Hub-Signature-256": mark}, body


def _error(code: int, status: int, message: str) -> Answer:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code}
    return Answer({"error": error}, status)
