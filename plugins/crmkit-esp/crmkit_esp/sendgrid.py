"""SendGrid: ``POST /v3/mail/send``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

from crmkit.contracts.channel import Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.http import Http, Reply
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.signatures import header
from crmkit_esp.answers import failure, ok, send_each
from crmkit_esp.mail import KEY, Envelope, domain_of, envelope
from crmkit_esp.sendgrid_events import read
from crmkit_esp.settings import SendGridConfig
from crmkit_esp.unsubscribing import called, link


class SendGridChannel(Channel):
    """An account of SendGrid's; safe to use from several threads."""

    def __init__(self, config: SendGridConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._http = Http(allow_private=config.allow_private)
        self._url = f"{config.endpoint.rstrip('/')}/v3/mail/send"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message by a call of its own."""
        return send_each(messages, self._call, self._receipt)

    def _call(self, message: Message) -> Reply:
        head = envelope(message, domain_of(self._config.sender))
        return self._http.call(
            "POST",
            self._url,
            headers={"Authorization": f"Bearer {self._config.api_key.reveal()}"},
            json_body=self._body(message, head),
        )

    def _body(self, message: Message, head: Envelope) -> dict[str, Any]:
        name, address = parseaddr(self._config.sender)
        to: dict[str, Any] = {"to": [_person(head.name, head.address)]}
        to["custom_args"] = {KEY: message.id}
        body: dict[str, Any] = {
            "personalizations": [to],
            "from": _person(name, address),
            "subject": head.subject,
            "headers": head.headers,
        }
        if message.template is not None:
            body["template_id"] = message.template.code
            to["dynamic_template_data"] = dict(message.template.values)
            return body
        body["content"] = []
        if message.text:  # he takes no empty part
            body["content"].append({"type": "text/plain", "value": message.text})
        if message.html:
            body["content"].append({"type": "text/html", "value": message.html})
        return body

    def _receipt(self, message: Message, reply: Reply) -> Receipt:
        if reply.status == HTTPStatus.ACCEPTED:
            return Receipt.accepted(message, header(reply.headers, "X-Message-Id") or None)
        if ok(reply):
            return Receipt.unknown(message, "the answer is not SendGrid's word for taken (202)")
        errors = rows(mapping(reply.json()).get("errors"))
        fields = [str(error.get("field", "")) for error in errors]
        if reply.status == 400 and any(  # noqa: PLR2004 - what he objects to in the message
            field.startswith("personalizations") and ".to" in field for field in fields
        ):
            return Receipt.refused(message, "address: SendGrid takes no such address", code="400")
        return failure(message, reply, self.clock)

    def unsubscribe_url(self, message_id: str) -> str | None:
        """Give the signed link of a message; None without ``unsubscribe_url``."""
        return link(self._config, message_id)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read events, a mail of the Inbound Parse webhook, or a call of an unsubscribe link.

        SendGrid must be set to sign both.

        Raises:
            SignatureInvalid: the signature is missing, wrong or too old.
        """
        unsubscribed = called(self._config, method, url, self.clock())
        if unsubscribed is not None:
            return unsubscribed
        if method.upper() != "POST":
            return (), Response(204)
        return read(self._config, headers, body, self.clock())

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def _person(name: str, address: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}
