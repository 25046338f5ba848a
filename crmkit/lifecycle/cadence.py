"""How often each tier is contacted, and what makes one contact more pressing than another.

priority = value x overdue x fall, where

- value is the score's total (at least 1), half as much again where a matter of his is open,
- fall is ``1 + f / 10`` for f points of unexpected fall in the quarter (at most 30 count),
- overdue is 1 on the day the contact is due, 2 once the worst interval has passed, 3 at most.

The first two make up the stored `weight`; overdue grows with the days, and is bounded, so that
a list in the order of weights tells when nothing further down can matter any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmkit.clock import DAY, SECOND, instant, micros, span, zone
from crmkit.contracts.settings import refuse, structure
from crmkit.lifecycle.tiers import NAMES
from crmkit.model.care import Cadence

MOST_OVERDUE = 3.0
"""Largest value of the overdue factor."""
STEPS = 8
"""Steps of lateness that the queue tells apart below the largest."""
_STEP = (MOST_OVERDUE - 1.0) / STEPS  # a power of two, so that no rounding moves an edge
_ROUNDING = 1e-9
_EPOCH = date(1970, 1, 1)
_FALL_SCALE = 10.0
_MOST_FALL = 30.0
_OPEN = 1.5
MOST_PRIORITY = 100.0 * (1.0 + _MOST_FALL / _FALL_SCALE) * _OPEN * MOST_OVERDUE
"""No contact is more pressing than this; an action of an approved plan is."""


@attrs.frozen(kw_only=True)
class Interval:
    """One cadence in the configuration, in days.

    Attributes:
        ideal: A contact is due after so many days.
        worst: It is overdue after so many.
    """

    ideal: float
    worst: float


_DEFAULTS = {"key": Interval(ideal=14, worst=30), "core": Interval(ideal=45, worst=90)} | {
    "base": Interval(ideal=180, worst=365)
}


@attrs.frozen(kw_only=True)
class AgendaSettings:
    """Section ``[agenda]`` of the configuration.

    Attributes:
        cadence: Intervals by tier; a tier that is not named keeps the default.
        prospects: Whether those who never bought are on the agenda too.
        answer_days: A complaint, suggestion or opinion waits at most so many days.
        timezone: IANA zone in which days begin.
        unowned: At most so many items a day for customers without an account manager.
    """

    cadence: Mapping[str, Interval] = attrs.field(factory=dict)
    prospects: bool = False
    answer_days: float = 2.0
    timezone: str = "UTC"
    unowned: int = 100


@attrs.frozen(kw_only=True, slots=False)
class AgendaPolicy:
    """The settings, checked.

    Attributes:
        settings: As configured.
        cadences: One by tier.
        zone: Where days begin.
    """

    settings: AgendaSettings
    cadences: Mapping[str, Cadence]
    zone: ZoneInfo

    @classmethod
    def of(cls, section: Mapping[str, object]) -> AgendaPolicy:
        """Read the section ``[agenda]``.

        Raises:
            ConfigError: names the setting that makes no sense.
        """
        settings = structure(AgendaSettings, section, "agenda")
        for tier, interval in settings.cadence.items():
            where = f"agenda.cadence.{tier}"
            if tier not in NAMES:
                refuse(where, f"is no tier: one of {', '.join(NAMES)}")
            if not 0 < interval.ideal < interval.worst:
                refuse(where, "needs 0 < ideal < worst, in days")
        if settings.answer_days < 0 or settings.unowned < 0:
            refuse("agenda", "answer_days and unowned must not be below 0")
        days_begin = zone(settings.timezone)
        if days_begin is None:
            refuse("agenda.timezone", "is no IANA zone", settings.timezone)
        return cls(
            settings=settings,
            cadences={
                tier: Cadence(
                    tier=tier,
                    ideal=timedelta(days=interval.ideal),
                    worst=timedelta(days=interval.worst),
                )
                for tier, interval in {**_DEFAULTS, **settings.cadence}.items()
            },
            zone=days_begin,
        )

    @cached_property
    def intervals(self) -> dict[str, tuple[int, int]]:
        """(ideal, worst) in microseconds, by tier."""
        return {tier: (span(c.ideal), span(c.worst)) for tier, c in self.cadences.items()}

    def tier_of(self, ideal: int, worst: int, held: str | None) -> str | None:
        """Give the tier that an interval is of: an organisation goes by the best of its people."""
        alike = [tier for tier, interval in self.intervals.items() if interval == (ideal, worst)]
        return alike[0] if alike and held not in alike else held

    @cached_property
    def quickest(self) -> int:
        """The shortest time in which anybody's overdue factor grows by 1, in microseconds."""
        return min(worst - ideal for ideal, worst in self.intervals.values())

    @cached_property
    def answer(self) -> int:
        """How long an open matter may wait, in microseconds."""
        return int(self.settings.answer_days * DAY)

    @cached_property
    def fingerprint(self) -> str:
        """A text that is equal exactly where the policy leads to the same dates and queue."""
        return json.dumps({**self._dates, "steps": STEPS}, sort_keys=True)

    def gives(self, fingerprint: object) -> bool:
        """Tell whether the policy with a fingerprint led to the same dates.

        One without steps is of an `advance` of before, whose queue does not tell how late.
        """
        return fingerprint in (self.fingerprint, json.dumps(self._dates, sort_keys=True))

    @property
    def _dates(self) -> dict[str, Any]:
        plain = attrs.asdict(self.settings)
        plain.pop("unowned")
        plain["cadence"] = sorted(self.intervals.items())
        return plain

    def day_at(self, at: int) -> int:
        """Give the day an instant falls on, counted from 1970."""
        return (instant(at).astimezone(self.zone).date() - _EPOCH).days

    def date_of(self, day: int) -> date:
        """Give the date of a day counted from 1970."""
        return _EPOCH + timedelta(days=day)

    def begins(self, day: date | int) -> int:
        """Give the instant a day begins."""
        when = self.date_of(day) if isinstance(day, int) else day
        local = datetime.combine(when, time(0), tzinfo=self.zone)
        return micros(local.astimezone(UTC)) // SECOND * SECOND


def number_of(day: date) -> int:
    """Count a day from 1970."""
    return (day - _EPOCH).days


def weigh(total: float, unexpected: float, *, is_open: bool) -> float:
    """Give the part of a priority that does not grow with time; rounded, so that it is exact."""
    fall = min(max(-unexpected, 0.0), _MOST_FALL)
    weight = max(total, 1.0) * (1.0 + fall / _FALL_SCALE) * (_OPEN if is_open else 1.0)
    return round(weight, 6)


def overdue(due: int, ideal: int, worst: int, day_end: int) -> float:
    """Give the factor of lateness on a day: 1 when due, 2 at the worst interval, 3 at most."""
    late = (day_end - due) / (worst - ideal)
    return min(1.0 + max(late, 0.0), MOST_OVERDUE)


def queued(due: int, ideal: int, worst: int, day_end: int) -> int:
    """Give the place in the queue on a day: 0 where it is not due yet, then one more each step."""
    if due >= day_end:
        return 0
    return 1 + int((overdue(due, ideal, worst, day_end) - 1.0) / _STEP)


def most_overdue(place: int, growth: float) -> float:
    """Give what the overdue factor can be at most, of a place in the queue.

    Args:
        place: The place, 1 or more.
        growth: How much it can have grown since the queue was put together.
    """
    return min(1.0 + place * _STEP + max(growth, 0.0) + _ROUNDING, MOST_OVERDUE)
