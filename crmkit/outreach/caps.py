"""How often one customer is written to: so many messages a day, a week, a month or rolling span.

A day, week (from Monday) or month is the calendar's, where the reader is. Where he may be in
several zones his window begins with the earliest, and it frees when the new period has begun in
all. Where nobody knows his zone he may be anywhere on earth, and it frees when it has everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta, timezone, tzinfo

import attrs

from crmkit.contracts.settings import check_keys, refuse
from crmkit.outreach.durations import duration
from crmkit.outreach.walls import begins, wall, zone_of

_MOST = 1_000_000
_ROLLING = re.compile("[0-9]+[smhd]")
_EVERYWHERE = tuple(timezone(timedelta(hours=hours)) for hours in range(-12, 15))


@attrs.frozen
class Cap:
    """At most so many messages to one customer in a window.

    Attributes:
        most: How many; 0: none, ever; None: any number.
        period: ``day``, ``week`` or ``month`` of the calendar; None: `span` is rolling.
        span: Length of a rolling window, in microseconds.
    """

    most: int | None
    period: str | None = None
    span: int = 0

    @classmethod
    def of(cls, given: object, key: str) -> Cap:
        """Read ``{max = 3, per = "day"}``.

        Args:
            given: What the configuration says; None: no cap. `per` is ``day``, ``week``,
                ``month``, or a rolling span such as ``24h``.
            key: The setting, for the error.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        if given is None:
            return cls(None)
        if not isinstance(given, Mapping):
            refuse(key, 'must be such as {max = 3, per = "day"}', given)
        check_keys(given, ("max", "per"), key)
        for name in ("max", "per"):
            if name not in given:
                refuse(f"{key}.{name}", "is required")
        most, per = given["max"], given["per"]
        whole = isinstance(most, int) and not isinstance(most, bool) and 0 <= most <= _MOST
        if most is not None and not whole:
            refuse(f"{key}.max", "must be a whole number, 0 (none) or more", most)
        if isinstance(per, str) and per in _NEXT:
            return cls(most, per)
        if not isinstance(per, str) or not _ROLLING.fullmatch(per):
            refuse(f"{key}.per", 'must be day, week, month, or a span such as "24h"', per)
        return cls(most, None, duration(per, f"{key}.per"))


def free_from(cap: Cap, sent: Sequence[int], now: int, zones: Collection[str]) -> int | None:
    """Give the first instant at which one more may go.

    Args:
        cap: The cap.
        sent: When messages that count were handed over, in microseconds since 1970, in any order;
            those that lie ahead of `now`, as a clock that was set back makes possible, count too.
        now: Not before this.
        zones: Names of all the zones the reader may be in; none: he may be anywhere.

    Returns:
        `now` where it may go now; None: never.
    """
    if cap.most is None:
        return now
    if cap.most == 0:
        return None
    if len(sent) < cap.most:
        return now
    last = sorted(sent, reverse=True)[cap.most - 1]  # the newest of those that must be over
    if cap.period is None:
        return max(now, last + cap.span)
    following = _NEXT[cap.period]
    walls = [zone_of(name) for name in zones] or _EVERYWHERE
    return max(now, *(_over(last, zone, following) for zone in walls))


def _over(at: int, zone: tzinfo, following: Callable[[date], date]) -> int:
    """Give when the period is over that an instant lies in."""
    return begins(following(wall(at, zone).date()), zone)


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _next_week(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


_NEXT = {"day": _next_day, "week": _next_week, "month": _next_month}
