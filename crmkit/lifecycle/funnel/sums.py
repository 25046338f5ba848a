"""Money by currency, shares of it, and medians."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from statistics import median

from crmkit.value.exchange import EXACT, hundredths, total


def sums(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Add money up by currency."""
    found: dict[str, list[Decimal]] = {}
    for code, amount in amounts:
        found.setdefault(code, []).append(amount)
    return {code: total(found[code]) for code in sorted(found)}


def part(amount: Decimal, share: float) -> Decimal:
    """Give a share of an amount, to the hundredth."""
    return hundredths(EXACT.multiply(amount, Decimal(repr(share))))


def each(amount: Decimal, count: int) -> Decimal:
    """Divide an amount among so many, to the hundredth."""
    return hundredths(EXACT.divide(amount, Decimal(count)))


def middle(values: Iterable[float | None]) -> float | None:
    """Give the median of those that there are."""
    found = [one for one in values if one is not None]
    return median(found) if found else None
