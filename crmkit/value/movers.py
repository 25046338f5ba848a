"""Everybody who moved between two instants, and by how much unexpectedly.

One pass measures everybody at both ends; the causes of those somebody looks at are walked by
`explain`, one customer at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

import attrs

from crmkit.arguments import choice
from crmkit.contracts.store import Reader
from crmkit.model.value import Movement
from crmkit.value.basis import NO_SAYINGS, Basis, all_sayings
from crmkit.value.everybody import each_course
from crmkit.value.explain import Path
from crmkit.value.history import TODAY
from crmkit.value.known import written_down
from crmkit.value.layout import Layout
from crmkit.value.measure import Said, measure, share_out, total
from crmkit.value.ranking import Ranking
from crmkit.value.readers import Setting
from crmkit.value.rhythm import Faded, all_unexpected, faded, own_gap, unexpected
from crmkit.value.scoring import TierOf, value
from crmkit.value.state import NEVER, State

STOOD_STILL = 1e-12
"""A change below this, in points, is rounding and no movement."""


class Moved(NamedTuple):
    """One customer's movement, in numbers."""

    customer: str
    before: float
    delta: float
    unexpected: float


@attrs.frozen
class Survey:
    """Everybody's movement between two instants.

    Attributes:
        moved: In the order of ids.
        before: The ranking of everybody known at the start, with the gaps known at the end.
        tiers: The tiers recorded by the start, in the view of what was shown.
    """

    moved: list[Moved]
    before: Ranking
    tiers: Mapping[str, str] = attrs.field(factory=dict)


def survey(reader: Reader, basis: Basis, since: int, until: int) -> Survey:
    """Measure everybody at both ends, with today's knowledge."""
    layout = basis.layout
    settings = (
        basis.setting(layout, since, TODAY),
        basis.setting(layout, until, TODAY, since),
        basis.setting(layout, until, TODAY),
    )
    sayings = all_sayings(reader)
    moved: list[Moved] = []
    irregular: dict[str, Faded] = {}
    totals: list[tuple[str, float]] = []
    unmet: list[tuple[str, float]] = []
    gaps: dict[str, float] = {}
    for customer, (old, new) in each_course(reader, layout, (since, until)):
        said = sayings.get(customer, NO_SAYINGS)
        first, lost = _fade(layout, old, settings, said.at(since))
        last = value(layout, new, settings[2], said.at(until)).total
        (unmet if old.newest == NEVER else totals).append((customer, first))
        gap = own_gap(new, until)
        if gap is not None:
            gaps[customer] = gap
        if abs(last - first) <= STOOD_STILL:
            continue
        delta = last - first
        fading = faded(layout, new, lost, until)
        if fading and gap is None:
            irregular[customer] = fading
        moved.append(Moved(customer, first, delta, unexpected(delta, fading, gap)))
    ranking = Ranking.of([*totals, *written_down(reader, unmet, since)], gaps)
    return Survey([_by_tier(mover, irregular, ranking) for mover in moved], ranking)


def _fade(
    layout: Layout, old: State, settings: tuple[Setting, Setting, Setting], said: Said
) -> tuple[float, list[float]]:
    """Give the total at the start, and what each indicator loses by time alone until the end."""
    start = measure(layout, old, settings[0], said)
    weights = share_out(layout, start.states)
    then = measure(layout, old, settings[1], said)
    return total(weights, start.points), [
        weight * (after - before)
        for weight, after, before in zip(weights, then.points, start.points, strict=True)
    ]


def _by_tier(
    mover: Moved,
    irregular: Mapping[str, Faded],
    ranking: Ranking,
) -> Moved:
    """Judge the fading of somebody without a rhythm of his own by the median of his tier."""
    if mover.customer not in irregular:
        return mover
    gap = ranking.tier_gap(mover.customer)
    news = unexpected(mover.delta, irregular[mover.customer], gap)
    return mover._replace(unexpected=news)


def check_order(direction: str | None, order: str) -> None:
    """Check in which order movements are asked for.

    Raises:
        InvalidValueError: an unknown direction or order; `field` names which.
    """
    if direction is not None:
        choice("direction", direction, ("rising", "falling"))
    choice("order", order, ("unexpected", "size"))


def order_movers(  # noqa: PLR0913 - the filters of the public call
    moved: Sequence[Moved],
    *,
    direction: str | None,
    order: str,
    min_delta: float,
    limit: int | None,
    tiers: Mapping[str, str] | None = None,
    tier: str | None = None,
) -> list[Moved]:
    """Filter and order movements: largest first, then by customer id.

    A falling list starts with the deepest unexpected fall, a rising one with the highest rise.
    """
    sign = {"rising": 1, "falling": -1, None: 0}[direction]

    def size(mover: Moved) -> float:
        extent = mover.unexpected if order == "unexpected" else mover.delta
        return sign * extent if sign else abs(extent)

    kept = [
        mover
        for mover in moved
        if abs(mover.delta) >= min_delta
        and (not sign or mover.delta * sign > 0)
        and (tier is None or (tiers or {}).get(mover.customer) == tier)
    ]
    kept.sort(key=lambda mover: (-size(mover), mover.customer))
    return kept[:limit]


class Movers(Sequence[Movement]):
    """Movements in order; each is made, with its causes, when somebody looks at it."""

    def __init__(self, moved: Sequence[Moved], make: Callable[[Moved], Movement]) -> None:
        """Keep the numbers; `make` walks one customer's path."""
        self._moved = moved
        self._make = make

    def __len__(self) -> int:
        """How many moved."""
        return len(self._moved)

    @overload
    def __getitem__(self, index: int) -> Movement: ...
    @overload
    def __getitem__(self, index: slice) -> Movers: ...
    def __getitem__(self, index: int | slice) -> Movement | Movers:
        """Give one movement, or some."""
        if isinstance(index, slice):
            return Movers(self._moved[index], self._make)
        return self._make(self._moved[index])

    def __iter__(self) -> Iterator[Movement]:
        """Go through them in order."""
        return map(self._make, self._moved)

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of movements."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Tell how many there are."""
        return f"<{len(self)} movements>"


def movement(
    customer: str,
    path: Path,
    when: tuple[int, int],
    tiers: tuple[TierOf | str | None, TierOf | str | None],
    gap_of_tier: Callable[[], float | None],
) -> Movement:
    """Make the public record of one customer's path from one instant to another."""
    delta = path.after.total - path.before.total
    fading = path.fading(when[1])
    gap = own_gap(path.state, when[1])

    def news() -> float:
        known = gap_of_tier() if gap is None and fading else gap
        return unexpected(delta, fading, known)

    return Movement(
        customer_id=customer,
        before=path.before.score(customer, when[0], tiers[0]),
        after=path.after.score(customer, when[1], tiers[1]),
        delta=delta,
        unexpected=news if fading and gap is None else news(),
        causes=path.causes(),
    )


def least_unexpected(path: Path, until: int) -> float:
    """Give the least that the unexpected part of a path can be, whatever a tier's rhythm is."""
    return min(all_unexpected(path.after.total - path.before.total, path.fading(until)))
