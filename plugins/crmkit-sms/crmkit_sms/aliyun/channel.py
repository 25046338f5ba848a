"""The channel ``aliyun-sms``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from crmkit.contracts.answers import failed, plain
from crmkit.contracts.channel import Channel, Delivery, Message, Poll, Receipt, Response
from crmkit.contracts.http import Http, NotSent, Unclear
from crmkit.contracts.reading import mapping, text
from crmkit_sms.aliyun.codes import CODES
from crmkit_sms.aliyun.interface import Interface
from crmkit_sms.aliyun.queues import Queues
from crmkit_sms.aliyun.receipts import deliveries
from crmkit_sms.contents import Ready, approved
from crmkit_sms.lanes import Lanes
from crmkit_sms.pushes import NOT_POSTED, check_token, entries
from crmkit_sms.settings import AliyunSettings

_HEARD = Response(200, '{"code":0,"msg":"成功"}'.encode(), {"Content-Type": "application/json"})


class AliyunSms(Channel):
    """Sends approved templates; ``OutId`` carries our id, so that receipts name it.

    Sent messages cannot be looked up by that id: ``QuerySendDetails`` wants number and day.
    """

    def __init__(self, settings: AliyunSettings) -> None:
        """Take the settings; nothing is called before it is used."""
        self._settings = settings
        self._http = Http(allow_private=settings.allow_private)
        self._interface = Interface(settings, self._http)
        self._queues = Queues(self._interface)
        self._lanes = Lanes(settings.connections)

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Hand messages over, one call each."""
        return self._lanes.each(self._send, messages)

    def poll(self, cursor: str | None) -> Poll:
        """Fetch receipts and replies from the message queues that the settings name.

        Raises:
            NotSent: the queues cannot be read now.
            Unclear: the connection broke; nothing was lost.
        """
        found, cursor = self._queues.read(cursor, self.clock())
        return Poll(deliveries(found), cursor)

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - the contract's; Aliyun says nothing in them
        body: bytes,
        *,
        method: str = "POST",
        url: str = "",
    ) -> tuple[Sequence[Delivery], Response]:
        """Read a push of ``SmsReport`` or ``SmsUp``.

        Raises:
            SignatureInvalid: the address lacks the token.
            InvalidValueError: the body is no JSON.
        """
        check_token(self._settings.receipt_token, url)
        if method.upper() != "POST":
            return (), NOT_POSTED
        return deliveries(entries(body)), _HEARD

    def close(self) -> None:
        """Give all connections back."""
        self._lanes.close()
        self._http.close()

    def _send(self, message: Message) -> Receipt:
        ready = approved(message, self._settings.sign_name)
        if isinstance(ready, Receipt):
            return ready
        if not ready.signature:
            return Receipt.misconfigured(message, "no signature: give sign, or set sign_name")
        try:
            reply = self._interface.call(
                self._settings.endpoint, "SendSms", _parameters(ready), self.clock()
            )
        except (NotSent, Unclear) as error:
            return failed(message, error)
        answer = mapping(reply.json())
        code = str(answer.get("Code") or "")
        if not code:
            return plain(message, reply, self.clock)
        if code == "OK":
            return Receipt.accepted(message, text(answer.get("BizId")))
        return CODES.error(message, code, answer.get("Message"), reply, self.clock)


def _parameters(ready: Ready) -> dict[str, str]:
    """Write a message as ``SendSms`` wants it (help.aliyun.com/document_detail/419273.html)."""
    template = ready.template
    parameters = {
        "OutId": ready.message.id,
        "PhoneNumbers": ready.number.aliyun,
        "SignName": ready.signature,
        "TemplateCode": template.code if template else "",
    }
    if template and template.values:
        values = dict(template.values)
        parameters["TemplateParam"] = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return parameters
