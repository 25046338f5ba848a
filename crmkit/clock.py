"""Instants: aware datetimes outside, whole microseconds since 1970 (UTC) inside.

Integers compare and subtract exactly, fit an index and cost nothing to copy; a datetime is
made only where somebody looks at one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from crmkit.errors import NaiveTimeError

Clock = Callable[[], datetime]
"""Gives the present instant as an aware datetime."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND
_MICROSECOND = timedelta(microseconds=1)


def system_clock() -> datetime:
    """Give the machine's present instant, in UTC."""
    return datetime.now(UTC)


def micros(at: datetime, field: str = "at") -> int:
    """Turn an aware datetime into microseconds since 1970-01-01T00:00Z, exactly.

    Raises:
        NaiveTimeError: `at` is no datetime or has no UTC offset; `field` names the argument.
    """
    if not isinstance(at, datetime) or at.utcoffset() is None:
        message = (
            f"{field} must be a datetime with a UTC offset, got {at!r}: "
            "pass e.g. datetime.now(timezone.utc) or add tzinfo"
        )
        raise NaiveTimeError(message, field=field)
    return (at - EPOCH) // _MICROSECOND


def span(duration: timedelta) -> int:
    """Turn a timedelta into whole microseconds."""
    return duration // _MICROSECOND


def instant(value: int, offset: int = 0) -> datetime:
    """Turn microseconds since 1970 back into an aware datetime.

    Args:
        value: Microseconds since 1970-01-01T00:00Z.
        offset: UTC offset in seconds the datetime shall be written in; 0 is UTC.
    """
    at = EPOCH + timedelta(microseconds=value)
    return at if not offset else at.astimezone(timezone(timedelta(seconds=offset)))
