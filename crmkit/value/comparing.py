"""What would move if another model were put in force."""

from __future__ import annotations

from collections.abc import Callable

from crmkit.contracts.store import Reader, Store
from crmkit.model.value import Cause, Movement
from crmkit.value.basis import NO_SAYINGS, Basis, all_sayings
from crmkit.value.everybody import each_state
from crmkit.value.history import TODAY
from crmkit.value.layout import Layout
from crmkit.value.movers import STOOD_STILL, Moved, order_movers
from crmkit.value.ranking import Ranking
from crmkit.value.scoring import Valued, value
from crmkit.value.state import State


def compare(
    reader: Reader, basis: Basis, layout: Layout, now: int, store: Store
) -> tuple[list[Moved], Callable[[Moved], Movement]]:
    """Measure everybody under both models at `now`; largest change first, then by id."""
    sayings = all_sayings(reader)
    settings = {one.id: basis.setting(one, now, TODAY) for one in (basis.layout, layout)}

    def valued(which: Layout, state: State, customer: str) -> Valued:
        said = sayings.get(customer, NO_SAYINGS).at(now)
        return value(which, state, settings[which.id], said)

    olds = each_state(reader, basis.layout, now)
    news = each_state(reader, layout, now)
    moved = []
    before: list[tuple[str, float]] = []
    after: list[tuple[str, float]] = []
    for (customer, old), (_, new) in zip(olds, news, strict=True):
        first = valued(basis.layout, old, customer).total
        last = valued(layout, new, customer).total
        before.append((customer, first))
        after.append((customer, last))
        if abs(last - first) > STOOD_STILL:
            moved.append(Moved(customer, first, last - first, last - first))
    tiers = Ranking.of(before).tiers, Ranking.of(after).tiers

    def make(mover: Moved) -> Movement:
        name = mover.customer
        with store.read() as again:
            ((_, old),) = each_state(again, basis.layout, now, [name])
            ((_, new),) = each_state(again, layout, now, [name])
        pair = valued(basis.layout, old, name), valued(layout, new, name)
        return _movement(name, pair, now, (tiers[0].get(name), tiers[1].get(name)))

    ordered = order_movers(moved, direction=None, order="size", min_delta=0, limit=None)
    return ordered, make


def _movement(
    customer: str, pair: tuple[Valued, Valued], now: int, tiers: tuple[str | None, str | None]
) -> Movement:
    old, new = (valued.contributions() for valued in pair)
    causes = [
        Cause(indicator=name, reason="model", delta=new.get(name, 0.0) - old.get(name, 0.0))
        for name in dict.fromkeys((*old, *new))
    ]
    delta = pair[1].total - pair[0].total
    return Movement(
        customer_id=customer,
        before=pair[0].score(customer, now, tiers[0]),
        after=pair[1].score(customer, now, tiers[1]),
        delta=delta,
        unexpected=delta,
        causes=tuple(sorted((c for c in causes if c.delta), key=lambda cause: -abs(cause.delta))),
    )
