"""Tencent Cloud's text messages: ``SendSms``, its callbacks, and what is fetched.

TC3-HMAC-SHA256 is checked as Tencent does, with an instant within 5 minutes. Within one HTTP 200
each number has a code of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import attrs

from crmkit.testing.simulators.base import Answer, Call, Simulator

_SKEW = 300
_MOST = 200
_AT_ONCE = 100
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/([0-9-]{10})/sms/tc3_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CHINA = timedelta(hours=8)


@attrs.frozen(kw_only=True)
class Text:
    """A message that was taken.

    Attributes:
        serial: Tencent's id of it, ``SerialNo``.
        session: What the sender gave along, ``SessionContext``.
        number: Whom it goes to, in E.164.
        sign: Name it is signed with.
        template: Id of the template.
        values: What is filled in, in order.
    """

    serial: str
    session: str
    number: str
    sign: str
    template: str
    values: tuple[str, ...]


class TencentSimulator(Simulator):
    """Takes messages for one API key.

    Attributes:
        taken: What it took.
        refusals: Code that a number is refused with, by number in E.164.
        reports: Receipts that wait to be fetched; each is given once.
        replies: Answers of people that wait to be fetched; each is given once.
        now: Its clock.
    """

    def __init__(
        self,
        secret_id: str = "AKID-simulated",  # noqa: S107 - opens nothing
        secret_key: str = "simulated-secret",  # noqa: S107 - opens nothing
    ) -> None:
        """Know one key."""
        super().__init__()
        self._id, self._key = secret_id, secret_key
        self.taken: list[Text] = []
        self.refusals: dict[str, str] = {}
        self.reports: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._numbers = count(1)

    def answer(self, call: Call) -> Answer:
        """Carry out ``SendSms``, ``PullSmsSendStatus`` or ``PullSmsReplyStatus``."""
        refused = self._refused(call)
        if refused:
            return error(refused)
        given = call.json()
        match call.headers.get("x-tc-action"):
            case "SendSms":
                return self._send(given)
            case "PullSmsSendStatus":
                return _ok(PullSmsSendStatusSet=_next(self.reports, given))
            case "PullSmsReplyStatus":
                return _ok(PullSmsReplyStatusSet=_next(self.replies, given))
            case _:
                return error("InvalidAction")

    def report(self, texts: Iterable[Text], code: str = "DELIVRD") -> bytes:
        """Give the body of a callback about messages, in the order they are given.

        The same lies ready to be fetched.
        """
        pushed = []
        for text in texts:
            status = "SUCCESS" if code == "DELIVRD" else "FAIL"
            country, number = text.number[1:3], text.number[3:]
            pushed.append(
                {
                    "user_receive_time": f"{self.now().astimezone(UTC) + _CHINA:%Y-%m-%d %H:%M:%S}",
                    "nationcode": country,
                    "mobile": number,
                    "report_status": status,
                    "errmsg": code,
                    "description": code,
                    "sid": text.serial,
                }
            )
            fetched = {
                "UserReceiveTime": int(self.now().timestamp()),
                "CountryCode": country,
                "SubscriberNumber": number,
                "PhoneNumber": text.number,
                "SerialNo": text.serial,
                "ReportStatus": status,
                "Description": code,
                "SessionContext": text.session,
            }
            self.reports.append(fetched)
        return json.dumps(pushed, ensure_ascii=False).encode()

    def reply(self, number: str, content: str) -> bytes:
        """Give the body of a callback about what somebody answered; it may be fetched, too.

        Args:
            number: Whose, of China's mainland, in E.164.
            content: What was written.
        """
        at = int(self.now().timestamp())
        self.replies.append(
            {
                "ExtendCode": "",
                "CountryCode": number[1:3],
                "SubscriberNumber": number[3:],
                "PhoneNumber": number,
                "SignName": "",
                "ReplyContent": content,
                "ReplyTime": at,
            }
        )
        pushed = {
            "extend": "",
            "mobile": number[3:],
            "nationcode": number[1:3],
            "sign": "",
            "text": content,
            "time": at,
        }
        return json.dumps(pushed, ensure_ascii=False).encode()

    def _refused(self, call: Call) -> str:
        found = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
        if not found:
            return "AuthFailure.SignatureFailure"
        key_id, day, names, given = found.groups()
        if key_id != self._id:
            return "AuthFailure.SecretIdNotFound"
        if names.split(";")[:2] != ["content-type", "host"]:
            return "AuthFailure.SignatureFailure"
        stamp = call.headers.get("x-tc-timestamp", "0")
        if abs(self.now().timestamp() - int(stamp)) > _SKEW:
            return "AuthFailure.SignatureExpire"
        lines = "".join(f"{name}:{call.headers[name]}\n" for name in names.split(";"))
        hashed = hashlib.sha256(call.body).hexdigest()
        canonical = f"{call.method}\n{call.path}\n\n{lines}\n{names}\n{hashed}"
        text = "\n".join(
            [
                "TC3-HMAC-SHA256",
                stamp,
                f"{day}/sms/tc3_request",
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        key = f"TC3{self._key}".encode()
        for part in (day, "sms", "tc3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return "" if hmac.compare_digest(given, expected) else "AuthFailure.SignatureFailure"

    def _send(self, given: Mapping[str, Any]) -> Answer:
        numbers = given.get("PhoneNumberSet") or []
        if not numbers:
            return error("MissingParameter.EmptyPhoneNumberSet")
        if len(numbers) > _MOST:
            return error("LimitExceeded.PhoneNumberCountLimit")
        if len({number.startswith("+86") for number in numbers}) > 1:
            return error("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber")
        if not given.get("TemplateId"):
            return error("MissingParameter")
        return _ok(SendStatusSet=[self._take(number, given) for number in numbers])

    def _take(self, number: str, given: Mapping[str, Any]) -> dict[str, Any]:
        code = self.refusals.get(number, "")
        if not _NUMBER.fullmatch(number):
            code = "InvalidParameterValue.IncorrectPhoneNumber"
        session = given.get("SessionContext") or ""
        status = {"PhoneNumber": number, "SessionContext": session, "IsoCode": "CN"}
        if code:
            return {**status, "SerialNo": "", "Fee": 0, "Code": code, "Message": code}
        serial = f"5000:{next(self._numbers):016d}"
        self.taken.append(
            Text(
                serial=serial,
                session=session,
                number=number,
                sign=given.get("SignName") or "",
                template=given["TemplateId"],
                values=tuple(given.get("TemplateParamSet") or ()),
            )
        )
        return {**status, "SerialNo": serial, "Fee": 1, "Code": "Ok", "Message": "send success"}


def error(code: str, message: str = "") -> Answer:
    """Make the answer to a call that is refused as a whole; it comes with HTTP 200."""
    body = {"Error": {"Code": code, "Message": message or code}, "RequestId": "simulated"}
    return Answer({"Response": body}, 200, {"Content-Type": "application/json"})


def _ok(**more: Any) -> Answer:
    body = {"Response": {**more, "RequestId": "simulated"}}
    return Answer(body, 200, {"Content-Type": "application/json"})


def _next(waiting: list[dict[str, Any]], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    most = min(int(given.get("Limit") or 0), _AT_ONCE)
    some, waiting[:] = waiting[:most], waiting[most:]
    return some
