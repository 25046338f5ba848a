"""Clocks on walls: where a zone's days begin, and when its clocks are put forward or back.

A wall time may not exist (a gap) or exist twice (a fold); arithmetic on aware datetimes of one
zone ignores both. So everything here goes by instants, and asks the zone what the wall shows then.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from crmkit.clock import SECOND, instant, micros


@lru_cache(1024)
def zone_of(name: str) -> ZoneInfo:
    """Give a zone whose name was checked before."""
    return ZoneInfo(name)


def wall(at: int, zone: tzinfo) -> datetime:
    """Give what the clock on the wall shows at an instant."""
    return instant(at).astimezone(zone)


def offset(at: int, zone: tzinfo) -> int:
    """Give the UTC offset at an instant, in microseconds."""
    shift = wall(at, zone).utcoffset()
    return 0 if shift is None else (shift.days * 86_400 + shift.seconds) * SECOND


def instants(day: date, clock: time, zone: tzinfo) -> tuple[int, int]:
    """Give when a clock shows a time, the first and the second time.

    They are one instant on an ordinary day. In a fold the second is later. In a gap the clock
    never shows it: the first is later then, and the change lies between the two.
    """
    first, second = (
        micros(datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC))
        for fold in (0, 1)
    )
    return first, second


def change(low: int, high: int, zone: tzinfo) -> int | None:
    """Give the instant between two at which the offset changes; None: it is the same at both.

    Where it changes more than once in between, one of the changes.
    """
    before = offset(low, zone)
    if offset(high, zone) == before:
        return None
    low, high = low // SECOND, -(-high // SECOND)  # clocks are changed on a full second
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle * SECOND, zone) == before:
            low = middle
        else:
            high = middle
    return high * SECOND


@lru_cache(4096)
def begins(day: date, zone: tzinfo) -> int:
    """Give the first instant from which on it is this day or a later one."""
    first, second = instants(day, time(0), zone)
    if first > second:  # midnight is skipped, or the whole day: clocks jump over it
        found = change(second, first, zone)
        return first if found is None else found
    if second > first and wall(second - 1, zone).date() < day:
        return second  # midnight came, and went back into the evening before
    return first
