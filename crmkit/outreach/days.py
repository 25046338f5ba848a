"""Working days: when colleagues carry something out, public holidays and make-up days considered.

In some countries the government says year by year which days are off and which weekends are worked
instead (``holidays`` knows them as substituted). A year whose schedule is not known yet is unknown,
not ordinary: nothing is said to be open in it, unless the configuration names days of that year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, tzinfo
from functools import lru_cache
from importlib import import_module
from typing import Any

import attrs

from crmkit.clock import instant
from crmkit.contracts.settings import check_keys, refuse, shape
from crmkit.model.consent import PURPOSES
from crmkit.outreach.walls import begins

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AHEAD = 366
_ANY_YEAR = 2025


@attrs.frozen
class Official:
    """What a country says of one year.

    Attributes:
        off: Public holidays, with their names.
        worked: Days of a weekend that are worked instead of another.
        known: Whether the year's schedule is official yet.
    """

    off: Mapping[date, str]
    worked: frozenset[date]
    known: bool


@lru_cache(64)
def official(country: str, year: int) -> Official:
    """Look a year up.

    Raises:
        ConfigError: the package ``holidays`` is not there, or does not know the country.
    """
    try:
        countries: Any = import_module("holidays")  # an extra, and slow to import
    except ImportError:
        refuse("outreach.days.holidays", "needs a package: pip install 'crmkit[holidays]'")
    try:
        found = countries.country_holidays(country, years=year, language="en_US")
    except NotImplementedError:
        refuse("outreach.days.holidays", "is no country whose holidays are known", country)
    stated = getattr(found, "special_public_holidays", {})
    yearly = bool(getattr(found, "has_substituted_holidays", False))
    return Official(
        off={day: name for day, name in found.items() if day.year == year},
        worked=frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year == year),
        known=year <= getattr(found, "end_year", year) and (not yearly or year in stated),
    )


@attrs.frozen(kw_only=True)
class WorkingDays:
    """Section ``[outreach.days]`` of the configuration.

    Attributes:
        working: Working days of an ordinary week, 0 for Monday.
        closed: Further days off.
        opened: Further working days; they go before everything else.
        holidays: ISO 3166-1 code of the country whose holidays are off; None: none are.
        channels: Names of the channels that wait for a working day; None: those that a colleague
            carries out (capability ``person``).
        purposes: Purposes that wait.
    """

    working: frozenset[int] = frozenset(range(5))
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()
    holidays: str | None = None
    channels: frozenset[str] | None = None
    purposes: frozenset[str] = frozenset(PURPOSES)

    @classmethod
    def of(cls, section: Mapping[str, Any], key: str = "outreach.days") -> WorkingDays:
        """Read the section.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        known = ("working", "closed", "open", "holidays", "channels", "purposes")
        check_keys(section, known, key)
        given: dict[str, Any] = {}
        if "working" in section:
            given["working"] = frozenset(
                WEEKDAYS.index(day) for day in _words(section, "working", key, WEEKDAYS)
            )
        if not given.get("working", True) and not section.get("open"):
            refuse(f"{key}.working", "leaves no day to work on")
        for name, field in (("closed", "closed"), ("open", "opened")):
            given[field] = frozenset(_dates(section.get(name, ()), f"{key}.{name}"))
        for day in given["closed"] & given["opened"]:
            refuse(f"{key}.open", f"names {day}, and so does closed")
        if "purposes" in section:
            given["purposes"] = frozenset(_words(section, "purposes", key, PURPOSES))
        if "channels" in section:
            given["channels"] = shape(section["channels"], frozenset[str], f"{key}.channels")
        if "holidays" in section:
            given["holidays"] = shape(section["holidays"], str, f"{key}.holidays")
            official(given["holidays"], _ANY_YEAR)  # refuses a country that nobody knows
        return cls(**given)

    def holds(self, purpose: str, channel: str, *, person: bool) -> bool:
        """Tell whether a message waits for a working day.

        Args:
            purpose: What it is for.
            channel: Name of its channel.
            person: Whether a colleague carries it out (capability ``person``).
        """
        by = person if self.channels is None else channel in self.channels
        return by and purpose in self.purposes

    def why_closed(self, day: date) -> str | None:
        """Say why nobody works on a day; None: it is a working day."""
        if day in self.opened:
            return None
        if day in self.closed:
            return f"{day} is a day off"
        if self.holidays is not None:
            found = official(self.holidays, day.year)
            if day in found.off:
                return f"{day} is a holiday: {found.off[day]}"
            if not self._known(found, day.year):
                return (
                    f"the holidays of {day.year} in {self.holidays} are not official yet: upgrade "
                    f"the package holidays, or name them under [outreach.days] closed and open"
                )
            if day in found.worked:
                return None
        if day.weekday() not in self.working:
            return f"{day} is no working day of the week"
        return None

    def open_from(self, now: int, zone: tzinfo) -> int | None:
        """Give the first instant that lies in a working day.

        Args:
            now: Not before this, in microseconds since 1970; given back in a working day.
            zone: Where days begin for those who work.

        Returns:
            The instant; None: none is known within a year, since a year's holidays are not.
        """
        today = instant(now).astimezone(zone).date()
        if self.why_closed(today) is None:
            return now
        for ahead in range(1, _AHEAD):
            day = today + timedelta(days=ahead)
            if self.why_closed(day) is None:
                return max(now, begins(day, zone))
        return None

    def _known(self, found: Official, year: int) -> bool:
        return found.known or any(day.year == year for day in self.closed | self.opened)


def _words(section: Mapping[str, Any], name: str, key: str, known: tuple[str, ...]) -> list[str]:
    words: tuple[str, ...] = shape(section[name], tuple[str, ...], f"{key}.{name}")
    for word in words:
        if word not in known:
            refuse(f"{key}.{name}", f"must name some of {', '.join(known)}", word)
    return list(words)


def _dates(given: Any, key: str) -> list[date]:
    days = []
    for one in shape(given, tuple[Any, ...], key):
        try:
            # a day alone: TOML reads 2026-10-01 as a date, and with a time as a datetime
            day = one if type(one) is date else date.fromisoformat(one)
        except (TypeError, ValueError):
            refuse(key, 'must name days such as "2026-10-01"', one)
        days.append(day)
    return days
