"""Money of several currencies added up exactly in the value model's own."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

import attrs

from crmkit.model.value import ValueModel

EXACT = Context(prec=250, rounding=ROUND_HALF_EVEN)
"""Holds every sum of amounts without rounding, whatever the host's own context holds."""
_HUNDREDTH = Decimal("0.01")


@attrs.define
class Exchange:
    """What amounts are worth by a model's rates.

    Attributes:
        model: The model in force.
        unpriced: Currencies met for which it has no rate: their money counts nothing.
    """

    model: ValueModel
    unpriced: set[str] = attrs.field(factory=set)

    def worth(self, amount: str | None, currency: str | None) -> Decimal:
        """Give what an amount, in exact decimal text, is worth in the model's currency."""
        if amount is None or currency is None:
            return Decimal(0)
        rate = self.model.rate(currency)
        if rate is None:
            self.unpriced.add(currency)
            return Decimal(0)
        if currency == self.model.currency:
            return Decimal(amount)
        return EXACT.multiply(Decimal(amount), Decimal(repr(rate)))


def priced(model: ValueModel, amount: str | None, currency: str | None) -> float:
    """Give about what an amount is worth, where many are added up; 0.0 where it has no rate."""
    return 0.0 if amount is None else float(amount) * (model.rate(currency or "") or 0.0)


def hundredths(amount: Decimal) -> Decimal:
    """Round to the hundredth, half to even."""
    return EXACT.quantize(amount, _HUNDREDTH)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up without rounding."""
    whole = Decimal(0)
    for amount in amounts:
        whole = EXACT.add(whole, amount)
    return whole
