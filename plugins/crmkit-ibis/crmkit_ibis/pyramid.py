"""The pyramid at an instant: tiers by rank alone, with what each really carries."""

from __future__ import annotations

import ibis

from crmkit import ValueModel
from crmkit.contracts.engine import TIERS
from crmkit_ibis.dialects import Expression
from crmkit_ibis.log import Log, Table
from crmkit_ibis.money import turnover, worth
from crmkit_ibis.scoring import score

_DIGITS = 9
"""Engines add in any order: totals that differ by less are equal, and ranked by id."""


def draw(log: Log, model: ValueModel, at: int, negative: frozenset[str], *, past: bool) -> Table:
    """Give a row for each tier, from the top; one that nobody stands in has zeros.

    Args:
        log: Of whom.
        model: By which model.
        at: As of when, in microseconds.
        negative: Kinds that take money back.
        past: Whether that is before the log's end: then those are ranked who were known by then.
    """
    happened = log.live.filter(log.live["at"] <= at)
    totals = score(log, model, at, negative).select("customer_id", "total")
    if past:
        totals = totals.filter(_known(log, happened, totals.customer_id, at))
    money = happened.filter(turnover(happened, negative) & happened.amount.notnull())
    paid = money.select("root", paid=worth(money, model, money.amount))
    earned = paid.group_by("root").agg(earned=paid.paid.sum())
    row = totals.left_join(earned, totals.customer_id == earned.root)
    row = row.select("customer_id", "total", earned=row.earned.fill_null(0.0))
    ranks = ibis.row_number().over(
        ibis.window(order_by=[row.total.round(_DIGITS).desc(), row.customer_id.asc()])
    )
    ranked = row.mutate(rank=ranks)
    whole = ranked.aggregate(
        everybody=ranked.count(), value=ranked.total.sum(), revenue=ranked.earned.sum()
    )
    ranked = ranked.cross_join(whole)
    layers, above = [], 0
    for place, (name, percent) in enumerate(TIERS):
        layers.append(_layer(ranked, place, name, (above, percent)))
        above = percent
    return ibis.union(*layers).order_by("place").drop("place")


def _known(log: Log, happened: Table, customer: Expression, at: int) -> Expression:
    """Tell who had a touchpoint by then, or had been written down as far as the log says it."""
    known = customer.isin(happened.root)
    if "recorded" in log.customers.columns:
        known |= customer.isin(log.customers.filter(log.customers.recorded <= at).root)
    return known


def _layer(ranked: Table, place: int, name: str, cut: tuple[int, int]) -> Table:
    """Give one tier: those whose rank lies between two parts of everybody, rounded up."""
    above, percent = cut
    reaches = [(ranked.everybody * part + 99) // 100 for part in (above, percent)]
    members = ranked.filter((ranked["rank"] >= reaches[0]) & (ranked["rank"] < reaches[1]))
    part = members.aggregate(
        count=members.count(),
        value_share=members.total.sum() / members.value.max(),
        revenue_share=members.earned.sum() / members.revenue.max().nullif(0.0),
        floor=members.total.min(),
        revenue=members.earned.sum(),
    )
    numbers = {
        one: part[one].fill_null(0.0)
        for one in ("value_share", "revenue_share", "floor", "revenue")
    }
    return part.select(place=ibis.literal(place), name=ibis.literal(name), count="count", **numbers)
