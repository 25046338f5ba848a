"""Dates on the command line: ``2026-05-01``, ``2026-05-01T10:00+08:00``, ``30d`` or ``12w`` ago."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

import attrs
import click

if TYPE_CHECKING:
    from crmkit.config import Config

_AGO = re.compile(r"(\d{1,6})\s*([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}
_EXAMPLES = "2026-05-01, 2026-05-01T10:00+08:00, now, today, or 30d, 12w, 6m, 1y ago"


@attrs.frozen
class When:
    """An instant as it was typed.

    Attributes:
        text: What was typed.
        meant: A span before now, a day, or an instant.
    """

    text: str
    meant: timedelta | date | datetime

    @classmethod
    def parse(cls, text: str) -> When:
        """Read one.

        Raises:
            ValueError: it is none of the forms.
        """
        if text in ("now", "today"):
            return cls(text, timedelta(0)) if text == "now" else cls(text, date.min)
        if found := _AGO.fullmatch(text):
            return cls(text, timedelta(hours=int(found[1]) * _HOURS[found[2]]))
        if len(text) <= len("2026-05-01"):
            return cls(text, date.fromisoformat(text))
        return cls(text, datetime.fromisoformat(text))

    def instant(self, now: datetime, zone: tzinfo | None) -> datetime:
        """Give the instant: a date is its midnight, in `zone` (None: the machine's)."""
        if isinstance(self.meant, timedelta):
            return now - self.meant
        if isinstance(self.meant, datetime):
            return self.meant if self.meant.tzinfo else _placed(self.meant, zone)
        return midnight(self.day(now, zone), zone)

    def day(self, now: datetime, zone: tzinfo | None) -> date:
        """Give the day it falls on, in `zone`."""
        if isinstance(self.meant, date) and not isinstance(self.meant, datetime):
            return now.astimezone(zone).date() if self.meant == date.min else self.meant
        return self.instant(now, zone).astimezone(zone).date()


def when(text: str) -> When:
    """Read an argument, or say which forms there are."""
    try:
        found = When.parse(text)
        found.instant(datetime.now(UTC), None)  # a year that no calendar has
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is no date: write {_EXAMPLES}"
        raise click.BadParameter(message) from error
    return found


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
