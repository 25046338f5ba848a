"""Twilio's text messages: the message resource, its status callbacks and incoming messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from itertools import count
from urllib.parse import urlencode

import attrs

from crmkit.testing.simulators.base import Answer, Call, Simulator

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST = 1600


@attrs.frozen(kw_only=True)
class Text:
    """A message that was taken.

    Attributes:
        sid: Twilio's id of it.
        number: Whom it goes to, in E.164.
        sender: ``From``, or the messaging service.
        body: The text; empty where a template was sent.
        template: ``ContentSid``.
        values: ``ContentVariables``.
        callback: Where its status is told; empty: nowhere.
    """

    sid: str
    number: str
    sender: str
    body: str
    template: str
    values: Mapping[str, str]
    callback: str


@attrs.frozen
class Push:
    """A call that Twilio makes.

    Attributes:
        url: Where to.
        headers: With the signature.
        body: A form.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


class TwilioSimulator(Simulator):
    """Takes messages for one account.

    Attributes:
        taken: What it took.
        refusals: Code that a number is refused with, by number.
    """

    def __init__(
        self,
        account_sid: str = "AC00000000000000000000000000000000",
        auth_token: str = "simulated-token",  # noqa: S107 - opens nothing
    ) -> None:
        """Know one account."""
        super().__init__()
        self._sid, self._token = account_sid, auth_token
        self.taken: list[Text] = []
        self.refusals: dict[str, int] = {}
        self._numbers = count(1)

    def answer(self, call: Call) -> Answer:
        """Take a message."""
        login = base64.b64encode(f"{self._sid}:{self._token}".encode()).decode()
        if not hmac.compare_digest(call.headers.get("authorization", ""), f"Basic {login}"):
            return error(20003, "Authenticate", status=401)
        if call.path != f"/2010-04-01/Accounts/{self._sid}/Messages.json":
            return error(20404, "The requested resource was not found", status=404)
        given = call.form()
        code = self._refused(given)
        if code:
            return error(code)
        text = Text(
            sid=f"SM{next(self._numbers):032x}",
            number=given["To"],
            sender=given.get("From") or given["MessagingServiceSid"],
            body=given.get("Body", ""),
            template=given.get("ContentSid", ""),
            values=json.loads(given.get("ContentVariables") or "{}"),
            callback=given.get("StatusCallback", ""),
        )
        self.taken.append(text)
        told = {
            "sid": text.sid,
            "account_sid": self._sid,
            "to": text.number,
            "from": given.get("From"),
            "messaging_service_sid": given.get("MessagingServiceSid"),
            "body": text.body,
            "status": "queued",
            "error_code": None,
            "error_message": None,
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/{self._sid}/Messages/{text.sid}.json",
        }
        return Answer(told, 201, {"Content-Type": "application/json"})

    def status(self, text: Text, status: str, code: int | None = None) -> Push:
        """Make the call that tells what became of a message.

        Args:
            text: The message.
            status: ``sent``, ``delivered``, ``undelivered``, ``failed``...
            code: Why, where it was not delivered.
        """
        fields = {
            "AccountSid": self._sid,
            "ApiVersion": "2010-04-01",
            "From": text.sender,
            "MessageSid": text.sid,
            "MessageStatus": status,
            "SmsSid": text.sid,
            "SmsStatus": status,
            "To": text.number,
        }
        if code is not None:
            fields["ErrorCode"] = str(code)
        return self.push(text.callback, fields)

    def incoming(self, url: str, number: str, body: str, **more: str) -> Push:
        """Make the call that brings what somebody wrote; `more` are further fields."""
        sid = f"SM{next(self._numbers):032x}"
        fields = {
            "AccountSid": self._sid,
            "Body": body,
            "From": number,
            "MessageSid": sid,
            "NumMedia": "0",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": "+15005550006",
            **more,
        }
        return self.push(url, fields)

    def push(self, url: str, fields: Mapping[str, str]) -> Push:
        """Sign a call and make it."""
        text = url + "".join(name + fields[name] for name in sorted(fields))
        signed = hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": base64.b64encode(signed).decode(),
        }
        return Push(url, headers, urlencode(fields).encode())

    def _refused(self, given: Mapping[str, str]) -> int:
        number = given.get("To", "")
        if number in self.refusals:
            return self.refusals[number]
        if not number:
            return 21604
        if not _NUMBER.fullmatch(number):
            return 21211
        if not (given.get("From") or given.get("MessagingServiceSid")):
            return 21603
        if not (given.get("Body") or given.get("ContentSid")):
            return 21602
        return 21617 if len(given.get("Body", "")) > _LONGEST else 0


def error(code: int, message: str = "", status: int = 400) -> Answer:
    """Make the answer to a call that is refused."""
    body = {
        "code": code,
        "message": message or f"Error {code}",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Answer(body, status, {"Content-Type": "application/json"})
