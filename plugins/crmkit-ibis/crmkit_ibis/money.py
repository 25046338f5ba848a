"""What customers brought, in the base currency: purchases less what was taken back."""

from __future__ import annotations

import ibis

from crmkit import ValueModel
from crmkit_ibis.decay import double
from crmkit_ibis.dialects import Expression, one_of
from crmkit_ibis.log import Table


def worth(table: Table, model: ValueModel, amount: Expression) -> Expression:
    """Give what an amount of a touchpoint is worth; 0 where its currency has no rate."""
    rates = {**model.rates, model.currency: 1.0}
    price = ibis.cases(
        *((table.currency == code, double(rate)) for code, rate in sorted(rates.items())),
        else_=double(0),
    )
    return amount.cast("float64") * price


def turnover(table: Table, negative: frozenset[str]) -> Expression:
    """Tell whether a touchpoint is a purchase, or takes money back."""
    return one_of(table.kind, {"purchase", *negative})
