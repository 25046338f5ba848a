"""Amazon SES: ``POST /v2/email/outbound-emails`` (API v2, SendEmail)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from crmkit.contracts.channel import Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.http import Http, Reply
from crmkit.contracts.reading import mapping, text
from crmkit.contracts.signatures import header
from crmkit_esp.answers import failure, ok, send_each
from crmkit_esp.mail import KEY, Envelope, ascii_sender, domain_of, envelope
from crmkit_esp.ses_events import deliveries
from crmkit_esp.settings import SesConfig
from crmkit_esp.sigv4 import Signer
from crmkit_esp.sns import NOTIFICATION, Sns
from crmkit_esp.unsubscribing import called, link

_TAG = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
_LATER = ("TooManyRequestsException", "LimitExceededException", "Throttling")


class SesChannel(Channel):
    """An account of SES in one region; safe to use from several threads."""

    def __init__(self, config: SesConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._http = Http(allow_private=config.allow_private)
        base = config.endpoint.rstrip("/") or f"https://email.{config.region}.amazonaws.com"
        self._url = f"{base}/v2/email/outbound-emails"
        self._signer = Signer(
            service="ses",
            region=config.region,
            access_key_id=config.access_key_id,
            secret_access_key=config.secret_access_key,
            session_token=config.session_token,
        )
        self._aws = Http()  # what is believed comes from the public net, wherever SES may be
        self.sns = Sns(
            topics=config.topics,
            tolerance=config.tolerance,
            confirm=config.confirm,
            get=lambda url: self._aws.call("GET", url),
        )

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message by a call of its own."""
        return send_each(messages, self._call, self._receipt)

    def _call(self, message: Message) -> Reply:
        head = envelope(message, domain_of(self._config.sender))
        body = json.dumps(self._body(message, head)).encode()
        now = self.clock().astimezone(UTC)
        return self._http.call(
            "POST", self._url, headers=self._signer.headers(self._url, body, now), body=body
        )

    def _body(self, message: Message, head: Envelope) -> dict[str, Any]:
        # SES gives every message a Message-ID of its own.
        extra = {name: value for name, value in head.headers.items() if name != "Message-ID"}
        extra["X-Crmkit-Id"] = message.id
        headers = [{"Name": name, "Value": value} for name, value in extra.items()]
        body: dict[str, Any] = {
            "FromEmailAddress": ascii_sender(self._config.sender),
            "Destination": {"ToAddresses": [head.to]},
            "Content": _content(message, head, headers),
        }
        if _TAG.fullmatch(message.id):
            body["EmailTags"] = [{"Name": KEY, "Value": message.id}]
        if self._config.configuration_set:
            body["ConfigurationSetName"] = self._config.configuration_set
        return body

    def _receipt(self, message: Message, reply: Reply) -> Receipt:
        answer = mapping(reply.json())
        if ok(reply):
            given = text(answer.get("MessageId"))
            if given is None:
                return Receipt.unknown(message, "SES answered without an id")
            return Receipt.accepted(message, given)
        kind = header(reply.headers, "x-amzn-errortype") or str(answer.get("__type", ""))
        code = re.split(r"[:#]", kind.split("#")[-1])[0]
        if code.startswith(_LATER):
            after = reply.after(self.clock)
            return Receipt.retry(message, "SES takes no more for now", after=after, code=code)
        if code == "MessageRejected" and "not verified" not in str(answer.get("message", "")):
            return Receipt.refused(message, "content: SES takes no such message", code=code)
        return failure(message, reply, self.clock)

    def unsubscribe_url(self, message_id: str) -> str | None:
        """Give the signed link of a message; None without ``unsubscribe_url``."""
        return link(self._config, message_id)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read what an SNS topic posts, or a call of an unsubscribe link.

        A topic posts events, mails that came in, and its first greeting.

        Raises:
            SignatureInvalid: it is of another topic, or its signature is missing, wrong or too old.
        """
        unsubscribed = called(self._config, method, url, self.clock())
        if unsubscribed is not None:
            return unsubscribed
        del headers  # what is signed stands in the body
        if method.upper() != "POST":
            return (), Response(204)
        posted = self.sns.read(body, self.clock())
        if posted["Type"] == NOTIFICATION:
            return deliveries(posted), Response()
        return (), self.sns.greet(posted)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
        self._aws.close()


def _content(message: Message, head: Envelope, headers: list[dict[str, str]]) -> dict[str, Any]:
    if message.template is not None:
        values = json.dumps(dict(message.template.values), ensure_ascii=False)
        name = message.template.code
        return {
            "Template": {"TemplateName": name, "TemplateData": values, "Headers": headers},
        }
    body = {"Text": _data(message.text)} if message.text else {}
    if message.html:
        body["Html"] = _data(message.html)
    return {"Simple": {"Subject": _data(head.subject), "Body": body, "Headers": headers}}


def _data(value: str) -> dict[str, str]:
    return {"Data": value, "Charset": "UTF-8"}
