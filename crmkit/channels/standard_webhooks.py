"""Signatures of webhooks as standardwebhooks.com writes them down, version ``v1``.

What is signed is ``id.timestamp.body``, by HMAC-SHA256 with the bytes that stand in base64 after
``whsec_``. A receiver with two secrets takes either: so a secret can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime

from crmkit.contracts.signatures import base64_digest, fresh, header, refuse, same

_PREFIX = "whsec_"
_LEAST, _MOST = 16, 64  # bytes of a secret; the specification asks for 24 to 64
ID, STAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def keys(secrets: Sequence[str]) -> tuple[bytes, ...]:
    """Decode secrets, each ``whsec_`` and base64; one text may hold several, between blanks.

    Raises:
        ValueError: one is damaged or too short, or there is none; it is not quoted.
    """
    found = []
    for text in " ".join(secrets).split():
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not _LEAST <= len(key) <= _MOST:
            raise ValueError(f"'secret' must be {_PREFIX} and base64 of 24 to {_MOST} random bytes")
        found.append(key)
    if not found:
        raise ValueError("'secret' is empty")
    return tuple(found)


def sign(keys: Sequence[bytes], name: str, at: datetime, body: bytes) -> dict[str, str]:
    """Give the three headers that sign a body, with one signature a key.

    Args:
        keys: As `keys` gave them.
        name: The id of what is sent, the same at every try; the receiver drops a second one.
        at: When it is sent.
        body: Exactly what goes out.
    """
    stamp = str(int(at.timestamp()))
    content = _content(name, stamp, body)
    signatures = " ".join(f"v1,{base64_digest(key, content)}" for key in keys)
    return {ID: name, STAMP: stamp, SIGNATURE: signatures}


def verify(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Give the id of a call that one of the keys signed just now.

    Raises:
        SignatureInvalid: it is not signed, not by one of the keys, or older than five minutes.
    """
    name, stamp, given = (header(headers, word) for word in (ID, STAMP, SIGNATURE))
    if not (name and stamp and given):
        refuse(f"it must have {ID}, {STAMP} and {SIGNATURE}")
    content = _content(name, stamp, body)
    expected = [f"v1,{base64_digest(key, content)}" for key in keys]
    # every pair is compared, so that the time tells nothing
    if not any([same(one, other) for one in given.split() for other in expected]):  # noqa: C419
        refuse("none of its signatures was made with our secret")
    fresh(stamp, now)
    return name


def _content(name: str, stamp: str, body: bytes) -> bytes:
    return b".".join((*(one.encode("utf-8", "surrogatepass") for one in (name, stamp)), body))
