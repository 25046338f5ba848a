"""Decay as an expression: what half-lives make of ages, on every engine the same."""

from __future__ import annotations

import math
from datetime import timedelta

import ibis

from crmkit.contracts.engine import span
from crmkit_ibis.dialects import Expression

_LN2 = math.log(2.0)
_LEAST, _MOST = -600.0 * _LN2, 500.0 * _LN2
"""Beyond so many half-lives nothing is added: PostgreSQL refuses what is smaller than a double."""
FULL = 100.0
SAFE = 500
"""A quotient of sums that lie so many half-lives back still has all its digits."""


def double(value: float) -> Expression:
    """Give a number as a double: as it is written, many engines take it for a decimal."""
    return ibis.literal(repr(float(value))).cast("float64")


def fade(age: Expression, half_life: timedelta, *, ahead: bool = False) -> Expression:
    """Give ``2 ** (age / half_life)``.

    Args:
        age: An instant less the one that is asked about, in microseconds: 0 or negative.
        half_life: After this long what happened counts half.
        ahead: Whether an age may be positive: a return is aged from its purchase's instant, and
            that may lie ahead.
    """
    exponent = ibis.greatest(age.cast("float64") * (_LN2 / span(half_life)), _LEAST)
    return (ibis.least(exponent, _MOST) if ahead else exponent).exp()


def earned(raw: Expression, scale: float) -> Expression:
    """Give the points of a sum: `scale` earns half of them."""
    halves = ibis.greatest(raw, 0.0) / scale
    return FULL * (1.0 - (ibis.greatest(-halves * _LN2, _LEAST)).exp())
