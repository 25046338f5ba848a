"""Mailgun: ``POST /v3/{domain}/messages``, and looking up what became of one by its Message-ID."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from crmkit.contracts.channel import ACCEPTED, Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.http import Http, Reply
from crmkit.contracts.message_ids import made
from crmkit.contracts.reading import mapping, rows, text
from crmkit_esp.answers import failure, ok, quiet, send_each
from crmkit_esp.mail import KEY, envelope
from crmkit_esp.mailgun_events import MailgunWebhook
from crmkit_esp.settings import MailgunConfig
from crmkit_esp.unsubscribing import called, link


class MailgunChannel(Channel):
    """A sending domain of Mailgun's; safe to use from several threads."""

    def __init__(self, config: MailgunConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._http = Http(allow_private=config.allow_private)
        self._url = f"{config.endpoint.rstrip('/')}/v3/{config.domain}"
        self._webhook = MailgunWebhook(config)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message by a call of its own."""
        return send_each(messages, self._call, self._receipt)

    def _call(self, message: Message) -> Reply:
        fields = urlencode(self._fields(message), errors="replace")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._http.call(
            "POST", f"{self._url}/messages", headers={**self._login(), **kind}, body=fields
        )

    def _fields(self, message: Message) -> dict[str, str]:
        head = envelope(message, self._config.domain)  # he looks up Message-IDs of his domain
        fields = {
            "from": self._config.sender,
            "to": head.to,
            "subject": head.subject,
            f"v:{KEY}": message.id,
            **{f"h:{name}": value for name, value in head.headers.items()},
        }
        if message.template is not None:
            fields["template"] = message.template.code
            fields["t:variables"] = json.dumps(dict(message.template.values), ensure_ascii=False)
        else:
            parts = {"text": message.text, "html": message.html}
            fields |= {name: value for name, value in parts.items() if value}
        return fields

    def _receipt(self, message: Message, reply: Reply) -> Receipt:
        answer = mapping(reply.json())
        given = text(answer.get("id"))
        if ok(reply):
            if given is None:
                return Receipt.unknown(message, "Mailgun answered without an id")
            return Receipt.accepted(message, given.strip("<>"))
        said = str(answer.get("message", "")).lower()
        if reply.status == 400 and "to parameter" in said.replace("'", ""):  # noqa: PLR2004
            return Receipt.refused(message, "address: Mailgun takes no such address", code="400")
        return failure(message, reply, self.clock)

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Look messages up by the Message-ID derived from our id.

        Mailgun knows of one some seconds after it was taken, and forgets it after days.
        """
        found = {}
        for message_id in message_ids:
            given = made(message_id, self._config.domain).strip("<>")
            url = f"{self._url}/events?limit=1&message-id={quote(given, safe='')}"
            reply = quiet(self._http, url, self._login())
            if reply is not None and rows(mapping(reply.json()).get("items")):
                found[message_id] = Receipt(
                    message_id=message_id, outcome=ACCEPTED, provider_id=given
                )
        return found

    def _login(self) -> dict[str, str]:
        login = base64.b64encode(f"api:{self._config.api_key.reveal()}".encode()).decode()
        return {"Authorization": f"Basic {login}"}

    def unsubscribe_url(self, message_id: str) -> str | None:
        """Give the signed link of a message; None without ``unsubscribe_url``."""
        return link(self._config, message_id)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read an event, a mail that a route passes on, or a call of an unsubscribe link.

        Raises:
            SignatureInvalid: the signature is missing, wrong, too old, or was used before for
                something else.
        """
        unsubscribed = called(self._config, method, url, self.clock())
        if unsubscribed is not None:
            return unsubscribed
        if method.upper() != "POST":
            return (), Response(204)
        return self._webhook.read(headers, body, self.clock())

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
