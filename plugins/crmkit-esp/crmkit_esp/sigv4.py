"""AWS Signature Version 4 for one JSON call (AWS, "Create a signed AWS API request")."""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import urlsplit

import attrs

from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import digest

_ALGORITHM = "AWS4-HMAC-SHA256"


@attrs.frozen(kw_only=True)
class Signer:
    """Signs calls of one service in one region.

    Attributes:
        service: Name of the service in the scope, such as ``ses``.
        region: Such as ``eu-central-1``.
        access_key_id: Whose key.
        secret_access_key: His secret.
        session_token: Where the key is a temporary one.
    """

    service: str
    region: str
    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None

    def headers(self, url: str, body: bytes, now: datetime) -> dict[str, str]:
        """Give the headers of a POST of JSON; `url` has no query, `now` is in UTC."""
        parts = urlsplit(url)
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        sent = {"content-type": "application/json", "host": parts.netloc, "x-amz-date": stamp}
        if self.session_token:
            sent["x-amz-security-token"] = self.session_token.reveal()
        names = ";".join(sorted(sent))
        request = "\n".join(
            [
                "POST",
                parts.path,
                "",
                *(f"{name}:{sent[name]}" for name in sorted(sent)),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        text = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
        key = b"AWS4" + self.secret_access_key.reveal().encode()
        for part in scope.split("/"):
            key = digest(key, part)
        signed = digest(key, text).hex()
        credential = f"Credential={self.access_key_id}/{scope}"
        mark = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signed}"
        return {**sent, "Authorization": mark}
