"""What was shown then: tiers as recorded, and everybody's movement by the knowledge of each end."""

from __future__ import annotations

from crmkit.clock import micros
from crmkit.contracts.decisions import decisions, decisions_about
from crmkit.contracts.store import Reader
from crmkit.value.basis import Basis, read_merges
from crmkit.value.everybody import roots_of_all
from crmkit.value.explain import explain_as_shown
from crmkit.value.known import written_down
from crmkit.value.movers import STOOD_STILL, Moved, Survey
from crmkit.value.ranking import Ranking
from crmkit.value.rhythm import Faded, own_gap, unexpected

_TIER_KIND = frozenset({"tier"})


def tier_as_shown(reader: Reader, customer: str, at: int) -> str | None:
    """Give the tier that had been recorded for a customer by `at`."""
    tier = None
    for decision in decisions_about(reader, [customer], _TIER_KIND):
        if micros(decision.at) <= at:
            tier = decision.body["after"]
    return tier


def tiers_as_shown(reader: Reader, at: int) -> dict[str, str]:
    """Give everybody's tier that had been recorded by `at`."""
    return {
        decision.customer_id or "": decision.body["after"]
        for decision in decisions(reader, "tier")
        if micros(decision.at) <= at
    }


def shown_survey(reader: Reader, basis: Basis, since: int, until: int) -> Survey:
    """Measure everybody at both ends by what had been recorded, merged and decided there."""
    merges = read_merges(reader)
    totals: list[tuple[str, float]] = []
    gaps: dict[str, float] = {}
    paths: list[tuple[str, float, float, Faded, float | None]] = []
    for customer in roots_of_all(reader):
        path = explain_as_shown(reader, basis, customer, since, until, merges)
        before = path.before.total
        totals.append((customer, before))
        gap = own_gap(path.state, until)
        if gap is not None:
            gaps[customer] = gap
        delta = path.after.total - before
        if abs(delta) > STOOD_STILL:
            paths.append((customer, before, delta, path.fading(until), gap))
    # Whoever had done something that was captured by then had a record by then.
    ranking = Ranking.of(written_down(reader, totals, since), gaps)
    moved = []
    for customer, before, delta, fading, gap in paths:
        known = ranking.tier_gap(customer) if gap is None else gap
        moved.append(Moved(customer, before, delta, unexpected(delta, fading, known)))
    return Survey(moved, ranking, tiers_as_shown(reader, since))
