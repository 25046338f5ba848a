"""What the numbers and names of a value model may be: wide for every firm, and safe to count with.

Converters make of a value what is kept; what they cannot they leave as it is, for the checks to
name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeGuard

from crmkit.arguments import ID_LIMIT, flaw

HALF_LIVES = (timedelta(seconds=1), timedelta(days=365_000))
WEIGHTS = (1e-6, 1e6)
"""Weights, where they are not 0."""
SCALES = (1e-9, 1e15)
RATES = (1e-12, 1e12)
BREADTHS = 64
"""Most indicators of measure ``breadth`` in a model: each has a number of six bits."""


def listed(values: Any) -> Any:
    """Keep several things in their order."""
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else values


def names(values: Any) -> Any:
    """Keep names in order; one alone is a list of one."""
    return (values,) if isinstance(values, str) else listed(values)


def number(value: Any) -> Any:
    """Make a number a float; a text or a truth value is none."""
    return value if isinstance(value, (bool, str, bytes)) else _float(value)


def rates(prices: Any) -> Any:
    """Make prices floats; they may be exact decimals, or such a one's text."""
    if not isinstance(prices, Mapping):
        return prices
    return {
        code: _float(price) if isinstance(price, str) else number(price)
        for code, price in prices.items()
    }


def as_kept(half_life: Any) -> Any:
    """Take a half-life as it is read back from JSON, where it is a number of seconds."""
    if isinstance(half_life, timedelta) and half_life <= HALF_LIVES[1]:
        return timedelta(seconds=half_life.total_seconds())
    return half_life


def is_name(value: object) -> bool:
    """Tell whether it is a text that is not empty, and that every store keeps."""
    return isinstance(value, str) and bool(value.strip()) and not flaw(value, ID_LIMIT)


def are_names(values: object) -> bool:
    """Tell whether all of them are names."""
    return isinstance(values, (tuple, Mapping)) and all(map(is_name, values))


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether it is a number; NaN and truth values are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return value == value  # noqa: PLR0124 - NaN is not


def lies(value: object, least: float, most: float) -> bool:
    """Tell whether it is a number from `least` to `most`; NaN and truth values are none."""
    return is_number(value) and least <= value <= most


def told(ends: tuple[float, float]) -> str:
    """Say what lies in a range."""
    return f"must be a number from {ends[0]:g} to {ends[1]:g}"


def _float(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError, ArithmeticError):
        return value
