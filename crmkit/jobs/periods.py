"""Section ``[jobs]``: how often each job is done, and which slot of its period an instant is in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from crmkit.clock import instant, span
from crmkit.contracts.settings import check_keys
from crmkit.jobs.declared import JOBS
from crmkit.outreach.durations import duration

OFF = "off"
_PERIODIC = {one.name: one.every for one in JOBS.values() if one.every is not None}


def read_periods(section: Mapping[str, Any]) -> dict[str, int | None]:
    """Give every periodic job's period, in microseconds; None: it is off.

    Args:
        section: What the configuration says: a duration such as ``15m``, or ``off``.

    Raises:
        ConfigError: a job is none, or its period makes no sense; `key` names it.
    """
    check_keys(section, _PERIODIC, "jobs")
    given = {name: section.get(name, every) for name, every in _PERIODIC.items()}
    return {
        name: None if every == OFF else duration(every, f"jobs.{name}")
        for name, every in given.items()
    }


def slot(now: int, period: int, zone: tzinfo) -> int:
    """Give when the slot of a period began that an instant lies in: the same on every machine.

    Days begin where those who work here are. Where their clocks are put back, a slot more begins.

    Args:
        now: Microseconds since 1970.
        period: Microseconds.
        zone: Where days begin.
    """
    offset = instant(now).astimezone(zone).utcoffset()
    return now - (now + (span(offset) if offset is not None else 0)) % period
