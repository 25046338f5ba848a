"""Amazon SES, and the SNS topic through which it tells what became of messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from crmkit.contracts.http import Reply
from crmkit.testing.simulators.base import Answer, Call, Simulator

_SIGNED = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn")


class Ses(Simulator):
    """SES in one region; it looks at whose key a call names, not at its signature.

    Attributes:
        sent: The bodies it took, in order.
        refuses: Kind of error by address, for recipients that it does not take.
    """

    region = "eu-central-1"
    access_key_id = "AKIASIMULATED"
    secret_access_key = "wJalr-simulated"  # noqa: S105 - opens nothing

    def __init__(self) -> None:
        """Take everybody's mail."""
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.refuses: dict[str, str] = {}

    def answer(self, call: Call) -> Answer:
        """Take a message, or say why not."""
        credential = f"Credential={self.access_key_id}/"
        if credential not in call.headers.get("authorization", ""):
            return _error("UnrecognizedClientException", 403)
        if (call.method, call.path) != ("POST", "/v2/email/outbound-emails"):
            return _error("NotFoundException", 404)
        body = call.json()
        (to,) = body["Destination"]["ToAddresses"]
        for address, kind in self.refuses.items():
            if address in to:
                return _error(kind, 400)
        self.sent.append(body)
        return Answer({"MessageId": f"ses-{len(self.sent)}"})

    def event(self, kind: str, **more: Any) -> dict[str, Any]:
        """Make an event of the last message, such as ``event("Delivery", delivery={...})``."""
        body = self.sent[-1]
        tags = {tag["Name"]: [tag["Value"]] for tag in body["EmailTags"]}
        mail = {
            "messageId": f"ses-{len(self.sent)}",
            "destination": body["Destination"]["ToAddresses"],
            "tags": tags,
        }
        return {"eventType": kind, "mail": mail, **more}


class Topic:
    """An SNS topic, which signs what it posts.

    Attributes:
        arn: Its name.
        sign: Signs bytes by RSA (PKCS #1 v1.5, SHA-256); the test has the key, so that the kit
            needs no library for it.
        certificate: The certificate of that key, as PEM.
        fetched: URLs that were fetched, in order.
    """

    arn = "arn:aws:sns:eu-central-1:123456789012:ses"
    certificate_url = (
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
    )
    subscribe_url = (
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
        "&TopicArn=arn:aws:sns:eu-central-1:123456789012:ses&Token=2336412f37fb"
    )

    def __init__(self, sign: Callable[[bytes], bytes], certificate: bytes) -> None:
        """Have a key and its certificate."""
        self.sign = sign
        self.certificate = certificate
        self.fetched: list[str] = []
        self._numbers = count()

    def get(self, url: str) -> Reply:
        """Give what lies at a URL of SNS's."""
        self.fetched.append(url)
        known = {self.certificate_url: self.certificate, self.subscribe_url: b"<Confirmed/>"}
        return Reply(200, {}, known[url]) if url in known else Reply(404, {}, b"")

    def posted(self, event: Mapping[str, Any], at: datetime) -> bytes:
        """Make the body of a notification."""
        return self.signed({"Type": "Notification", "Message": json.dumps(event)}, at)

    def greeting(self, at: datetime, kind: str = "SubscriptionConfirmation") -> bytes:
        """Make the body by which a topic asks whether it is wanted."""
        asked = {"Type": kind, "Message": "You have chosen to subscribe", "Token": "2336412f37fb"}
        return self.signed({**asked, "SubscribeURL": self.subscribe_url}, at)

    def signed(self, fields: Mapping[str, str], at: datetime) -> bytes:
        """Sign any fields as SNS does (signature version 2)."""
        posted = {
            "MessageId": f"sns-{next(self._numbers)}",
            "TopicArn": self.arn,
            "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
            **fields,
        }
        names = (*_SIGNED, "Type")
        text = "".join(f"{name}\n{posted[name]}\n" for name in names if name in posted)
        posted["SignatureVersion"] = "2"
        posted["Signature"] = base64.b64encode(self.sign(text.encode())).decode()
        posted["SigningCertURL"] = self.certificate_url
        return json.dumps(posted).encode()


def _error(kind: str, status: int) -> Answer:
    return Answer({"message": "no"}, status, {"x-amzn-ErrorType": kind})
