"""A holdout: customers set aside by lot, so that what care brings can be told from what time does.

Who belongs to it follows from his id alone: nothing is kept a customer, a newcomer is drawn like
everybody else, and nobody can choose.
"""

from __future__ import annotations

from datetime import datetime

from crmkit.arguments import number
from crmkit.clock import instant, micros
from crmkit.contracts.decisions import decide, decisions
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import InvalidValueError
from crmkit.lot import drawn
from crmkit.model.evaluation import Holdout

KIND = "holdout"
_MOST = 0.5


def set_aside(
    session: Session, share: float, until: datetime, reason: str, by: str | None
) -> Holdout:
    """Set a share of all customers aside until an instant; a new one goes before the last."""
    share = number("share", share, 0.0, _MOST)
    deciding = session.deciding(reason, by)
    end = micros(until, "until")
    if end <= deciding.now:
        message = f"until must lie ahead, got {until}"
        raise InvalidValueError(message, field="until")
    with session.store.write() as writer:
        body = {"share": share, "until": end}
        seq = decide(writer, KIND, None, deciding, body)
    return Holdout(
        id=str(seq), share=share, since=instant(deciding.now), until=until, by=deciding.by
    )


def in_force(reader: Reader, at: int) -> Holdout | None:
    """Give the holdout in force at an instant; None: there is none."""
    found = None
    for made in decisions(reader, KIND):
        if micros(made.at) <= at:
            found = made
    if found is None or found.body["until"] <= at or not found.body["share"]:
        return None
    return Holdout(
        id=found.id,
        share=found.body["share"],
        since=found.at,
        until=instant(found.body["until"]),
        by=found.by,
    )


def holds(holdout: Holdout, customer: str) -> bool:
    """Tell whether a customer (by his root id) is set aside."""
    return drawn(f"{holdout.id}:{customer}", holdout.share)
