"""What Chinese carriers report by way of Aliyun and Tencent: instants, codes, replies."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

from crmkit.contracts.channel import Delivery

_CHINA = timezone(timedelta(hours=8))
_DATED = 12  # characters that a date has at least, and a number of seconds not
_YEARS = range(2000, 2200)
_WRITTEN = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
DEAD = frozenset({"MK:0001", "CB:0001", "isv.MOBILE_NUMBER_ILLEGAL", "MOBILE_NUMBER_ILLEGAL"})
"""Codes that mean that nobody has this number. A phone that is off, out of reach or barred (all
others) may be reached another day."""


def instant(written: object) -> datetime | None:
    """Read an instant: seconds since 1970, or the time of day in China; None: it is neither."""
    text = str(written or "").strip()
    try:
        found = datetime.fromtimestamp(int(text), UTC) if len(text) < _DATED else _local(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and found.year in _YEARS else None


def _local(text: str) -> datetime | None:
    for shape in _WRITTEN:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=_CHINA)
        except ValueError:
            continue
    return None


def report(  # noqa: PLR0913 - what a report holds
    *,
    good: bool,
    provider_id: str | None,
    message_id: str | None,
    address: str | None,
    at: datetime | None,
    code: str,
    reason: str,
) -> Delivery:
    """Make what became of one message; the same report always has the same event id."""
    dead = not good and code in DEAD
    return Delivery(
        what="delivered" if good else "bounced" if dead else "failed",
        message_id=message_id or None,
        provider_id=provider_id or None,
        at=at,
        event_id=_id(provider_id or message_id, address, "delivered" if good else code),
        address=address,
        permanent=dead,
        code=code or None,
        reason="" if good else reason,
    )


def reply(address: str | None, text: str, at: datetime | None, own: str = "") -> Delivery:
    """Make an answer that a customer wrote.

    Args:
        address: Whose.
        text: What was written.
        at: When.
        own: The provider's id of it; without one it is told by its content.
    """
    event = own or _id(address, at.timestamp() if at else None, text)
    return Delivery(
        what="replied", provider_id=event, event_id=event, address=address, text=text, at=at
    )


def _id(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:32]
