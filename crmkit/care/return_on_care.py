"""Return on care: what customers with a plan did since, against their like without (R135-R136).

The effect on a customer is his own change, from a span before the care began to an equally long
one since, less the mean change of his matches over the same spans (difference in differences).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import fmean
from typing import NamedTuple

import attrs

from crmkit.care.certainty import ENOUGH
from crmkit.care.courses import Courses, read_courses
from crmkit.care.earned import Log
from crmkit.care.holdout import holds, in_force
from crmkit.care.matched import Likeness, match
from crmkit.care.spans import Pair, Spans
from crmkit.clock import DAY, micros
from crmkit.contracts.store import Reader
from crmkit.lifecycle.ended import ended_roots
from crmkit.lifecycle.roster import read_roster
from crmkit.model.evaluation import Compared, ReturnOnCare
from crmkit.model.plan import CarePlan
from crmkit.value.basis import Basis
from crmkit.value.exchange import Exchange, hundredths, total
from crmkit.value.roots import roots_of

SHORTEST = 7 * DAY
"""Care that began later than so long before the period's end is not compared yet."""
_GRID = 4
"""Likeness is looked up at so many instants of the period: the last before a care began."""
APPROVED = "approved"


class Care(NamedTuple):
    """One customer's care within the period.

    Attributes:
        plan: His plan: the first that was approved in the period.
        start: When it was approved, in microseconds.
    """

    plan: CarePlan
    start: int


def return_on_care(
    reader: Reader, basis: Basis, plans: Sequence[CarePlan], since: int, until: int
) -> ReturnOnCare:
    """Compare everybody whose plan was approved from `since` to before `until`.

    Args:
        reader: One consistent look.
        basis: What scores rest on.
        plans: All of the workspace.
        since: The period's beginning, in microseconds.
        until: Its end.
    """
    roots = roots_of(reader, (plan.customer_id for plan in plans))
    cared = _cared(plans, roots, since, until)
    currency = basis.layout.model.currency
    cost, unpriced = _cost(plans, basis, since, until)
    nothing = ReturnOnCare(
        cared=len(cared),
        matched=0,
        others=0,
        held_out=False,
        currency=currency,
        cost=cost,
        unpriced=unpriced,
    )
    late = {root: care for root, care in cared.items() if until - care.start < SHORTEST}
    compared = {root: care for root, care in cared.items() if root not in late}
    if not compared:
        waits = f"; {len(late)} began too late in it" if late else ""
        return attrs.evolve(nothing, note=f"no care plan was approved in the period{waits}")
    grid = [since + (until - since) * place // _GRID for place in range(_GRID)]
    apart = read_roster(reader).left_out | ended_roots(reader).keys()
    courses = read_courses(reader, basis, grid, until, apart - compared.keys())
    ever = {root for plan in plans if (root := roots.get(plan.customer_id or "")) is not None}
    pairs, is_held_out = _match(reader, compared, courses, grid, ever, until)
    if not pairs:
        return attrs.evolve(nothing, note="there is nobody without care to compare with")
    log = Log.read(reader, basis.layout, _everybody(pairs))
    spans = Spans(pairs, log, courses, until)
    figures = tuple(spans.compared(measure) for measure in spans.measures)
    money = next(one for one in figures if one.measure in ("profit", "revenue"))
    paired = set(spans.roots)
    theirs = [plan for plan in plans if roots.get(plan.customer_id or "") in paired]
    spent, _ = _cost(theirs, basis, since, until)
    gain = hundredths(Decimal(repr(money.effect * money.count)))
    others = len({name for pair in pairs for name in pair.matches})
    return attrs.evolve(
        nothing,
        matched=len(pairs),
        others=others,
        held_out=is_held_out,
        compared=figures,
        by_bond=_by_bond(spans, {root: care.plan for root, care in cared.items()}),
        gain=gain,
        gain_of=money.measure,
        cost_of_compared=spent,
        ratio=float((gain - spent) / spent) if spent else None,
        proven=money.proven,
        note=_note(len(pairs), others, len(cared), len(late), money),
    )


def _note(pairs: int, others: int, cared: int, late: int, money: Compared) -> str:
    said = []
    if pairs < cared:
        said.append(f"{cared - pairs} of {cared} could not be compared ({late} began too late)")
    if pairs < ENOUGH:
        said.append(f"{pairs} customers are too few to say how sure the effect is")
    elif others < ENOUGH:
        said.append(f"{others} others without care are too few to say how sure the effect is")
    elif not money.proven:
        said.append(f"the effect on {money.measure} may be chance: its interval holds 0")
    return "; ".join(said)


def _cared(
    plans: Sequence[CarePlan], roots: Mapping[str, str], since: int, until: int
) -> dict[str, Care]:
    """Give whose first plan of the period was approved when."""
    found: dict[str, Care] = {}
    for plan in plans:
        root = roots.get(plan.customer_id or "")
        for step in plan.steps:
            start = micros(step.at)
            if step.what != APPROVED or root is None or not since <= start < until:
                continue
            if root not in found or start < found[root].start:
                found[root] = Care(plan, start)
    return found


def _cost(
    plans: Sequence[CarePlan], basis: Basis, since: int, until: int
) -> tuple[Decimal, tuple[str, ...]]:
    """Add up the expenses of what was carried out in the period, in the base currency."""
    exchange = Exchange(basis.layout.model)
    spent = (
        exchange.worth(str(amount), currency)
        for plan in plans
        for at, amount, currency in plan.spent
        if amount and since <= micros(at) < until
    )
    whole = hundredths(total(spent))
    return whole, tuple(sorted(exchange.unpriced))


def _match(  # noqa: PLR0913 - who, by what, when, without whom
    reader: Reader,
    cared: Mapping[str, Care],
    courses: Courses,
    grid: Sequence[int],
    ever: set[str],
    until: int,
) -> tuple[list[Pair], bool]:
    """Pair those who were cared for with their like; whoever was set aside by lot goes first."""
    holdout = in_force(reader, until - 1) or in_force(reader, grid[0])
    pairs: list[Pair] = []
    is_held_out = True
    for at, after in zip(grid, (*grid[1:], until), strict=True):
        alike = courses.alike[at]
        begun = {
            root: alike[root]
            for root, care in cared.items()
            if at <= care.start < after and root in alike
        }
        others = {root: one for root, one in alike.items() if root not in ever}
        drawn = {} if holdout is None else {r: o for r, o in others.items() if holds(holdout, r)}
        if _enough(begun, drawn):
            others = drawn
        elif begun:
            is_held_out = False
        for root, matches in match(begun, others).items():
            pairs.append(Pair(root, at, cared[root].start, matches))
    return pairs, is_held_out and bool(pairs)


def _enough(begun: Mapping[str, Likeness], drawn: Mapping[str, Likeness]) -> bool:
    """Tell whether everybody finds somebody of his tier among those who were set aside."""
    tiers = {one.tier for one in drawn.values()}
    return all(one.tier in tiers for one in begun.values())


def _everybody(pairs: Sequence[Pair]) -> list[str]:
    return sorted({name for pair in pairs for name in (pair.root, *pair.matches)})


def _by_bond(spans: Spans, plans: Mapping[str, CarePlan]) -> tuple[tuple[str, int, float], ...]:
    """Set the mean effect on the score beside the bonds that the plans' actions used."""
    found: dict[str, list[float]] = {}
    for root, effect in zip(spans.roots, spans.effects["score"], strict=True):
        for bond in {action.bond for action in plans[root].action_plan.actions if action.bond}:
            found.setdefault(bond, []).append(effect)
    return tuple((bond, len(effects), fmean(effects)) for bond, effects in sorted(found.items()))
