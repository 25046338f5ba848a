"""Everybody measured at one instant, column by column: no object and no query a customer.

Instants are microseconds as floats (exact up to the year 2255); NaN is "not known", which
fulfils no comparison.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Sequence
from math import isnan, nan

import attrs

from crmkit.clock import DAY
from crmkit.model.value import UNOBSERVED
from crmkit.value.layout import Layout
from crmkit.value.measure import (
    NOTHING_SAID,
    Said,
    measure,
    share_out,
    total,
)
from crmkit.value.movers import STOOD_STILL
from crmkit.value.quick import quick_totals
from crmkit.value.ranking import Ranking
from crmkit.value.readers import Setting, compile_readers
from crmkit.value.rhythm import Faded, faded, own_gap, unexpected
from crmkit.value.state import NEVER, State

TOLD = 5.0
"""A change of so many points is told with its causes."""
_CAUSES = 3

Causes = tuple[tuple[str, float], ...]


def _column() -> array[float]:
    return array("d")


@attrs.frozen
class Start:
    """One customer at the quarter's beginning.

    Attributes:
        total: His score then.
        parts: Contribution of each indicator.
        fading: What each loses by time alone until the quarter's end.
    """

    total: float
    parts: list[float]
    fading: list[float]


@attrs.define
class Columns:
    """Everybody at one instant, in the order of ids.

    Attributes:
        at: The instant.
        settings: What scores rest on: at the start, faded to the end, at the end.
        quick_total: Gives the total at the end of a state about whom nothing was said; made once.
        by_own: The change without the fading that one's own rhythm explains.
        irregular: By place, the fading of those without a rhythm of their own.
        causes: By place, the indicators that moved most, of those who moved by `TOLD`.
        written: Of `unmet`, those who had a record by then.
        unknown: Those who had neither a touchpoint nor a record at the instant.
    """

    at: int
    settings: tuple[Setting, Setting, Setting]
    ids: list[str] = attrs.field(factory=list)
    total: array[float] = attrs.field(factory=_column)
    before: array[float] = attrs.field(factory=_column)
    delta: array[float] = attrs.field(factory=_column)
    by_own: array[float] = attrs.field(factory=_column)
    gap: array[float] = attrs.field(factory=_column)
    first: array[float] = attrs.field(factory=_column)
    own: array[float] = attrs.field(factory=_column)
    contact: array[float] = attrs.field(factory=_column)
    first_purchase: array[float] = attrs.field(factory=_column)
    last_purchase: array[float] = attrs.field(factory=_column)
    purchases: array[float] = attrs.field(factory=_column)
    purchase_days: array[float] = attrs.field(factory=_column)
    quick_total: Callable[[State], float] | None = None
    irregular: dict[int, Faded] = attrs.field(factory=dict)
    causes: dict[int, Causes] = attrs.field(factory=dict)
    written: Collection[str] = ()
    unknown: Collection[str] = ()

    @property
    def unmet(self) -> list[str]:
        """Those who had done nothing by the quarter's beginning."""
        since = self.settings[0].at
        return [one for one, first in zip(self.ids, self.first, strict=True) if not first <= since]

    def start(self, layout: Layout, old: State, said: Said) -> Start:
        """Measure somebody at the quarter's beginning, and what time alone makes of it."""
        if said is NOTHING_SAID:
            return self._quick_start(layout, old)
        first = measure(layout, old, self.settings[0], said)
        weights = share_out(layout, first.states)
        faded = measure(layout, old, self.settings[1], said)
        return Start(
            total(weights, first.points),
            [w * p for w, p in zip(weights, first.points, strict=True)],
            [
                w * (after - before)
                for w, after, before in zip(weights, faded.points, first.points, strict=True)
            ],
        )

    def _quick_start(self, layout: Layout, old: State) -> Start:
        """Do the same for somebody about whom nothing was said, in one loop: nearly everybody."""
        before, after, _ = self.settings
        sums, since, until = old.sums, before.at, after.at
        whole = 0.0
        parts: list[float] = []
        fading: list[float] = []
        for (read, earn, weight), is_fed in zip(compile_readers(layout), before.fed, strict=True):
            part = lost = 0.0
            if is_fed:
                raw = read(sums, since, old, before)
                if isinstance(raw, float):
                    whole += weight
                    later = read(sums, until, old, after)
                    part = weight * earn(raw)
                    lost = weight * earn(later) - part if isinstance(later, float) else -part
                elif raw is UNOBSERVED:
                    whole += weight
            parts.append(part)
            fading.append(lost)
        if whole <= 0:
            return Start(0.0, parts, fading)
        return Start(
            sum(parts) / whole, [part / whole for part in parts], [lost / whole for lost in fading]
        )

    def add(self, customer: str, layout: Layout, new: State, said: Said, start: Start) -> None:
        """Measure somebody at the quarter's end and write him down."""
        setting = self.settings[2]
        if said is NOTHING_SAID:
            self.quick_total = self.quick_total or quick_totals(layout, setting)
            last = self.quick_total(new)
        else:
            measured = measure(layout, new, setting, said)
            last = total(share_out(layout, measured.states), measured.points)
        place = len(self.ids)
        self.ids.append(customer)
        self.total.append(last)
        self.before.append(start.total)
        delta = last - start.total
        gap = self._rhythm(new)
        news = 0.0
        if abs(delta) <= STOOD_STILL:
            delta = 0.0
        else:
            fading = faded(layout, new, start.fading, self.at)
            if fading and gap is None:
                self.irregular[place] = fading
            news = unexpected(delta, fading, gap)
            if abs(delta) >= TOLD:
                now = measure(layout, new, setting, said)
                weights = share_out(layout, now.states)
                self.causes[place] = _causes(layout, start.parts, weights, now.points, delta)
        self.delta.append(delta)
        self.by_own.append(news)

    def _rhythm(self, state: State) -> float | None:
        """Write down when he bought and was last met; give his median gap."""
        at = self.at
        bought = state.bought_until(at)
        gap = own_gap(state, at)
        self.gap.append(nan if gap is None else gap)
        self.first.append(state.first if state.newest != NEVER else nan)
        self.own.append(state.own if state.own != NEVER else nan)
        self.contact.append(state.contact if state.contact != NEVER else nan)
        self.first_purchase.append(bought[0] if bought else nan)
        self.last_purchase.append(bought[-1] if bought else nan)
        self.purchases.append(len(bought))
        self.purchase_days.append(len({one // DAY for one in bought}))
        return gap

    def unexpected(self) -> array[float]:
        """Give everybody's change without the fading that his rhythm explains.

        Somebody without a rhythm of his own is judged by the median of the tier he held at the
        quarter's beginning, among those who were known by then.
        """
        found = self.by_own[:]
        if self.irregular:
            gaps = {
                customer: gap
                for customer, gap in zip(self.ids, self.gap, strict=True)
                if not isnan(gap)
            }
            unknown = set(self.unmet).difference(self.written)
            totals = zip(self.ids, self.before, strict=True)
            ranking = Ranking.of([one for one in totals if one[0] not in unknown], gaps)
            for place, fading in self.irregular.items():
                gap = ranking.tier_gap(self.ids[place])
                found[place] = unexpected(self.delta[place], fading, gap)
        return found

    def ranks(self) -> array[int]:
        """Give everybody's rank, 1 the best; equal totals by customer id, the unknown last.

        Totals are compared to nine places: the order in which a sum was added up is no merit.
        """
        totals = self.total
        order = sorted(range(len(totals)), key=lambda place: -round(totals[place], 9))
        if self.unknown:
            order.sort(key=lambda place: self.ids[place] in self.unknown)
        ranks = array("q", bytes(8 * len(order)))
        for rank, place in enumerate(order, 1):
            ranks[place] = rank
        return ranks


def _causes(
    layout: Layout,
    before: Sequence[float],
    weights: Sequence[float],
    points: Sequence[float],
    delta: float,
) -> Causes:
    """Name the indicators that moved most in the direction of the change."""
    sign = 1 if delta > 0 else -1
    moved = sorted(
        (
            (-sign * (weight * earned - old), slots.indicator.name)
            for slots, old, weight, earned in zip(
                layout.slots, before, weights, points, strict=True
            )
        )
    )
    return tuple((name, round(-sign * size, 2)) for size, name in moved[:_CAUSES] if size < 0)
