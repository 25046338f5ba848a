"""Amazon SNS: whether a posted message is really one of our topic's, and the first greeting.

Format: AWS, "Verifying the signatures of Amazon SNS messages". The signature is RSA over some
fields in a fixed order; the certificate lies at a URL in the message, which is only believed where
it is SNS's own. Anybody may have a topic that signs and posts to us: so ours are listed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

import attrs

from crmkit.contracts.channel import Response
from crmkit.contracts.http import NotSent, Reply, Unclear
from crmkit.contracts.reading import instant, loaded, mapping
from crmkit.contracts.signatures import fresh, refuse

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
_FIELDS = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_FIELDS["UnsubscribeConfirmation"] = _FIELDS[SUBSCRIPTION]
_HOST = r"https://sns\.[a-z]{2}(?:-[a-z]+)+-\d+\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem")
_SUBSCRIBE = re.compile(_HOST + r"/\?Action=ConfirmSubscription&[!-~]+")
_KEPT = 16


@attrs.define(slots=False, kw_only=True)
class Sns:
    """Checks what topics post; safe to use from several threads.

    Attributes:
        topics: ARNs of those that are believed.
        tolerance: Seconds that a message may be old.
        confirm: Whether the subscription of one of `topics` is confirmed.
        get: Fetches a URL of SNS's.
    """

    topics: tuple[str, ...]
    tolerance: float
    confirm: bool
    get: Callable[[str], Reply]
    _keys: dict[str, Any] = attrs.field(factory=dict, init=False, repr=False)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False)

    def read(self, body: bytes, now: datetime) -> Mapping[str, Any]:
        """Check a message and give it.

        Raises:
            SignatureInvalid: it is none of our topics', or its signature is missing, wrong or old.
        """
        posted = mapping(loaded(body))
        names = _FIELDS.get(str(posted.get("Type")))
        if names is None:
            refuse("it is no message of SNS")
        if posted.get("TopicArn") not in self.topics:
            refuse("its topic is none of the channel's topics")
        text = "".join(f"{name}\n{posted[name]}\n" for name in names if posted.get(name))
        self._check(posted, text.encode("utf-8", "surrogatepass"))
        at = instant(posted.get("Timestamp"))
        fresh("none" if at is None else at.timestamp(), now, self.tolerance)
        return posted

    def greet(self, posted: Mapping[str, Any]) -> Response:
        """Confirm a subscription by visiting its URL, where that is wanted.

        A status of 500 makes SNS ask again.
        """
        if posted["Type"] != SUBSCRIPTION or not self.confirm:
            return Response()
        url = str(posted.get("SubscribeURL"))
        if not _SUBSCRIBE.fullmatch(url):
            refuse("its SubscribeURL is none of SNS's")
        try:
            done = self.get(url).status == 200  # noqa: PLR2004 - OK
        except (NotSent, Unclear):
            done = False
        return Response() if done else Response(500, b"the subscription could not be confirmed")

    def _check(self, posted: Mapping[str, Any], signed: bytes) -> None:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415

        version = str(posted.get("SignatureVersion"))
        if version not in ("1", "2"):
            refuse("its signature has an unknown version")
        # SNS signs with SHA-1 until a topic is set to version 2.
        algorithm = SHA256() if version == "2" else SHA1()  # noqa: S303
        key = self._key(str(posted.get("SigningCertURL")))
        try:
            given = base64.b64decode(str(posted.get("Signature")), validate=True)
            key.verify(given, signed, PKCS1v15(), algorithm)
        except (InvalidSignature, binascii.Error, ValueError):
            wrong = True
        else:
            wrong = False
        if wrong:
            refuse("its signature is missing or wrong")

    def _key(self, url: str) -> Any:
        """Give the key of a certificate of SNS's, fetched once."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - heavy

        if not _CERTIFICATE.fullmatch(url):
            refuse("its certificate is not at SNS's own place")
        with self._lock:
            if url in self._keys:
                return self._keys[url]
        try:
            reply = self.get(url)
            key = load_pem_x509_certificate(reply.body).public_key()
        except (NotSent, Unclear, ValueError):
            key = None
        if not isinstance(key, RSAPublicKey):
            refuse("its certificate cannot be had")
        with self._lock:
            while len(self._keys) >= _KEPT:
                del self._keys[next(iter(self._keys))]
            self._keys[url] = key
        return key
