"""Exact sums of money, and medians."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from statistics import median

_EXACT = Context(prec=250, rounding=ROUND_HALF_EVEN)
_HUNDREDTH = Decimal("0.01")


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up without rounding."""
    found = Decimal(0)
    for amount in amounts:
        found = _EXACT.add(found, amount)
    return found


def sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Add money up by currency."""
    found: dict[str, list[Decimal]] = {}
    for code, amount in amounts:
        found.setdefault(code, []).append(amount)
    return {code: total(found[code]) for code in sorted(found)}


def part(amount: Decimal, share: float) -> Decimal:
    """Give a share of an amount, to the hundredth."""
    return _EXACT.quantize(_EXACT.multiply(amount, Decimal(repr(share))), _HUNDREDTH)


def each(amount: Decimal, count: int) -> Decimal:
    """Divide an amount among so many, to the hundredth."""
    return _EXACT.quantize(_EXACT.divide(amount, Decimal(count)), _HUNDREDTH)


def middle(values: Iterable[float | None]) -> float | None:
    """Give the median of those that there are."""
    found = [one for one in values if one is not None]
    return median(found) if found else None
