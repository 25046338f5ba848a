"""Where everybody stood at a few instants, and how he had moved: what matches are found by."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from math import copysign, log1p

import attrs

from crmkit.care.matched import Likeness
from crmkit.clock import DAY
from crmkit.contracts.store import Reader
from crmkit.value.basis import Basis, all_sayings
from crmkit.value.everybody import each_course
from crmkit.value.history import TODAY
from crmkit.value.measure import NOTHING_SAID, Said, revenue
from crmkit.value.quick import quick_totals
from crmkit.value.ranking import Ranking
from crmkit.value.scoring import value
from crmkit.value.state import NEVER, State

QUARTER = 91 * DAY
"""How far back a customer's movement is looked at."""


@attrs.frozen
class Courses:
    """Everybody's likeness at some instants, and the total of those who are asked about.

    Attributes:
        alike: By instant, then by root id.
        totals: By instant, then by root id, at `alike`'s instants and at the end.
    """

    alike: dict[int, dict[str, Likeness]]
    totals: dict[int, dict[str, float]]


def read_courses(
    reader: Reader,
    basis: Basis,
    instants: Sequence[int],
    end: int,
    left_out: Container[str] = frozenset(),
) -> Courses:
    """Read everybody's course in one pass.

    Args:
        reader: Where to read.
        basis: What scores rest on.
        instants: When likeness is asked for, in microseconds.
        end: Totals are wanted of this instant too.
        left_out: Root ids that need not be kept.
    """
    layout = basis.layout
    asked = sorted({end, *instants, *(at - QUARTER for at in instants)})
    totals_at = {at: _total(basis, at) for at in asked}
    sayings = all_sayings(reader)
    totals: dict[int, dict[str, float]] = {at: {} for at in (*instants, end)}
    moved: dict[int, dict[str, tuple[float, ...]]] = {at: {} for at in instants}
    place = {at: number for number, at in enumerate(asked)}
    for root, states in each_course(reader, layout, tuple(asked)):
        if root in left_out or states[-1].newest == NEVER:
            continue
        said = sayings.get(root)
        whole = [
            totals_at[at](state, NOTHING_SAID if said is None else said.at(at))
            for at, state in zip(asked, states, strict=True)
        ]
        earned = [revenue(layout, state) for state in states]
        for at in (*instants, end):
            totals[at][root] = whole[place[at]]
        for at in instants:
            if states[place[at]].newest == NEVER:
                continue  # nobody knew him yet
            now, before = place[at], place[at - QUARTER]
            spent = earned[now] - earned[before]
            level = copysign(log1p(abs(spent)), spent)
            known = log1p((at - states[now].first) / DAY)
            moved[at][root] = (whole[now], whole[now] - whole[before], level, known)
    alike = {}
    for at in instants:
        tiers = Ranking.of((root, totals[at][root]) for root in moved[at]).tiers
        alike[at] = {root: Likeness(tiers[root], figures) for root, figures in moved[at].items()}
    return Courses(alike, totals)


def _total(basis: Basis, at: int) -> Callable[[State, Said], float]:
    layout = basis.layout
    setting = basis.setting(layout, at, TODAY)
    quick = quick_totals(layout, setting)

    def total(state: State, said: Said) -> float:
        if said is NOTHING_SAID:
            return quick(state)
        return value(layout, state, setting, said).total

    return total
