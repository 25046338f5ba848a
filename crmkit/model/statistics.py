"""Periodic statistics: how many customers and touchpoints there are, and how they came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from crmkit.model.serial import Record

NOBODY = "nobody"
"""Owner of customers without one."""
Counts = Mapping[str, int]
"""How many by name, the largest first."""


@attrs.frozen(kw_only=True)
class Statistics(Record):
    """Periodic statistics of a workspace (R79).

    Attributes:
        since: Touchpoints from here on, inclusive; None: from the first.
        until: Touchpoints up to here, exclusive; None: to the last.
        customers: How many there are.
        by_form: Persons and organisations.
        by_tier: Customers by tier, as `advance` recorded them.
        by_stage: Customers by stage.
        by_kind: Customers by kind: value, potential, migrating, frozen, ordinary.
        by_owner: Customers by account manager.
        touchpoints: How many hold.
        first: The earliest of them.
        last: The latest.
        by_touchpoint: Touchpoints by kind.
        by_source: Touchpoints by source.
        by_currency: Touchpoints by currency.
        captured: Touchpoints that came as a by-product of work.
        typed: Touchpoints that a person typed.
        captured_share: ``captured`` of both, 0.0 to 1.0: the measure of data-entry burden (R57).
        taken_back: Touchpoints that were corrected, retracted or undone.
        collisions: Keys that point at more than one customer and wait for somebody to decide.
    """

    since: datetime | None
    until: datetime | None
    customers: int
    by_form: Counts
    by_tier: Counts
    by_stage: Counts
    by_kind: Counts
    by_owner: Counts
    touchpoints: int
    first: datetime | None
    last: datetime | None
    by_touchpoint: Counts
    by_source: Counts
    by_currency: Counts
    captured: int
    typed: int
    captured_share: float
    taken_back: int
    collisions: int
