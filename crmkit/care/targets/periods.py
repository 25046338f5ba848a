"""Years, quarters and months."""

from __future__ import annotations

import re
from datetime import date

import attrs

from crmkit.arguments import refuse, text
from crmkit.clock import FIRST_YEAR, LAST_YEAR
from crmkit.lifecycle.cadence import AgendaPolicy

_FORM = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII).fullmatch
_YEAR, _QUARTER = 12, 3


@attrs.frozen
class Period:
    """One period.

    Attributes:
        name: As it is written: ``2026``, ``2026-Q1`` or ``2026-03``.
        first: Its first day.
        after: The first day behind it.
    """

    name: str
    first: date
    after: date

    def span(self, days: AgendaPolicy) -> tuple[int, int]:
        """Give the instants it begins and ends, in the agenda's time zone; the end is exclusive."""
        return days.begins(self.first), days.begins(self.after)


def read_period(value: str, field: str = "period") -> Period:
    """Read a period.

    Raises:
        InvalidValueError: it is written otherwise, or lies outside the years 1900 to 9998.

    Example:
        >>> read_period("2026-Q4").after
        datetime.date(2027, 1, 1)
    """
    found = _FORM(text(field, value))
    if found is None:
        refuse(field, "must be a year, a quarter or a month: 2026, 2026-Q1 or 2026-03", value)
    year, quarter, month = found.groups()
    if not FIRST_YEAR < int(year) < LAST_YEAR:
        refuse(field, f"must lie in the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}", value)
    start, length = 0, _YEAR
    if quarter:
        start, length = (int(quarter) - 1) * _QUARTER, _QUARTER
    elif month:
        start, length = int(month) - 1, 1
    more, end = divmod(start + length, _YEAR)
    return Period(found[0], date(int(year), start + 1, 1), date(int(year) + more, end + 1, 1))
