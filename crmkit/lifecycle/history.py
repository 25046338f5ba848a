"""Looking back: the stage that was in force at an instant, and the moves of one customer."""

from __future__ import annotations

from crmkit.clock import instant, micros
from crmkit.contracts.decisions import decisions_about
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER
from crmkit.lifecycle.columns import Columns
from crmkit.lifecycle.ended import WORDS, in_force
from crmkit.lifecycle.facts import LATE_FACTS, Column
from crmkit.lifecycle.frame import Frame
from crmkit.lifecycle.judging import NOTHING_KNOWN
from crmkit.lifecycle.matching import Matcher
from crmkit.lifecycle.measuring import measure_all
from crmkit.lifecycle.roster import pick, read_roster
from crmkit.lifecycle.signals import read_signals_of
from crmkit.lifecycle.stages import ENDED
from crmkit.lifecycle.world import MOVE_KINDS, Guide
from crmkit.model.lifecycle import STAGES, Move, Stage
from crmkit.model.log import Decision
from crmkit.value.basis import read_basis
from crmkit.value.rhythm import all_unexpected


def read_moves(reader: Reader, customer: str) -> list[Move]:
    """Read a customer's recorded moves, oldest first: by when they hold, then as recorded."""
    made = decisions_about(reader, [customer], frozenset(MOVE_KINDS))
    return sorted((_move(decision) for decision in made), key=lambda move: move.at)


def _move(decision: Decision) -> Move:
    body = decision.body
    if decision.kind == "tier":
        facts = {name: body[name] for name in ("rank", "count") if name in body}
    else:
        facts = body.get("facts", {})
    return Move(
        customer_id=decision.customer_id or "",
        what=decision.kind,
        before=body["before"],
        after=body["after"],
        at=instant(body["at"]),
        recorded_at=decision.at,
        rule="rank" if decision.kind == "tier" else body.get("rule"),
        reason=decision.reason,
        facts=facts,
        replayed=body.get("replayed", False),
    )


def stage_at(reader: Reader, customer: str, at: int) -> Stage | None:
    """Give the stage that a recorded move put in force by `at`, or None.

    Who was merged with somebody ended is ended, as long as they are one.
    """
    found = None
    for move in read_moves(reader, customer):
        if move.what == "stage" and micros(move.at) <= at:
            found = move
    ending = in_force(reader, customer, instant(at))
    if ending is not None and ending.approved_at is not None:
        since, why = ending.approved_at, WORDS[ending.reason]
        facts = {"ending": ending.id, "reason": ending.reason}
        return Stage(name=ENDED, since=since, rule=None, reason=why, facts=facts)
    if found is None:
        return None
    return Stage(
        name=found.after, since=found.at, rule=found.rule, reason=found.reason, facts=found.facts
    )


def work_out(reader: Reader, guide: Guide, customer: str, at: int) -> Stage:
    """Work out from the rules where a customer stood at an instant of which nothing was recorded.

    He is measured alone, and everybody only where that decides it: where a rule asks for his rank,
    or for a fall that without a rhythm of his own is judged by that of his tier.
    """
    basis = read_basis(reader, guide.defaults)
    group = reader.fetch(CUSTOMER, [(customer,)], by=("root",))
    roster = read_roster(reader, map(pick, group))
    signals = read_signals_of(reader, customer, basis.layout.kinds, at, guide.rules.counted)

    def stage(columns: Columns, **given: Column) -> Stage:
        frame = Frame(columns, roster, signals, guide.kind_rules, given=given)
        return _stage(guide, frame, columns.ids.index(customer))

    alone = measure_all(reader, basis, at, guide.period, [customer])
    asked = guide.rules.mentioned & LATE_FACTS
    if not asked:
        return stage(alone)
    if asked == {"unexpected"}:
        if not alone.irregular:
            return stage(alone)
        first, *others = all_unexpected(alone.delta[0], alone.irregular[0])
        found = stage(alone, unexpected=[first])
        if all(stage(alone, unexpected=[other]) == found for other in others):
            return found
    return stage(measure_all(reader, basis, at, guide.period))


def _stage(guide: Guide, frame: Frame, place: int) -> Stage:
    """Give where the rules alone lead somebody of whom nothing was recorded."""
    names = {name for rule in guide.rules.rules for name in (rule.to, *rule.since)}
    matcher = Matcher.of(guide.rules, frame, frozenset({*STAGES, *names}))
    name, rule = matcher.first(place)
    since = instant(frame.at)
    if rule is None:
        return Stage(name=name, since=since, rule=None, reason=NOTHING_KNOWN)
    return Stage(
        name=name,
        since=since,
        rule=rule.name,
        reason=matcher.reason(rule, place, name, None),
        facts=matcher.facts(rule, place, name, None),
    )
