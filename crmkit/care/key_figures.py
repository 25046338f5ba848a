"""What accounts are worth and what they cost, from the log: profit and cost, never hours (R262)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from crmkit.care.plans import PLANS
from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, TOUCHPOINT
from crmkit.model.key_account import Benchmark, Figures
from crmkit.value.exchange import EXACT, Exchange, total
from crmkit.value.history import Entry, read_groups, read_log
from crmkit.value.layout import Layout

_ROOT = CUSTOMER.position["root"]
_AMOUNT, _MARGIN, _CURRENCY = (TOUCHPOINT.position[n] for n in ("amount", "margin", "currency"))
_YEAR = 365 * DAY
COMPARED = ("net_profit", "profit", "cost_to_serve", "revenue", "revenue_share", "growth", "years")
"""Figures that accounts are compared by; the first decides, the less of a cost is the better."""


def read_figures(  # noqa: PLR0913 - what figures rest on
    reader: Reader,
    layout: Layout,
    costs: Mapping[str, Decimal],
    customers: Sequence[str],
    revenue: Mapping[str, float],
    now: int,
) -> dict[str, Figures]:
    """Give the figures of some accounts, with everybody who belongs to each.

    Args:
        reader: One consistent look.
        layout: The model in force: its currency and rates.
        costs: Cost of one contact by its kind.
        customers: Root ids.
        revenue: Everybody's revenue, by root id.
        now: As of when.
    """
    members = _members(reader, customers)
    groups = read_groups(reader, {root for roots in members.values() for root in roots})
    log = read_log(reader, [base for bases in groups.values() for base in bases])
    spent = _expenses(reader, log)
    whole = sum(revenue.values())
    found = {}
    for customer, roots in members.items():
        bases = [base for root in roots for base in groups[root]]
        entries = [e for base in bases for e in log[base] if e.live and e.at <= now]
        expenses = [one for base in bases for one in spent.get(base, ())]
        own = sum(revenue.get(root, 0.0) for root in roots)
        share = own / whole if whole > 0 else 0.0
        found[customer] = _figures(layout, costs, entries, expenses, share, now)
    return found


def _members(reader: Reader, customers: Iterable[str]) -> dict[str, list[str]]:
    """Give whoever belongs to each account, at whatever depth; the account itself first."""
    members = {customer: [customer] for customer in customers}
    newest = {(customer, customer) for customer in members}
    while newest:
        bases = read_groups(reader, {root for _, root in newest})
        children: dict[str, set[str]] = {}
        parent = CUSTOMER.position["parent"]
        of = {base: root for root, group in bases.items() for base in group}
        for row in reader.fetch(CUSTOMER, [(base,) for base in of], by=("parent",)):
            children.setdefault(of[row[parent]], set()).add(row[_ROOT])
        newest = {
            (account, child)
            for account, root in newest
            for child in children.get(root, ())
            if child not in members[account]
        }
        for account, child in sorted(newest):
            members[account].append(child)
    return members


def _expenses(reader: Reader, bases: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Read what care plans' actions cost that were carried out: (amount, currency) by customer."""
    found: dict[str, list[tuple[str, str]]] = {}
    for plan in PLANS.about(reader, bases):
        spent = [(str(amount), currency) for _, amount, currency in plan.spent]
        found.setdefault(str(plan.customer_id), []).extend(spent)
    return found


def _figures(  # noqa: PLR0913 - what one account's figures rest on
    layout: Layout,
    costs: Mapping[str, Decimal],
    entries: Sequence[Entry],
    expenses: Sequence[tuple[str, str]],
    share: float,
    now: int,
) -> Figures:
    sums = Exchange(layout.model)
    selling = {"purchase", *layout.kinds.negative}
    sold = [entry for entry in entries if entry.kind in selling]
    margins = [entry for entry in sold if entry.row[_MARGIN] is not None]
    worth = [(e.at, sums.worth(e.row[_AMOUNT], e.row[_CURRENCY])) for e in sold]
    profit = total(sums.worth(e.row[_MARGIN], e.row[_CURRENCY]) for e in margins)
    costly = [costs[entry.kind] for entry in entries if entry.kind in costs]
    spent = total([*costly, *(sums.worth(*one) for one in expenses)])
    first = min((entry.at for entry in sold if entry.kind == "purchase"), default=now)
    last = total(money for at, money in worth if at > now - _YEAR)
    before = total(money for at, money in worth if now - 2 * _YEAR < at <= now - _YEAR)
    return Figures(
        currency=layout.model.currency,
        years=(now - first) / _YEAR,
        revenue=total(money for _, money in worth),
        revenue_share=min(max(share, 0.0), 1.0),
        growth=float(EXACT.divide(last, before)) - 1 if before > 0 else None,
        profit=profit if margins else None,
        margin_known=len(margins) / len(sold) if sold else 0.0,
        contacts=len(costly),
        cost_to_serve=spent,
        net_profit=EXACT.subtract(profit, spent) if margins else None,
        unpriced=tuple(sorted(sums.unpriced)),
    )


def benchmark(currency: str, figures: Mapping[str, Figures]) -> Benchmark:
    """Put accounts beside each other: the median of each figure, and who leads by it."""
    middle: dict[str, Any] = {}
    best: dict[str, str] = {}
    for name in COMPARED:
        known = {
            one: getattr(f, name) for one, f in figures.items() if getattr(f, name) is not None
        }
        if known:
            middle[name] = median(known.values())
            leads = min if name == "cost_to_serve" else max
            best[name] = leads(sorted(known), key=known.__getitem__)
    return Benchmark(figures=figures, median=Figures(currency=currency, **middle), best=best)
