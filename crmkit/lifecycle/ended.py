"""Endings as the log tells them, and the one question that everybody asks: is it over? (R250-R253).

An ending counts for the whole merge group: whoever turns out to be the same person is ended too,
and an unmerge parts them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from crmkit.arguments import seq_of, show, text
from crmkit.clock import LAST_YEAR
from crmkit.contracts.decisions import decision, decisions, decisions_about
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import CUSTOMER, DECISION
from crmkit.errors import DecisionNotFound, RefusedError
from crmkit.model.document import Step
from crmkit.model.lifecycle import Ending, EndingStep, Reopening
from crmkit.model.log import Decision
from crmkit.value.history import read_groups
from crmkit.value.roots import roots_of

KIND = "ending"
ASKED, APPROVED, DECLINED, STEPPED = "asked", "approved", "declined", "step"
REOPEN, REOPENED, LEFT_ENDED = "reopen", "reopened", "left_ended"
WORDS = {
    "no_longer_buys": "the customer no longer buys",
    "broke_rules": "his conduct broke our rules",
    "need_unmet": "our product no longer meets his need",
    "broken_down": "the relationship has broken down",
    "market_exit": "we leave the market",
}
"""The reasons (R238-R242) in words."""
_ROOT = CUSTOMER.position["root"]


def refuse_ended(reader: Reader, customer: str, what: str) -> None:
    """Refuse what sells to somebody, or reaches out to him, once the relationship was ended.

    To be called in the transaction that would write it; a few rows are read.

    Args:
        reader: The transaction.
        customer: Whom, by his root id.
        what: What he shall not get, for the message: ``a care plan``.

    Raises:
        RefusedError: the relationship was ended; `customer_id` and `ending_id` say which.
    """
    ending = in_force(reader, customer)
    if ending is not None:
        message = (
            f"{what} is refused: the relationship with customer {customer!r} was ended (ending "
            f"{ending.id}), and only what he must know reaches him; crm.lifecycle.reopen begins "
            "a new one"
        )
        raise RefusedError(message, customer_id=customer, ending_id=ending.id)


def in_force(reader: Reader, customer: str, at: datetime | None = None) -> Ending | None:
    """Give the ending that holds for a customer at an instant (None: now); None: none does."""
    return next((one for one in endings_of(reader, customer) if _holds(one, at)), None)


def endings_of(reader: Reader, customer: str) -> list[Ending]:
    """Read the endings of a root id and of everybody who was merged into it, oldest first."""
    group = read_groups(reader, [customer])[customer] or [customer]
    return _endings(decisions_about(reader, group, frozenset({KIND})))


def all_endings(reader: Reader) -> list[Ending]:
    """Read every ending of the workspace, oldest first."""
    return _endings(decisions(reader, KIND))


def ended_among(rows: Iterable[Row], roots: Mapping[str, str]) -> set[str]:
    """Give those of merge groups, by root, with whom the relationship is ended.

    Args:
        rows: All DECISION rows about them, in any order; other kinds are passed over.
        roots: The root of each id.
    """
    about = (decision(row) for row in sorted(row for row in rows if row[1] == KIND))
    return {roots[one.customer_id] for one in _endings(about) if _holds(one, None)}


def ended_roots(reader: Reader) -> dict[str, Ending]:
    """Give everybody whose relationship is ended, by root id, with the ending that holds."""
    standing = [one for one in all_endings(reader) if _holds(one, None)]
    roots = roots_of(reader, (one.customer_id for one in standing))
    return {roots[one.customer_id]: one for one in reversed(standing) if one.customer_id in roots}


def find(reader: Reader, id: str) -> Ending:  # noqa: A002
    """Read an ending by its own id, or by that of a reopening.

    Raises:
        DecisionNotFound: none has that id.
    """
    seq = seq_of(text("ending_id", id))
    for row in reader.fetch(DECISION, [] if seq is None else [(seq,)]):
        asked = decision(row)
        if asked.kind == KIND and asked.body["what"] in (ASKED, REOPEN):
            wanted = asked.body.get("ending", asked.id)
            about = decisions_about(reader, [str(asked.customer_id)], frozenset({KIND}))
            return next(one for one in _endings(about) if one.id == wanted)
    raise DecisionNotFound(f"no ending has the id {show(id)}", id=id)


def keep_until(ending: Ending, retention: Mapping[str, int]) -> datetime | None:
    """Give until when the policy keeps an ended customer's record; None: it names no term."""
    years = retention.get(ending.reason)
    if ending.approved_at is None or years is None:
        return None
    begins = ending.approved_at
    year = min(begins.year + years, LAST_YEAR)
    try:
        return begins.replace(year=year)
    except ValueError:  # the 29th of February
        return (begins + timedelta(days=1)).replace(year=year)


def mark(reader: Reader, customer: str, retention: Mapping[str, int]) -> dict[str, Any] | None:
    """Say what whoever reads an ended customer's record must know (R250); None: he is not ended."""
    ending = in_force(reader, customer)
    if ending is None or ending.approved_at is None:
        return None
    until = keep_until(ending, retention)
    return {
        "ending": ending.id,
        "since": ending.approved_at.isoformat(),
        "confidential": True,
        "keep_until": None if until is None else until.isoformat(),
    }


def _holds(ending: Ending, at: datetime | None) -> bool:
    if at is None:
        return ending.state == APPROVED
    again = None if ending.reopening is None else ending.reopening.since
    begun = ending.approved_at is not None and ending.approved_at <= at
    return begun and (again is None or again > at)


def _endings(made: Iterable[Decision]) -> list[Ending]:
    """Put the decisions about endings together, oldest first."""
    found: dict[str, Ending] = {}
    for one in made:
        id_ = one.body.get("ending", one.id)
        found[id_] = _taken(found.get(id_), one)
    return list(found.values())


def _taken(ending: Ending | None, one: Decision) -> Ending:
    """Give an ending as a decision about it leaves it."""
    what = one.body["what"]
    if ending is None:
        return Ending(
            id=one.id,
            customer_id=str(one.customer_id),
            reason=one.body["reason"],
            requested_by=one.by,
            requested_at=one.at,
        )
    if what == APPROVED:
        return attrs.evolve(ending, state=APPROVED, approved_by=one.by, approved_at=one.at)
    if what == DECLINED:
        declined = Step(what=DECLINED, at=one.at, by=one.by, reason=one.reason)
        return attrs.evolve(ending, state=DECLINED, declined=declined)
    if what == STEPPED:
        step = EndingStep(name=one.body["step"], at=one.at, by=one.by, evidence=one.reason)
        return attrs.evolve(ending, steps=(*ending.steps, step))
    if what == REOPEN:
        asked = Reopening(id=one.id, reason=one.reason, requested_by=one.by, requested_at=one.at)
        return attrs.evolve(ending, reopening=asked)
    if what == REOPENED and ending.reopening is not None:
        approved = attrs.evolve(ending.reopening, approved_by=one.body["approved_by"], since=one.at)
        return attrs.evolve(ending, state=REOPENED, reopening=approved)
    return attrs.evolve(ending, reopening=None)
