"""What people do with opportunities: each a decision that carries the opportunity whole.

After the end of a relationship nothing is sold any more, nor is what was sold made more of; what
was accepted may still be paid (R252).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, choice, flag, refuse, text
from crmkit.capture import money
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.session import Session
from crmkit.contracts.store import Writer
from crmkit.errors import RefusedError
from crmkit.lifecycle.funnel.becoming import PAID, changed, checked, lost, opened, stepped
from crmkit.lifecycle.funnel.book import BOOK, check_purchase, still_open
from crmkit.model.sales import FUNNEL_STAGES, LOST, WON, Opportunity, Problem, SalesCost
from crmkit.value.roots import root_of


def open_one(  # noqa: PLR0913 - private
    session: Session,
    customer: str,
    fields: dict[str, Any],
    stage: str,
    shared: bool,  # noqa: FBT001
    reason: str,
    by: str | None,
) -> Opportunity:
    """Open an opportunity; see `Funnel.open`."""
    given = checked(session, fields)
    choice("stage", stage, FUNNEL_STAGES[:-1])
    deciding = session.deciding(reason, by)
    why = _shared(shared, reason)
    with session.store.write() as writer:
        return BOOK.open(writer, deciding, opened(writer, customer, given, stage, why, deciding))


def move(  # noqa: PLR0913 - where to, why, what came of it
    session: Session,
    opportunity_id: str,
    stage: str,
    reason: str,
    purchase: tuple[str, str] | None,
    by: str | None,
) -> Opportunity:
    """Move an opportunity forward, back or to its payment; see `Funnel.move`."""
    choice("stage", stage, FUNNEL_STAGES)
    deciding = session.deciding(reason, by)
    with session.store.write() as writer:
        before = still_open(writer, opportunity_id, "moved")
        return step(writer, before, stage, deciding, purchase)


def step(
    writer: Writer,
    before: Opportunity,
    stage: str,
    deciding: Deciding,
    purchase: tuple[str, str] | None = None,
    **fields: Any,
) -> Opportunity:
    """Move an open opportunity within a transaction; arguments and errors are `stepped`'s."""
    after = stepped(writer, before, stage, deciding, purchase, **fields)
    return BOOK.move(writer, deciding, after, WON if stage == PAID else "moved")


def lose(
    session: Session, opportunity_id: str, reason: str, competitor: str | None, by: str | None
) -> Opportunity:
    """Close an opportunity as lost; see `Funnel.lose`."""
    deciding = session.deciding(text("reason", reason, least=1).strip(), by)
    rival = None if competitor is None else text("competitor", competitor, ID_LIMIT, least=1)
    with session.store.write() as writer:
        before = still_open(writer, opportunity_id, LOST)
        return BOOK.move(writer, deciding, lost(before, deciding, rival), LOST)


def update(  # noqa: PLR0913 - private
    session: Session,
    opportunity_id: str,
    fields: dict[str, Any],
    shared: bool | None,  # noqa: FBT001
    reason: str,
    by: str | None,
) -> Opportunity:
    """Change what an open opportunity says; see `Funnel.update`."""
    given = checked(session, fields)
    deciding = session.deciding(reason, by)
    if shared is not None:
        given["shared"] = _shared(shared, reason)
    with session.store.write() as writer:
        before = still_open(writer, opportunity_id, "changed")
        after = changed(writer, before, given)
        if after == before:
            return before
        return BOOK.move(writer, deciding, after, "updated")


def note(  # noqa: PLR0913 - what was noted, and where
    session: Session,
    opportunity_id: str,
    problem: str,
    countermeasure: str,
    stage: str | None,
    by: str | None,
) -> Opportunity:
    """Note a problem and its countermeasure (R88)."""
    text("problem", problem, least=1)
    text("countermeasure", countermeasure)
    if stage is not None:
        choice("stage", stage, FUNNEL_STAGES)
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        before = still_open(writer, opportunity_id, "noted upon")
        made = Problem(
            stage=stage or before.stage,
            problem=problem,
            countermeasure=countermeasure,
            at=instant(deciding.now),
            by=deciding.by,
        )
        after = attrs.evolve(before, problems=(*before.problems, made))
        return BOOK.move(writer, deciding, after, "noted")


def spend(  # noqa: PLR0913 - how much, on what
    session: Session,
    opportunity_id: str,
    amount: Decimal | str,
    currency: str,
    what: str,
    by: str | None,
) -> Opportunity:
    """Note what was spent on an opportunity (R91), also after it was closed."""
    paid = money.amount("amount", amount, least=Decimal(0))
    code = money.currency("currency", currency)
    text("what", what)
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        before = BOOK.get(writer, opportunity_id)
        made = SalesCost(
            amount=paid, currency=code, what=what, at=instant(deciding.now), by=deciding.by
        )
        after = attrs.evolve(before, costs=(*before.costs, made))
        return BOOK.move(writer, deciding, after, "spent")


def link(
    session: Session, opportunity_id: str, purchase: tuple[str, str], by: str | None
) -> Opportunity:
    """Name the purchase that a won opportunity became."""
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        before = BOOK.get(writer, opportunity_id)
        if before.state != WON:
            message = f"opportunity {before.id} is {before.state}: only one that was paid is linked"
            raise RefusedError(message, opportunity_id=before.id, state=before.state)
        found = check_purchase(writer, root_of(writer, before.customer_id), *purchase)
        return BOOK.move(writer, deciding, attrs.evolve(before, purchase=found), "linked")


def named(purchase: object) -> tuple[str, str] | None:
    """Take source and id of a purchase."""
    if purchase is None:
        return None
    if not isinstance(purchase, (tuple, list)) or len(purchase) != 2:  # noqa: PLR2004 - a pair
        refuse("purchase", "must be the source and the id of a purchase", purchase)
    source, touchpoint = purchase
    return text("purchase", source, ID_LIMIT), text("purchase", touchpoint, ID_LIMIT)


def _shared(shared: bool, reason: str) -> str:  # noqa: FBT001
    """Give why an opportunity is shared; empty: it is not."""
    if not flag("shared", shared):
        return ""
    if not text("reason", reason).strip():
        refuse("reason", "must say why the opportunity is shared")
    return reason
