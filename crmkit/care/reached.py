"""Whether a plan has led its customer (back) to his goal tier (R132)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER, STANDING
from crmkit.lifecycle.tiers import NAMES
from crmkit.model.plan import CarePlan
from crmkit.value.roots import roots_of

_ROOT, _TIER = CUSTOMER.position["root"], STANDING.position["tier"]


def is_reached(goal: str | None, tier: str | None) -> bool | None:
    """Tell whether a tier is the goal, or better; None: there is no goal, or no tier is known.

    Example:
        >>> is_reached("core", "key"), is_reached("core", "base"), is_reached(None, "key")
        (True, False, None)
    """
    if goal is None or tier not in NAMES:
        return None
    return NAMES.index(tier) <= NAMES.index(goal)


def with_reached(reader: Reader, plans: Sequence[CarePlan]) -> tuple[CarePlan, ...]:
    """Say of the running ones whether the goal is reached: by the tiers that `advance` recorded.

    No tier is known of a customer who was erased since his plan was read.
    """
    running = {plan.customer_id for plan in plans if plan.state == "running"}
    roots = roots_of(reader, running)
    rows = reader.fetch(STANDING, [(root,) for root in set(roots.values())])
    tiers = {row[0]: row[_TIER] for row in rows}
    held = {customer: tiers.get(root) for customer, root in roots.items()}
    return tuple(
        attrs.evolve(plan, reached=is_reached(plan.goal_tier, held.get(str(plan.customer_id))))
        if plan.state == "running"
        else plan
        for plan in plans
    )
