"""Aliyun's message queues, as far as text messages need them; a part of `AliyunSimulator`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from crmkit.testing.simulators.base import Answer, Call

_ID, _TOKEN = "STS.simulated", "simulated-token"
_SPACE = "http://mns.aliyuncs.com/doc/v1/"


class Queues:
    """Queues that one key opens; an entry stays until it is deleted, and is not hidden.

    Attributes:
        entries: What lies in each queue, by queue and id.
    """

    def __init__(self, secret: str) -> None:
        """Take the secret of the key."""
        self._secret = secret
        self.entries: dict[str, dict[str, bytes]] = {}

    def key(self) -> dict[str, str]:
        """Give the key, as ``QueryTokenForMnsQueue`` does."""
        return {"AccessKeyId": _ID, "AccessKeySecret": self._secret, "SecurityToken": _TOKEN}

    def answer(self, call: Call) -> Answer:
        """Carry out ``BatchReceiveMessage`` or ``BatchDeleteMessage``."""
        headers = call.headers
        plain = [headers.get(name, "") for name in ("content-md5", "content-type", "date")]
        own = [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-mns-")]
        text = "\n".join([call.method, *plain, *own, call.target])
        signed = hmac.new(self._secret.encode(), text.encode(), hashlib.sha1).digest()
        expected = f"MNS {_ID}:{base64.b64encode(signed).decode()}"
        if not hmac.compare_digest(headers.get("authorization", ""), expected):
            return _error("SignatureDoesNotMatch", 403)
        if headers.get("security-token") != _TOKEN:
            return _error("AccessDenied", 403)
        waiting = self.entries.get(call.path.split("/")[2], {})
        if call.method == "DELETE":
            for handle in re.findall(r"<ReceiptHandle>([^<]+)<", call.body.decode()):
                waiting.pop(handle.removeprefix("1-"), None)
            return Answer(b"", 204)
        some = list(waiting.items())[: int(call.query["numOfMessages"])]
        if not some:
            return _error("MessageNotExist", 404)
        return _xml("Messages", "".join(_message(name, body) for name, body in some))


def _message(name: str, body: bytes) -> str:
    coded = base64.b64encode(body)
    digest = hashlib.md5(coded, usedforsecurity=False).hexdigest().upper()
    fields = {
        "MessageId": name,
        "MessageBodyMD5": digest,
        "MessageBody": coded.decode(),
        "ReceiptHandle": f"1-{name}",
        "EnqueueTime": "1795000000000",
        "FirstDequeueTime": "1795000001000",
        "NextVisibleTime": "1795000031000",
        "DequeueCount": "1",
        "Priority": "8",
    }
    listed = "".join(f"<{field}>{value}</{field}>" for field, value in fields.items())
    return f"<Message>{listed}</Message>"


def _error(code: str, status: int) -> Answer:
    said = f"<Code>{code}</Code><Message>{code}</Message><RequestId>1</RequestId><HostId>h</HostId>"
    return _xml("Error", said, status)


def _xml(name: str, body: str, status: int = 200) -> Answer:
    text = f'<?xml version="1.0"?><{name} xmlns="{_SPACE}">{body}</{name}>'
    return Answer(text.encode(), status, {"Content-Type": "text/xml;charset=utf-8"})
