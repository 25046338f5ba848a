"""The channel ``twilio-sms``."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from crmkit.contracts.answers import failed, plain
from crmkit.contracts.channel import Channel, Delivery, Message, Receipt, Response
from crmkit.contracts.http import Http, NotSent, Unclear
from crmkit.contracts.reading import clean, mapping
from crmkit.contracts.signatures import header
from crmkit_sms.contents import Ready, addressed
from crmkit_sms.lanes import Lanes
from crmkit_sms.pushes import NOT_POSTED, entries
from crmkit_sms.settings import TwilioSettings
from crmkit_sms.twilio.codes import CODES
from crmkit_sms.twilio.receipts import deliveries
from crmkit_sms.twilio.signing import check

OURS = "crmkit_message"
"""Name of our id in the address that receipts are pushed to. A receipt may be faster than the
answer to the call that sent the message, and it is all there is where that answer was lost."""

_XML = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
_HEARD = Response(200, _XML, {"Content-Type": "text/xml"})


class TwilioSms(Channel):
    """Sends texts or content templates; Twilio's id of a message is its ``sid``."""

    def __init__(self, settings: TwilioSettings) -> None:
        """Take the settings; nothing is called before it is used."""
        self._settings = settings
        self._http = Http(allow_private=settings.allow_private)
        self._lanes = Lanes(settings.connections)
        account = quote(settings.account_sid, safe="")
        self._url = f"{settings.endpoint.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Hand messages over, one call each."""
        return self._lanes.each(self._send, messages)

    def receive(
        self, headers: Mapping[str, str], body: bytes, *, method: str = "POST", url: str = ""
    ) -> tuple[Sequence[Delivery], Response]:
        """Read a status callback or an incoming message.

        Args:
            headers: Headers of the call.
            body: A form, or JSON.
            method: ``POST``.
            url: The whole address as Twilio called it; without scheme and host it is taken to lie
                where ``status_callback`` does.

        Raises:
            SignatureInvalid: Twilio did not sign it, or not for this address.
            InvalidValueError: the body is neither a form nor JSON.
        """
        called = self._absolute(url)
        form = None if "json" in header(headers, "Content-Type").lower() else _form(body)
        given = header(headers, "X-Twilio-Signature")
        check(self._settings.auth_token.reveal(), called, given, body, form)
        if method.upper() != "POST":
            return (), NOT_POSTED
        found = entries(body) if form is None else [dict(form)]
        ours = parse_qs(urlsplit(called).query).get(OURS, [None])[0]
        return [one for some in found for one in deliveries(_texts(some), ours)], _HEARD

    def close(self) -> None:
        """Give all connections back."""
        self._lanes.close()
        self._http.close()

    def _send(self, message: Message) -> Receipt:
        ready = addressed(message)
        if isinstance(ready, Receipt):
            return ready
        login = f"{self._settings.account_sid}:{self._settings.auth_token.reveal()}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        written = urlencode(self._parameters(ready))
        try:
            reply = self._http.call("POST", self._url, headers=headers, body=written)
        except (NotSent, Unclear) as error:
            return failed(message, error)
        answer = mapping(reply.json())
        code = str(answer.get("code") or answer.get("error_code") or "")
        if code:
            why = answer.get("message") or answer.get("error_message")
            return CODES.error(message, code, why, reply, self.clock)
        if reply.status in (HTTPStatus.OK, HTTPStatus.CREATED) and answer.get("sid"):
            return Receipt.accepted(message, str(answer["sid"]))
        return plain(message, reply, self.clock)

    def _parameters(self, ready: Ready) -> dict[str, str]:
        """Write a message as Twilio wants it (twilio.com/docs/messaging/api/message-resource)."""
        settings, template = self._settings, ready.template
        written = {"To": ready.number.e164}
        if settings.messaging_service_sid:
            written["MessagingServiceSid"] = settings.messaging_service_sid
        else:
            written["From"] = settings.sender
        if template is None:
            written["Body"] = ready.message.text
        else:
            written["ContentSid"] = template.code
            if template.values:
                written["ContentVariables"] = json.dumps(dict(template.values), ensure_ascii=False)
        if settings.status_callback:
            joint = "&" if urlsplit(settings.status_callback).query else "?"
            own = urlencode({OURS: ready.message.id})
            written["StatusCallback"] = f"{settings.status_callback}{joint}{own}"
        return written

    def _absolute(self, url: str) -> str:
        if "://" in url.partition("?")[0] or not self._settings.status_callback:
            return url
        base = urlsplit(self._settings.status_callback)
        return f"{base.scheme}://{base.netloc}{url}" if url else base.geturl()


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _texts(found: Mapping[str, object]) -> dict[str, str]:
    return {name: clean(str(value)) for name, value in found.items() if value is not None}
