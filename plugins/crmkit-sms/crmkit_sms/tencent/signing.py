"""Tencent Cloud's signature TC3-HMAC-SHA256 (cloud.tencent.com/document/api/382/52072)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from crmkit.contracts.signatures import digest

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "sms"


def authorization(  # noqa: PLR0913 - what is signed
    secret_id: str,
    secret_key: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    timestamp: int,
    path: str = "/",
) -> str:
    """Give the ``Authorization`` header of a POST.

    Args:
        secret_id: The API key's id.
        secret_key: Its secret.
        headers: Those that are signed: ``Content-Type`` and ``Host``.
        body: What is sent.
        timestamp: Seconds since 1970, as ``X-TC-Timestamp`` says.
        path: Path of the address.
    """
    values = {name.lower(): value.strip() for name, value in headers.items()}
    lines = "".join(f"{name}:{values[name]}\n" for name in sorted(values))
    signed = ";".join(sorted(values))
    hashed = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n{path}\n\n{lines}\n{signed}\n{hashed}"
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{SERVICE}/tc3_request"
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = digest(digest(digest("TC3" + secret_key, day), SERVICE), "tc3_request")
    signature = digest(key, text).hex()
    return (
        f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
