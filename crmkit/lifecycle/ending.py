"""Ending a relationship: asked for, approved by somebody senior, carried out in order (R238-R249).

Each of it is a decision of kind ``ending``; the approval brings with it the one move to `ended`.
A relationship that is reopened is a new one: the old ending stays in the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.arguments import choice, text
from crmkit.clock import micros
from crmkit.contracts.decisions import Deciding, decide
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.contracts.tables import CUSTOMER, STANDING
from crmkit.errors import RefusedError
from crmkit.lifecycle.ended import (
    APPROVED,
    ASKED,
    DECLINED,
    KIND,
    LEFT_ENDED,
    REOPEN,
    REOPENED,
    STEPPED,
    WORDS,
    endings_of,
    find,
    in_force,
)
from crmkit.lifecycle.history import read_moves, stage_at
from crmkit.lifecycle.stages import ENDED, FIRST
from crmkit.model.lifecycle import ENDING_REASONS, ENDING_STEPS, Ending, Reopening
from crmkit.value.history import read_live
from crmkit.value.scoring import require_root

WON_BACK = "won_back"
_GRAVE = frozenset({"broke_rules", "broken_down"})
"""Ended for these, a relationship begins anew only where somebody senior approves."""
_STATES = {
    ASKED: "waits for approval",
    APPROVED: "was approved already",
    DECLINED: "was turned down",
    REOPENED: "is over: the relationship was reopened",
}


def ask(session: Session, customer: str, reason: str, by: str | None) -> Ending:
    """Ask for the end of a relationship; nothing ends yet."""
    choice("reason", reason, ENDING_REASONS)
    deciding = session.deciding(WORDS[reason], by)
    with session.store.write() as writer:
        require_root(writer, customer)
        session.requester(deciding.by, f"ask for the end with customer {customer!r}")
        for known in endings_of(writer, customer):
            if known.state in (ASKED, APPROVED):
                message = f"ending {known.id} of customer {customer!r} {_STATES[known.state]}"
                raise RefusedError(message, customer_id=customer, ending_id=known.id)
        seq = decide(writer, KIND, customer, deciding, {"what": ASKED, "reason": reason})
        return find(writer, str(seq))


def approve(session: Session, id: str, by: str | None) -> Ending:  # noqa: A002
    """Approve an ending, or a reopening: it holds from now on."""
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        ending = find(writer, id)
        if id != ending.id:
            return _approve_reopening(session, writer, ending, id, deciding)
        session.approver(deciding.by, f"ending {id}", ending.requested_by)
        if ending.state == DECLINED:
            raise RefusedError(f"ending {id} {_STATES[DECLINED]}: ask for it anew", ending_id=id)
        if ending.approved_at is not None:
            return ending
        deciding = _in_turn(writer, ending, deciding)
        why = attrs.evolve(deciding, reason=WORDS[ending.reason])
        _move(writer, ending, ENDED, why, {"ending": id, "reason": ending.reason})
        _decide(writer, ending, deciding, APPROVED)
        return find(writer, id)


def decline(session: Session, id: str, reason: str, by: str | None) -> None:  # noqa: A002
    """Turn an ending or a reopening down before it was approved; it may be asked for again."""
    deciding = session.deciding(reason, by)
    with session.store.write() as writer:
        ending = find(writer, id)
        if id != ending.id:
            _asked(ending, id, waits=True)
            _decide(writer, ending, deciding, LEFT_ENDED)
        elif ending.state != ASKED:
            raise RefusedError(f"ending {id} {_STATES[ending.state]}", ending_id=id)
        else:
            _decide(writer, ending, deciding, DECLINED)


def step(session: Session, ending_id: str, name: str, evidence: str, by: str | None) -> Ending:
    """Record that the next step was carried out."""
    choice("step", name, ENDING_STEPS)
    deciding = session.deciding(text("evidence", evidence, least=1), by)
    with session.store.write() as writer:
        ending = find(writer, ending_id)
        if ending.state != APPROVED:
            message = f"ending {ending.id} {_STATES[ending.state]}: no step may be taken"
            raise RefusedError(message, ending_id=ending.id)
        if name != ending.next_step:
            due = ending.next_step or "nothing, all steps are done"
            message = f"step {name!r} is not next in ending {ending.id}: next is {due}"
            raise RefusedError(message, ending_id=ending.id, next_step=ending.next_step)
        _decide(writer, ending, deciding, STEPPED, step=name)
        return find(writer, ending.id)


def reopen(session: Session, customer: str, reason: str, by: str | None) -> Ending:
    """Begin anew with somebody whose relationship was ended, or ask for it."""
    deciding = session.deciding(text("reason", reason, least=1), by)
    with session.store.write() as writer:
        require_root(writer, customer)
        session.requester(deciding.by, f"reopen the relationship with customer {customer!r}")
        ending = in_force(writer, customer)
        if ending is None:
            message = f"the relationship with customer {customer!r} is not ended"
            raise RefusedError(message, customer_id=customer)
        if ending.reopening is not None:
            message = f"reopening {ending.reopening.id} of customer {customer!r} waits for approval"
            raise RefusedError(message, customer_id=customer, ending_id=ending.id)
        deciding = _in_turn(writer, ending, deciding)
        _decide(writer, ending, deciding, REOPEN)
        if ending.reason not in _GRAVE:
            _reopened(writer, ending, deciding, None)
        return find(writer, ending.id)


def _approve_reopening(
    session: Session,
    writer: Writer,
    ending: Ending,
    id: str,  # noqa: A002
    deciding: Deciding,
) -> Ending:
    again = _asked(ending, id)
    session.approver(deciding.by, f"reopening {id}", again.requested_by)
    if ending.state == REOPENED:
        return ending
    why = attrs.evolve(_in_turn(writer, ending, deciding), reason=again.reason)
    _reopened(writer, ending, why, deciding.by)
    return find(writer, id)


def _asked(ending: Ending, id: str, *, waits: bool = False) -> Reopening:  # noqa: A002
    """Give the reopening that was asked for last, which must be this one."""
    again = ending.reopening
    if again is None or again.id != id or (waits and again.since is not None):
        raise RefusedError(f"reopening {id} does not wait for approval", ending_id=ending.id)
    return again


def _in_turn(reader: Reader, ending: Ending, deciding: Deciding) -> Deciding:
    """Decide no earlier than what it follows: a clock that was set back turns no order around.

    Of two moves that hold from one instant on, the one recorded later goes before.
    """
    again = ending.reopening
    moves = [move for one in _roots(reader, ending.customer_id) for move in read_moves(reader, one)]
    known = [move.at for move in moves if move.what == "stage"]
    if again is not None:
        known.append(again.requested_at)
    if ending.approved_at is not None:
        known.append(ending.approved_at)
    return attrs.evolve(deciding, now=max([deciding.now, *(micros(at, "at") for at in known)]))


def _reopened(writer: Writer, ending: Ending, deciding: Deciding, approver: str | None) -> None:
    """Let somebody begin anew: won back where he ever bought, else a prospect."""
    after = WON_BACK if _bought(writer, ending.customer_id) else FIRST
    _move(writer, ending, after, deciding, {"ending": ending.id})
    _decide(writer, ending, deciding, REOPENED, approved_by=approver)


def _bought(reader: Reader, customer: str) -> bool:
    (root,) = _roots(reader, customer)[:1]
    return any(entry.kind == "purchase" for entry in read_live(reader, [root])[root])


def _decide(
    writer: Writer, ending: Ending, deciding: Deciding, what: str, **facts: str | None
) -> None:
    body = {"what": what, "ending": ending.id, **facts}
    decide(writer, KIND, ending.customer_id, deciding, body)


def _move(
    writer: Writer, ending: Ending, after: str, deciding: Deciding, facts: Mapping[str, Any]
) -> None:
    """Record the move from where he stands still, and let the standing say it.

    He is off the agenda until that is worked out anew. Whoever he was merged into since moves with
    him where they begin anew, for he was ended with him.
    """
    roots = _roots(writer, ending.customer_id)
    moved = [ending.customer_id] if after == ENDED else roots
    for customer in moved:
        before = stage_at(writer, customer, deciding.now)
        body = {
            "before": None if before is None else before.name,
            "after": after,
            "at": deciding.now,
            "replayed": False,
            "rule": None,
            "facts": dict(facts),
        }
        decide(writer, "stage", customer, deciding, body)
    place = STANDING.position
    for row in writer.fetch(STANDING, [(roots[0],)]):
        values = list(row)
        values[place["stage"]], values[place["stage_since"]] = after, deciding.now
        values[place["queue"]] = values[place["due"]] = None
        writer.put(STANDING, [tuple(values)])


def _roots(reader: Reader, customer: str) -> list[str]:
    """Give where an id leads to, and the id itself where that is another."""
    rows = reader.fetch(CUSTOMER, [(customer,)])
    root = next((str(row[CUSTOMER.position["root"]]) for row in rows), customer)
    return list(dict.fromkeys((root, customer)))
