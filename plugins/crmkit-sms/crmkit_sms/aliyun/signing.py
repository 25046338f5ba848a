"""Aliyun's signatures: ACS3-HMAC-SHA256 of its interfaces, and that of its message queues.

Formats: "V3 request body & signature" (help.aliyun.com/document_detail/315526.html) and "Sign"
(help.aliyun.com/document_detail/27487.html).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from crmkit.contracts.signatures import base64_digest, digest

ALGORITHM = "ACS3-HMAC-SHA256"


def query_string(query: Mapping[str, str]) -> str:
    """Write a query as it is signed and sent: sorted, each part encoded once."""
    return "&".join(f"{_encoded(name)}={_encoded(query[name])}" for name in sorted(query))


def authorization(  # noqa: PLR0913 - what is signed
    key_id: str,
    secret: str,
    *,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> str:
    """Give the ``Authorization`` header of a call.

    Args:
        key_id: The access key's id.
        secret: Its secret.
        method: ``POST``.
        path: Path of the address.
        query: As `query_string` wrote it.
        headers: Those that are signed: all that are given, and ``x-acs-*`` at least.
        body: What is sent.
    """
    values = {name.lower(): value.strip() for name, value in headers.items()}
    lines = "".join(f"{name}:{values[name]}\n" for name in sorted(values))
    signed = ";".join(sorted(values))
    hashed = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{hashed}"
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = digest(secret, text).hex()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}"


def queue_authorization(
    key_id: str, secret: str, *, method: str, target: str, headers: Mapping[str, str]
) -> str:
    """Give the ``Authorization`` header of a call to a message queue.

    Args:
        key_id: The access key's id.
        secret: Its secret.
        method: ``GET`` or ``DELETE``.
        target: Path and query.
        headers: ``Date`` is signed, ``Content-MD5`` and ``Content-Type`` where they are given, and
            all ``x-mns-*``.
    """
    values = {name.lower(): value for name, value in headers.items()}
    plain = [values.get(name, "") for name in ("content-md5", "content-type", "date")]
    own = [f"{name}:{values[name]}" for name in sorted(values) if name.startswith("x-mns-")]
    text = "\n".join([method, *plain, *own, target])
    return f"MNS {key_id}:{base64_digest(secret, text, 'sha1')}"


def _encoded(text: str) -> str:
    return quote(text, safe="~")
