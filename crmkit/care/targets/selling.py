"""Which products sell (R270): one pass over what was bought in a period."""

from __future__ import annotations

from decimal import Decimal

import attrs

from crmkit.care.targets.tally import sales_kinds, whose
from crmkit.contracts.store import Reader
from crmkit.lifecycle.funnel.sums import sums
from crmkit.lifecycle.roster import read_roster
from crmkit.lifecycle.world import Guide
from crmkit.model.targets import Sold
from crmkit.value.exchange import total
from crmkit.value.live import live_rows

_COLUMNS = ("seq", "customer", "kind", "amount", "currency", "quantity", "item")


@attrs.define
class _Line:
    purchases: int = 0
    buyers: set[str] = attrs.field(factory=set)
    pieces: list[Decimal] = attrs.field(factory=list)
    money: list[tuple[str, Decimal]] = attrs.field(factory=list)


def sold(
    reader: Reader, guide: Guide, low: int, high: int, owners: frozenset[str] | None
) -> tuple[Sold, ...]:
    """Give how each product sold, the most bought first; `owners` None: everybody's customers."""
    roster = read_roster(reader)
    lines: dict[str, _Line] = {}
    kinds = sorted(sales_kinds(guide))
    rows = live_rows(reader, _COLUMNS, since=low, until=high, kinds=kinds)
    for _, customer, kind, amount, currency, quantity, item in rows:
        root = roster.root(customer)
        if owners is not None and whose(roster, root) not in owners:
            continue
        line = lines.setdefault(item or "", _Line())
        back = kind != "purchase"
        if not back:
            line.purchases += 1
            line.buyers.add(root)
        if quantity is not None:
            pieces = Decimal(quantity).copy_abs()
            line.pieces.append(pieces.copy_negate() if back else pieces)
        if amount is not None:
            line.money.append((currency, Decimal(amount)))
    made = (
        Sold(
            item=item,
            purchases=line.purchases,
            buyers=len(line.buyers),
            quantity=total(line.pieces) if line.pieces else None,
            amounts=sums(line.money),
        )
        for item, line in lines.items()
    )
    return tuple(sorted(made, key=lambda one: (-one.purchases, one.item)))
