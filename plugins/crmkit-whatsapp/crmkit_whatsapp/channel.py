"""The channel: messages go out one by one; `crmkit_whatsapp.webhook` reads what comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from crmkit.contracts.answers import failed, plain
from crmkit.contracts.channel import Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit.contracts.reading import mapping, rows, text
from crmkit_whatsapp.codes import CODES
from crmkit_whatsapp.compose import Unsendable, compose
from crmkit_whatsapp.settings import WhatsAppConfig
from crmkit_whatsapp.webhook import handshake, read


class WhatsAppChannel(Channel):
    """A sending number of the Cloud API; safe to use from several threads."""

    def __init__(self, config: WhatsAppConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._http = Http(allow_private=config.allow_private)
        base = config.endpoint.rstrip("/")
        self._url = f"{base}/{config.version}/{config.phone_number_id}/messages"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message by a call of its own."""
        return [self._send(message) for message in messages]

    def _send(self, message: Message) -> Receipt:
        try:
            body = compose(message, self._config.language)
        except Unsendable as error:
            return Receipt.refused(message, str(error), code=error.code)
        token = {"Authorization": f"Bearer {self._config.access_token.reveal()}"}
        try:
            reply = self._http.call("POST", self._url, headers=token, json_body=body)
        except (NotSent, Unclear) as error:
            return failed(message, error)
        return self._receipt(message, reply)

    def _receipt(self, message: Message, reply: Reply) -> Receipt:
        """Read an answer; an error counts whatever the HTTP status beside it."""
        answer = reply.json()
        code = mapping(answer, "error").get("code")
        if code is not None:
            return CODES.error(message, str(code), reply=reply, clock=self.clock)
        sent = next(iter(rows(answer, "messages")), {})
        known = text(sent.get("id"))
        if reply.status == HTTPStatus.OK and known and not mapping(answer).get("error"):
            return Receipt.accepted(message, known)
        return plain(message, reply, self.clock)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read a webhook call, or answer the challenge by which Meta checks the address.

        Meta repeats a call for days with its first signature, so its age tells nothing; whatever
        comes twice has the same `event_id`.

        Raises:
            SignatureInvalid: the signature, or the challenge's token, is missing or wrong.
        """
        if method.upper() != "POST":
            return (), handshake(self._config, url)
        return read(self._config, headers, body)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
