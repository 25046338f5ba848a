"""How buying developed, month by month and by class of goods: one pass over the log (R277)."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal

import attrs

from crmkit.clock import instant
from crmkit.contracts.store import Reader
from crmkit.model.market import BuyingBehaviour, Trend
from crmkit.value.exchange import EXACT, Exchange, total
from crmkit.value.layout import Layout
from crmkit.value.live import live_rows
from crmkit.value.roots import merged


@attrs.define
class _Class:
    """One class of goods in one month."""

    buyers: set[str] = attrs.field(factory=set)
    purchases: int = 0
    quantity: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)


def behaviour(
    reader: Reader, layout: Layout, zone: tzinfo, span: tuple[int, int], by: str
) -> BuyingBehaviour:
    """Add up what was bought between two instants, the second not among them."""
    found: dict[tuple[str, str], _Class] = {}
    exchange = Exchange(layout.model)
    roots = merged(reader)
    selling = ("purchase", *sorted(layout.kinds.negative))
    columns = ("seq", "at", "customer", "kind", "amount", "currency", "quantity", by)
    rows = live_rows(reader, columns, since=span[0], until=span[1], kinds=selling)
    for _, at, customer, kind, amount, currency, quantity, name in rows:
        month = f"{instant(at).astimezone(zone):%Y-%m}"
        one = found.setdefault((month, name or ""), _Class())
        one.revenue = EXACT.add(one.revenue, exchange.worth(amount, currency))
        if kind == "purchase":
            one.buyers.add(roots.get(customer) or str(customer))
            one.purchases += 1
            one.quantity = EXACT.add(one.quantity, Decimal(quantity or 0))
    return BuyingBehaviour(
        since=instant(span[0]),
        until=instant(span[1]),
        by=by,
        currency=layout.model.currency,
        trends=_trends(found),
        unpriced=tuple(sorted(exchange.unpriced)),
    )


def _trends(found: dict[tuple[str, str], _Class]) -> tuple[Trend, ...]:
    whole: dict[str, Decimal] = {}
    for (month, _), one in found.items():
        whole[month] = total((whole.get(month, Decimal(0)), one.revenue))
    made = [
        Trend(
            month=month,
            name=name,
            buyers=len(one.buyers),
            purchases=one.purchases,
            quantity=one.quantity,
            revenue=one.revenue,
            share=_over(one.revenue, whole[month]) or 0.0,
            change=_change(one, found.get((_before(month), name))),
        )
        for (month, name), one in found.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.month, -one.revenue, one.name)))


def _change(one: _Class, before: _Class | None) -> float | None:
    share = None if before is None else _over(one.revenue, before.revenue)
    return None if share is None else share - 1


def _over(part: Decimal, whole: Decimal) -> float | None:
    return float(EXACT.divide(part, whole)) if whole > 0 else None


def _before(month: str) -> str:
    """Give the month before: ``2026-01`` comes after ``2025-12``."""
    year, number = map(int, month.split("-"))
    return f"{year - (number == 1):04}-{(number - 2) % 12 + 1:02}"
