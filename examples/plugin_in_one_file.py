"""A plugin without a distribution: workshops count, and are worth something."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import crmkit
from crmkit import Indicator, hookimpl
from crmkit.contracts.specs import KindSpec
from crmkit.plugins import PluginManager


@hookimpl
def crmkit_touchpoint_kinds() -> Iterator[KindSpec]:
    """Let records of the kind ``workshop`` in."""
    yield KindSpec(name="workshop", en="Workshop", zh="工作坊", two_way=True)


@hookimpl
def crmkit_indicators() -> Iterator[Indicator]:
    """Measure them: two earn half the points, one a year old counts half."""
    half_life = timedelta(days=365)
    yield Indicator("workshops", ["workshop"], "count", half_life=half_life, scale=2, weight=10)


plugins = PluginManager()
plugins.register(sys.modules[__name__])

with crmkit.connect("memory://", plugins=plugins) as crm:
    now = datetime.now(UTC)
    crm.capture(
        {
            "source": "workshops",
            "id": f"{name}-{number}",
            "kind": "workshop",
            "at": now - timedelta(days=number),
            "customer": {"name": name, "workshops": name},
        }
        for name, count in (("Ann", 4), ("Bob", 1))
        for number in range(count)
    )
    for score in crm.value.scores():
        (part,) = [part for part in score.parts if part.indicator == "workshops"]
        name = crm.customers.get(score.customer_id).name
        print(f"{name}: {part.points:.0f} points for workshops, {score.total:.0f} in all")
