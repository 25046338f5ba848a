"""Dates on the command line: ``2026-05-01``, ``2026-05-01T10:00+08:00``, ``30d`` or ``12w`` ago."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

import attrs
import click

from crmkit.clock import FIRST_YEAR, LAST_YEAR
from crmkit.errors import InvalidValueError

if TYPE_CHECKING:
    from crmkit.config import Config

_AGO = re.compile(r"(\d{1,6})\s*([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}
_FIRST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_EXAMPLES = "2026-05-01, 2026-05-01T10:00+08:00, now, today, or 30d, 12w, 6m, 1y ago"


@attrs.frozen
class When:
    """An instant as it was typed.

    Attributes:
        text: What was typed.
        meant: A span before now, a day, or an instant; None: today.
    """

    text: str
    meant: timedelta | date | datetime | None

    @classmethod
    def parse(cls, text: str) -> When:
        """Read one.

        Raises:
            ValueError: it is none of the forms.
        """
        if text in ("now", "today"):
            return cls(text, timedelta(0) if text == "now" else None)
        if found := _AGO.fullmatch(text):
            return cls(text, timedelta(hours=int(found[1]) * _HOURS[found[2]]))
        if len(text) <= len("2026-05-01"):
            return cls(text, date.fromisoformat(text))
        return cls(text, datetime.fromisoformat(text))

    def instant(self, now: datetime, zone: tzinfo | None) -> datetime:
        """Give the instant: a date is its midnight, in `zone` (None: the machine's).

        Raises:
            InvalidValueError: it lies outside the years that can be asked about.
        """
        if isinstance(self.meant, timedelta):
            if self.meant > now - _FIRST:
                raise self._outside()
            return now - self.meant
        if isinstance(self.meant, datetime):
            self._check(self.meant)
            return self.meant if self.meant.tzinfo else _placed(self.meant, zone)
        return midnight(self.day(now, zone), zone)

    def day(self, now: datetime, zone: tzinfo | None) -> date:
        """Give the day it falls on, in `zone`; raises as `instant` does."""
        if self.meant is None:
            return now.astimezone(zone).date()
        if isinstance(self.meant, date) and not isinstance(self.meant, datetime):
            return self._check(self.meant)
        return self.instant(now, zone).astimezone(zone).date()

    def _check(self, day: date) -> date:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise self._outside()
        return day

    def _outside(self) -> InvalidValueError:
        years = f"the years {FIRST_YEAR} to {LAST_YEAR}"
        return InvalidValueError(f"{self.text} lies outside {years}", field="at")


def when(text: str) -> When:
    """Read an argument, or say which forms there are."""
    try:
        return When.parse(text)
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is no date: write {_EXAMPLES}"
        raise click.BadParameter(message) from error


def local(config: Config) -> tzinfo | None:
    """Give the zone that the configuration names; None: the machine's."""
    section = config.sections.get("agenda", {})
    if "timezone" not in section:
        return None
    from crmkit.lifecycle import AgendaPolicy

    return AgendaPolicy.of(section).zone


def midnight(day: date, zone: tzinfo | None) -> datetime:
    """Give the instant a day begins, in a zone (None: the machine's)."""
    return _placed(datetime.combine(day, time()), zone)


def _placed(at: datetime, zone: tzinfo | None) -> datetime:
    return at.replace(tzinfo=zone) if zone is not None else at.astimezone()
