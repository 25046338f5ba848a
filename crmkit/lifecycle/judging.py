"""Who moves at one instant: stages by the rules, tiers by rank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from crmkit.contracts.decisions import decisions_about
from crmkit.contracts.store import Reader
from crmkit.lifecycle.frame import Frame
from crmkit.lifecycle.matching import Matcher
from crmkit.lifecycle.stages import ENDED, allowed
from crmkit.lifecycle.world import Guide, Held, World

NOTHING_KNOWN = "nothing else is known of him"


class Step(NamedTuple):
    """One move, before it is recorded."""

    customer: str
    what: str
    before: str | None
    after: str
    rule: str | None
    reason: str
    facts: Mapping[str, Any]


def judge(world: World, guide: Guide, frame: Frame, earlier: Held) -> list[Step]:
    """Give everybody's moves at one of the instants, and let them stand there from now on.

    Args:
        world: Where everybody stands; `held` is moved on.
        guide: The rules.
        frame: Everybody's facts at the instant.
        earlier: Where those stood before who came to their stage at this very instant: they are
            judged from there, so that judging twice moves nobody on.
    """
    matcher = world.matcher(guide, frame)
    return [*_stages(world, frame, matcher, earlier), *_tiers(world, frame)]


def _stages(world: World, frame: Frame, matcher: Matcher, earlier: Held) -> Iterable[Step]:
    at, held = frame.at, world.held.stage
    for place, customer in enumerate(frame.ids):
        stands = held.get(customer)
        if stands is None:
            name, rule = matcher.first(place)
            facts = {} if rule is None else matcher.facts(rule, place, name, None)
            reason = NOTHING_KNOWN if rule is None else matcher.reason(rule, place, name, None)
            held[customer] = name, at
            yield Step(
                customer, "stage", None, name, None if rule is None else rule.name, reason, facts
            )
            continue
        stage, since = stands
        if since > at or stage == ENDED:
            continue  # what was recorded later is not rewritten
        if since == at:
            step = _again(matcher, place, customer, stage, earlier)
        else:
            step = _moved(matcher, place, customer, stage, since)
        if step is not None:
            held[customer] = step.after, at
            yield step


def _moved(
    matcher: Matcher, place: int, customer: str, stage: str, since: int | None
) -> Step | None:
    rule = matcher.move(place, stage, since)
    if rule is None:
        return None
    reason = matcher.reason(rule, place, stage, since)
    facts = matcher.facts(rule, place, stage, since)
    return Step(customer, "stage", stage, rule.to, rule.name, reason, facts)


def _again(matcher: Matcher, place: int, customer: str, stage: str, earlier: Held) -> Step | None:
    """Judge somebody again at the instant he came to his stage, from where he came."""
    before = earlier.stage.get(customer)
    if before is None:
        name, rule = matcher.first(place)
        if rule is None or name == stage or not allowed(stage, name):
            return None
        reason = matcher.reason(rule, place, name, None)
        facts = matcher.facts(rule, place, name, None)
        return Step(customer, "stage", stage, name, rule.name, reason, facts)
    step = _moved(matcher, place, customer, *before)
    if step is None or step.after == stage or not allowed(stage, step.after):
        return None
    return step._replace(before=stage)


def _tiers(world: World, frame: Frame) -> Iterable[Step]:
    at, held, count = frame.at, world.held.tier, len(frame.ids)
    for customer, tier, rank in zip(frame.ids, frame.tiers, frame.ranks, strict=True):
        stands = held.get(customer)
        if stands is not None and (stands[0] == tier or stands[1] > at):
            continue
        before = None if stands is None else stands[0]
        held[customer] = tier, at
        facts = {"rank": rank, "count": count}
        yield Step(customer, "tier", before, tier, "rank", f"rank {rank} of {count}", facts)


def read_earlier(reader: Reader, held: Held, at: int) -> Held:
    """Read where those stood before who came to their stage at `at`."""
    moved = [customer for customer, (_, since) in held.stage.items() if since == at]
    earlier = Held()
    if not moved:
        return earlier
    stages: dict[str, list[tuple[str, int]]] = {}
    for decision in decisions_about(reader, moved, frozenset({"stage"})):
        body = decision.body
        stages.setdefault(decision.customer_id or "", []).append((body["after"], body["at"]))
    for customer, walked in stages.items():
        before = [step for step in walked if step[1] < at]
        if before:
            earlier.stage[customer] = before[-1]
    return earlier
