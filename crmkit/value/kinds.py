"""The kinds of customer (R140), by thresholds that are data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs

from crmkit.clock import DAY, span
from crmkit.model.value import CustomerKind
from crmkit.value.scoring import TierOf
from crmkit.value.state import NEVER, State

VALUABLE_TIERS = ("key", "core")


@attrs.frozen(kw_only=True)
class KindRules:
    """Where one kind ends and the next begins.

    Attributes:
        frozen_gaps: Silent for so many of his own median gaps: frozen.
        frozen_after: Silent for so long: frozen, whatever his rhythm.
        period: What falls and rises are looked for in.
        fallen: Points of unexpected fall in the period that make him migrating.
        risen: Points of rise in the period that show potential.
    """

    frozen_gaps: float = 4.0
    frozen_after: timedelta = timedelta(days=365)
    period: timedelta = timedelta(days=90)
    fallen: float = 10.0
    risen: float = 5.0


def kind_of(  # noqa: PLR0913 - the facts a kind rests on
    rules: KindRules,
    state: State,
    at: int,
    gap: float | None,
    tier: TierOf | str | None,
    moved: tuple[float, float | Callable[[], float]],
    research: str | None,
) -> CustomerKind:
    """Tell which kind a customer is.

    Args:
        rules: The thresholds.
        state: His state at `at`.
        at: The instant, in microseconds.
        gap: His median gap between purchase days, in days, where there is one.
        tier: His tier, or how to find it: looked for only where the kind hangs on it.
        moved: (delta, unexpected) over the rules' period, in points; the latter, or how to find it.
        research: What market research holds of him (`Customer.research`).
    """
    silent = None if state.own == NEVER else at - state.own
    delta, unexpected = moved
    if silent is not None and gap is not None and silent >= rules.frozen_gaps * gap * DAY:
        return CustomerKind(
            name="frozen",
            reason=f"nothing from him for {silent // DAY} days, his usual gap is {gap:g} days",
        )
    if silent is not None and silent >= span(rules.frozen_after):
        return CustomerKind(name="frozen", reason=f"nothing from him for {silent // DAY} days")
    days = rules.period.days
    if callable(unexpected):
        unexpected = unexpected()
    if unexpected <= -rules.fallen:
        return CustomerKind(
            name="migrating",
            reason=f"fell unexpectedly by {-unexpected:.1f} points in {days} days",
        )
    if callable(tier):
        tier = tier()
    if tier in VALUABLE_TIERS:
        return CustomerKind(name="value", reason=f"stands in the {tier} tier")
    if delta >= rules.risen:
        return CustomerKind(name="potential", reason=f"rose by {delta:.1f} points in {days} days")
    if research == "potential":
        return CustomerKind(name="potential", reason="market research rates him so")
    return CustomerKind(name="ordinary", reason="none of the other kinds applies")
