"""Aliyun's text messages: ``SendSms``, its pushes, and the queues that receipts are fetched from.

What is checked, and in which words it is refused, is as Aliyun does it: ACS3-HMAC-SHA256 over the
signed headers, the hash of the body, an instant within 15 minutes, and no nonce twice.
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
from urllib.parse import quote

import attrs

from crmkit.testing.simulators.aliyun_queues import Queues
from crmkit.testing.simulators.base import Answer, Call, Simulator

_SKEW = timedelta(minutes=15)
_AUTHORIZATION = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})"
)
_NUMBER = re.compile(r"(1[0-9]{10}|[1-9][0-9]{6,14})")
_CHINA = timedelta(hours=8)


@attrs.frozen(kw_only=True)
class Text:
    """A message that was taken.

    Attributes:
        biz_id: Aliyun's id of it.
        out_id: The sender's id of it.
        number: Whom it goes to.
        sign: Name it is signed with.
        template: Code of the template.
        values: What is filled in.
    """

    biz_id: str
    out_id: str
    number: str
    sign: str
    template: str
    values: Mapping[str, str]


class AliyunSimulator(Simulator):
    """Takes messages for one access key.

    Attributes:
        taken: What it took.
        refusals: Code that a number is refused with, by number as it is sent.
        entries: What lies in each queue and was not deleted, by queue and id.
        now: Its clock.
    """

    def __init__(
        self,
        access_key_id: str = "LTAI-simulated",
        access_key_secret: str = "simulated-secret",  # noqa: S107 - opens nothing
    ) -> None:
        """Know one key."""
        super().__init__()
        self._id, self._secret = access_key_id, access_key_secret
        self.taken: list[Text] = []
        self.refusals: dict[str, str] = {}
        self._queues = Queues(access_key_secret[::-1])
        self.entries = self._queues.entries
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._nonces: set[str] = set()
        self._numbers = count(1)

    def answer(self, call: Call) -> Answer:
        """Carry out ``SendSms``, ``QueryTokenForMnsQueue``, or a call to a queue."""
        if call.path.startswith("/queues/"):
            return self._queues.answer(call)
        refused = self._refused(call)
        if refused:
            return error(refused, status=400)
        action = call.headers.get("x-acs-action")
        if action == "SendSms":
            return self._send({**call.query, **call.form()})
        if action == "QueryTokenForMnsQueue":
            return self._token()
        return error("InvalidAction.NotFound", status=404)

    def report(self, texts: Iterable[Text], code: str = "DELIVERED") -> bytes:
        """Give the body of a push (SmsReport) about messages, in the order they are given."""
        at = f"{self.now().astimezone(UTC) + _CHINA:%Y-%m-%d %H:%M:%S}"
        entries = [
            {
                "phone_number": text.number,
                "send_time": at,
                "report_time": at,
                "success": code == "DELIVERED",
                "err_code": code,
                "err_msg": "用户接收成功" if code == "DELIVERED" else "接收失败",
                "sms_size": "1",
                "biz_id": text.biz_id,
                "out_id": text.out_id,
            }
            for text in texts
        ]
        return json.dumps(entries, ensure_ascii=False).encode()

    def reply(self, number: str, content: str) -> bytes:
        """Give the body of a push (SmsUp) about what somebody answered."""
        at = f"{self.now().astimezone(UTC) + _CHINA:%Y-%m-%d %H:%M:%S}"
        entry = {
            "phone_number": number,
            "content": content,
            "send_time": at,
            "dest_code": "1234",
            "sequence_id": str(next(self._numbers)),
        }
        return json.dumps([entry], ensure_ascii=False).encode()

    def queue(self, name: str, body: bytes) -> None:
        """Put the entries of a push into a queue instead; they stay until they are deleted."""
        with self.lock:
            waiting = self.entries.setdefault(name, {})
            for entry in json.loads(body):
                waiting[f"M-{next(self._numbers)}"] = json.dumps(entry).encode()

    def _refused(self, call: Call) -> str:
        found = _AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
        if not found:
            return "MissingAuthorization"
        key_id, names, given = found.groups()
        if key_id != self._id:
            return "InvalidAccessKeyId.NotFound"
        headers = call.headers
        hashed = hashlib.sha256(call.body).hexdigest()
        if headers.get("x-acs-content-sha256") != hashed:
            return "InvalidContentHash"
        signed = names.split(";")
        if not {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"} <= set(signed):
            return "IncompleteSignature"
        query = "&".join(f"{_written(k)}={_written(call.query[k])}" for k in sorted(call.query))
        lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in signed)
        canonical = f"{call.method}\n{call.path}\n{query}\n{lines}\n{names}\n{hashed}"
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        expected = hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given, expected):
            return "SignatureDoesNotMatch"
        return self._stale(headers)

    def _stale(self, headers: Mapping[str, str]) -> str:
        try:
            at = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            return "InvalidTimeStamp.Format"
        if abs(self.now() - at) > _SKEW:
            return "InvalidTimeStamp.Expired"
        if headers["x-acs-signature-nonce"] in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(headers["x-acs-signature-nonce"])
        return ""

    def _send(self, given: Mapping[str, str]) -> Answer:
        for name in ("PhoneNumbers", "SignName", "TemplateCode"):
            if not given.get(name):
                return error(f"Missing{name}", status=400)
        numbers = given["PhoneNumbers"].split(",")
        if not all(map(_NUMBER.fullmatch, numbers)):
            return error("isv.MOBILE_NUMBER_ILLEGAL")
        refused = next((self.refusals[one] for one in numbers if one in self.refusals), "")
        if refused:
            return error(refused)
        try:
            values = json.loads(given.get("TemplateParam") or "{}")
        except ValueError:
            return error("isv.INVALID_JSON_PARAM")
        biz_id = f"{next(self._numbers):015d}^0"
        self.taken += [
            Text(
                biz_id=biz_id,
                out_id=given.get("OutId", ""),
                number=number,
                sign=given["SignName"],
                template=given["TemplateCode"],
                values=values,
            )
            for number in numbers
        ]
        return _ok(BizId=biz_id)

    def _token(self) -> Answer:
        until = self.now() + timedelta(hours=1)
        key = self._queues.key()
        return _ok(MessageTokenDTO={**key, "ExpireTime": f"{until:%Y-%m-%d %H:%M:%S}"})


def error(code: str, message: str = "", status: int = 200) -> Answer:
    """Make the answer to a call that is refused; business errors come with HTTP 200."""
    body = {"Code": code, "Message": message or code, "RequestId": "simulated"}
    return Answer(body, status, {"Content-Type": "application/json"})


def _ok(**more: Any) -> Answer:
    body = {"Code": "OK", "Message": "OK", "RequestId": "simulated", **more}
    return Answer(body, 200, {"Content-Type": "application/json"})


def _written(text: str) -> str:
    return quote(text, safe="~")
