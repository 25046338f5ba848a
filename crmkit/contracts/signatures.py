"""Signing what goes out, and checking what comes in: HMAC, always compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from crmkit.errors import SignatureInvalid

TOLERANCE = 300
"""Seconds that a signed call may be old, or ahead of our clock; older ones are replays."""
_TAG = 16  # bytes of a token's signature


def refuse(why: str) -> NoReturn:
    """Raise `SignatureInvalid`; `why` never quotes what was expected."""
    raise SignatureInvalid(f"the call is refused: {why}", why=why)


def header(headers: Mapping[str, str], name: str) -> str:
    """Give a header of a call whatever the case of its name; empty where it is missing."""
    wanted = name.lower()
    return next((str(value) for key, value in headers.items() if str(key).lower() == wanted), "")


def digest(key: str | bytes, message: str | bytes, algorithm: str = "sha256") -> bytes:
    """Give the HMAC of a message; texts are UTF-8."""
    return hmac.digest(_bytes(key), _bytes(message), algorithm)


def base64_digest(key: str | bytes, message: str | bytes, algorithm: str = "sha256") -> str:
    """Give the HMAC of a message in base64."""
    return base64.b64encode(digest(key, message, algorithm)).decode()


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Tell whether two signatures are equal, in a time that tells nothing."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def fresh(stamp: str | float, now: datetime, tolerance: float = TOLERANCE) -> None:
    """Refuse a call whose instant, in seconds since 1970, is too far from now.

    Raises:
        SignatureInvalid: it is too old, from the future, or no number.
    """
    try:
        skew = now.timestamp() - float(stamp)
    except ValueError:
        refuse("its timestamp is no number")
    if not abs(skew) <= tolerance:
        side = "old" if skew > 0 else "ahead of our clock"
        refuse(f"it is {abs(skew):.0f} s {side}; {tolerance:.0f} s are allowed")


def token(secret: str, *parts: str) -> str:
    """Make a text for a link that tells its parts and cannot be forged without the secret."""
    body = "\0".join(parts).encode()
    return _plain(body + _tag(secret, body))


def read_token(secret: str, text: str) -> tuple[str, ...]:
    """Give the parts of a `token`.

    Raises:
        SignatureInvalid: it was not made with this secret.
    """
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        refuse("its token is damaged")
    body, tag = raw[:-_TAG], raw[-_TAG:]
    if not same(tag, _tag(secret, body)):
        refuse("its token is forged")
    return tuple(body.decode().split("\0"))


def _tag(secret: str, body: bytes) -> bytes:
    return digest(secret, b"token\0" + body)[:_TAG]


def _plain(raw: bytes) -> str:
    # Mail programs fold the case of a local part, so nothing may rest on it.
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
