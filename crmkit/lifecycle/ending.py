"""Ending a relationship: asked for, approved by somebody senior, carried out in order (R238-R253).

Each of it is a decision of kind ``ending``; the approval brings with it the one move to `ended`.
"""

from __future__ import annotations

from collections.abc import Sequence

from crmkit.arguments import choice, seq_of, text
from crmkit.contracts.decisions import Deciding, decide, decision, decisions_about
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import DECISION, STANDING
from crmkit.errors import DecisionNotFound, RefusedError
from crmkit.lifecycle.history import stage_at
from crmkit.lifecycle.stages import ENDED
from crmkit.model.lifecycle import ENDING_REASONS, ENDING_STEPS, Ending, EndingStep
from crmkit.model.log import Decision
from crmkit.value.scoring import require_root

KIND = "ending"
ASKED, APPROVED, DECLINED, STEPPED = "asked", "approved", "declined", "step"
_WORDS = {
    "no_longer_buys": "the customer no longer buys",
    "broke_rules": "his conduct broke our rules",
    "need_unmet": "our product no longer meets his need",
    "broken_down": "the relationship has broken down",
    "market_exit": "we leave the market",
}


def ask(session: Session, customer: str, reason: str, by: str | None) -> Ending:
    """Ask for the end of a relationship; nothing ends yet."""
    choice("reason", reason, ENDING_REASONS)
    deciding = session.deciding(_WORDS[reason], by)
    with session.store.write() as writer:
        require_root(writer, customer)
        for known in read_endings(writer, customer):
            state = "was approved" if known.approved_at else "waits for approval"
            message = f"ending {known.id} of customer {customer!r} {state} already"
            raise RefusedError(message, customer_id=customer, ending_id=known.id)
        seq = decide(writer, KIND, customer, deciding, {"what": ASKED, "reason": reason})
        return find(writer, str(seq))


def approve(session: Session, ending_id: str, by: str | None) -> Ending:
    """Approve an ending: the relationship is ended from now on."""
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        ending = find(writer, ending_id)
        session.approver(deciding.by, f"ending {ending_id}", ending.requested_by)
        if ending.approved_at is not None:
            return ending
        require_root(writer, ending.customer_id)
        decide(writer, KIND, ending.customer_id, deciding, {"what": APPROVED, "ending": ending_id})
        _move(writer, ending, deciding)
        return find(writer, ending_id)


def decline(session: Session, ending_id: str, reason: str, by: str | None) -> None:
    """Turn an ending down before it was approved; it may be asked for again."""
    deciding = session.deciding(reason, by)
    with session.store.write() as writer:
        ending = find(writer, ending_id)
        if ending.approved_at is not None:
            raise RefusedError(f"ending {ending_id} was approved already", ending_id=ending_id)
        body = {"what": DECLINED, "ending": ending_id}
        decide(writer, KIND, ending.customer_id, deciding, body)


def step(session: Session, ending_id: str, name: str, evidence: str, by: str | None) -> Ending:
    """Record that the next step was carried out."""
    choice("step", name, ENDING_STEPS)
    deciding = session.deciding(text("evidence", evidence, least=1), by)
    with session.store.write() as writer:
        ending = find(writer, ending_id)
        if ending.approved_at is None:
            message = f"ending {ending_id} waits for approval: no step may be taken before"
            raise RefusedError(message, ending_id=ending_id)
        if name != ending.next_step:
            due = ending.next_step or "nothing, all steps are done"
            message = f"step {name!r} is not next in ending {ending_id}: next is {due}"
            raise RefusedError(message, ending_id=ending_id, next_step=ending.next_step)
        body = {"what": STEPPED, "ending": ending_id, "step": name}
        decide(writer, KIND, ending.customer_id, deciding, body)
        return find(writer, ending_id)


def find(reader: Reader, ending_id: str) -> Ending:
    """Read an ending.

    Raises:
        DecisionNotFound: none has that id.
    """
    seq = seq_of(text("ending_id", ending_id))
    for row in reader.fetch(DECISION, [] if seq is None else [(seq,)]):
        asked = decision(row)
        if asked.kind == KIND and asked.body["what"] == ASKED:
            about = decisions_about(reader, [str(asked.customer_id)], frozenset({KIND}))
            return _ending(asked, [d for d in about if d.body.get("ending") == ending_id])
    raise DecisionNotFound(f"no ending has the id {ending_id!r}", id=ending_id)


def read_endings(reader: Reader, customer: str) -> list[Ending]:
    """Read a customer's endings that were not turned down, oldest first."""
    made = list(decisions_about(reader, [customer], frozenset({KIND})))
    declined = {d.body["ending"] for d in made if d.body["what"] == DECLINED}
    return [
        _ending(asked, [d for d in made if d.body.get("ending") == asked.id])
        for asked in made
        if asked.body["what"] == ASKED and asked.id not in declined
    ]


def _move(writer: Writer, ending: Ending, deciding: Deciding) -> None:
    """Record the move to `ended`, and take him off the agenda."""
    customer = ending.customer_id
    before = stage_at(writer, customer, deciding.now)
    body = {
        "before": None if before is None else before.name,
        "after": ENDED,
        "at": deciding.now,
        "replayed": False,
        "rule": None,
        "facts": {"ending": ending.id, "reason": ending.reason},
    }
    why = Deciding(now=deciding.now, by=deciding.by, reason=_WORDS[ending.reason])
    decide(writer, "stage", customer, why, body)
    place = STANDING.position
    for row in writer.fetch(STANDING, [(customer,)]):
        values = list(row)
        values[place["stage"]], values[place["stage_since"]] = ENDED, deciding.now
        values[place["queue"]] = values[place["due"]] = None
        writer.put(STANDING, [tuple(values)])


def _ending(asked: Decision, about: Sequence[Decision]) -> Ending:
    approved = next((d for d in about if d.body["what"] == APPROVED), None)
    return Ending(
        id=asked.id,
        customer_id=str(asked.customer_id),
        reason=asked.body["reason"],
        requested_by=asked.by,
        requested_at=asked.at,
        approved_by=None if approved is None else approved.by,
        approved_at=None if approved is None else approved.at,
        steps=tuple(
            EndingStep(name=d.body["step"], at=d.at, by=d.by, evidence=d.reason)
            for d in about
            if d.body["what"] == STEPPED
        ),
    )
