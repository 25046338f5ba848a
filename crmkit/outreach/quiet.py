"""Quiet hours: when a message waits, by the clocks on all the walls where its reader may be.

Windows are wall times of whole minutes, and zones have offsets of whole minutes, so that nothing
changes within a minute; a clock that is put forward over the end of the quiet hours ends them then,
and one that is put back into them begins them again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import time, timedelta, tzinfo
from functools import lru_cache

import attrs

from crmkit.clock import DAY, SECOND, instant
from crmkit.outreach.walls import change, instants, wall, zone_of

MINUTE = 60 * SECOND
_AHEAD = 366
"""Days looked ahead: what does not come within a year, both seasons of every zone, never comes."""
_CLOCK = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])")


def clock_time(text: str) -> time | None:
    """Read ``21:00``; None where it is no time of day."""
    found = _CLOCK.fullmatch(text)
    return None if found is None else time(int(found[1]), int(found[2]))


@attrs.frozen
class QuietHours:
    """A part of the day in which nobody is written to; over midnight where it begins later.

    Attributes:
        start: Quiet from here on, such as 21:00.
        end: Not quiet any more from here on, such as 08:00; equal to `start`: never quiet.
    """

    start: time
    end: time

    def holds(self, clock: time) -> bool:
        """Tell whether it is quiet when a clock shows this."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def allowed_from(now: int, zones: Collection[str], *quiet: QuietHours) -> int | None:
    """Give the first instant at which it is quiet nowhere.

    Args:
        now: Not before this, in microseconds since 1970; given back where it is quiet nowhere now.
        zones: Names of all the zones the reader may be in; none: nobody knows where he is.
        quiet: The quiet hours; of several, a time must lie outside all.

    Returns:
        The instant; None: there is none in the year to come, or no zone is known.
    """
    if all(one.start == one.end for one in quiet):
        return now
    if not zones:
        return None
    minute = now // MINUTE * MINUTE
    found = _first(minute, frozenset(zones), quiet)
    return now if found == minute else found


@lru_cache(4096)
def _first(minute: int, zones: frozenset[str], quiet: tuple[QuietHours, ...]) -> int | None:
    """Find the first minute: now, or where quiet hours end somewhere, or a clock is changed."""
    walls = [zone_of(name) for name in zones]

    def allowed(at: int) -> bool:
        clocks = [wall(at, zone).time() for zone in walls]
        return not any(one.holds(clock) for clock in clocks for one in quiet)

    if allowed(minute):
        return minute
    ends = {one.end for one in quiet}
    for day in range(_AHEAD):
        low = minute + day * DAY
        ending = {at for zone in walls for at in _endings(low, low + DAY, zone, ends)}
        for at in sorted(ending):
            if allowed(at):
                return at
    return None


def _endings(low: int, high: int, zone: tzinfo, ends: set[time]) -> Iterator[int]:
    """Give the instants behind `low`, up to `high`, at which it may stop being quiet in a zone."""
    changed = change(low, high, zone)
    if changed is not None:
        yield changed
    utc = instant(low).date()  # clocks on walls are a day behind it, or two ahead by `high`
    for ahead in range(-1, 3):
        for end in ends:
            for at in instants(utc + timedelta(days=ahead), end, zone):
                if low < at <= high:
                    yield at
