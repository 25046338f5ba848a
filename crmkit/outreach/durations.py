"""Durations as they are written in the configuration: ``30s``, ``10m``, ``24h``, ``3d``."""

from __future__ import annotations

import re

from crmkit.clock import DAY, SECOND
from crmkit.contracts.settings import refuse

_FORM = re.compile("([0-9]{1,9})([smhd])")
_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": DAY}
_MOST = 3650 * DAY


def duration(text: object, key: str, *, least: int = SECOND) -> int:
    """Read a duration, in microseconds.

    Args:
        text: What the configuration says: a whole number and ``s``, ``m``, ``h`` or ``d``, which
            is 24 hours; at most ten years.
        key: The setting, for the error.
        least: The shortest that makes sense, in microseconds.

    Raises:
        ConfigError: it is none, or too short or long; `key` names it.
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        refuse(key, 'must be a duration such as "30s", "10m", "24h" or "3d"', text)
    value = int(found[1]) * _UNITS[found[2]]
    if not least <= value <= _MOST:
        refuse(key, f"must be from {written(least)} to ten years", text)
    return value


def written(span: int) -> str:
    """Write whole seconds, given in microseconds, as `duration` reads them.

    Example:
        >>> written(90_000_000), written(7_200_000_000)
        ('90s', '2h')
    """
    unit = next(unit for unit in reversed(_UNITS) if span % _UNITS[unit] == 0)
    return f"{span // _UNITS[unit]}{unit}"
