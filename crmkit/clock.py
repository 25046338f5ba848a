"""Instants: aware datetimes outside, whole microseconds since 1970 (UTC) inside.

Integers compare and subtract exactly, fit an index and cost nothing to copy; a datetime is
made only where somebody looks at one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from crmkit.arguments import refuse, show
from crmkit.errors import NaiveTimeError

Clock = Callable[[], datetime]
"""Gives the present instant as an aware datetime."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 86_400 * SECOND
_MICROSECOND = timedelta(microseconds=1)

FIRST_YEAR, LAST_YEAR = 1900, 9998
"""Years (UTC) that instants lie in: an earlier one is a typing error, and everything in between
can be written in every time zone."""
EARLIEST = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
LATEST = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND - 1
_FIRST_DAY, _LAST_DAY = date(FIRST_YEAR, 1, 2), date(LAST_YEAR, 12, 30)


def system_clock() -> datetime:
    """Give the machine's present instant, in UTC."""
    return datetime.now(UTC)


def micros(at: datetime, field: str = "at") -> int:
    """Turn an aware datetime into microseconds since 1970-01-01T00:00Z, exactly.

    Raises:
        NaiveTimeError: `at` is no datetime or has no UTC offset; `field` names the argument.
        InvalidValueError: it lies before the year 1900 or after the year 9998.
    """
    if not isinstance(at, datetime) or at.utcoffset() is None:
        message = (
            f"{field} must be a datetime with a UTC offset, got {show(at)}: "
            "pass e.g. datetime.now(timezone.utc) or add tzinfo"
        )
        raise NaiveTimeError(message, field=field)
    value = (at - EPOCH) // _MICROSECOND
    if not EARLIEST <= value <= LATEST:
        refuse(field, f"must lie in the years {FIRST_YEAR} to {LAST_YEAR} (UTC)", at)
    return value


def day(value: date, field: str = "day") -> date:
    """Take a calendar day.

    Raises:
        InvalidValueError: it is an instant or something else, or lies outside the years 1900 to
            9998; `field` names the argument.
    """
    if isinstance(value, datetime) or not isinstance(value, date):
        refuse(field, "must be a day (datetime.date): of an instant take .date()", value)
    if not _FIRST_DAY <= value <= _LAST_DAY:
        refuse(field, f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}", value)
    return value


def zone(name: str) -> ZoneInfo | None:
    """Give the time zone of an IANA name such as ``Europe/Berlin``; None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):  # the name may be a path, or a folder's
        return None


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
