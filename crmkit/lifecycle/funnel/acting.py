"""What people do with opportunities: each a decision that carries the opportunity whole.

After the end of a relationship nothing is sold any more, nor is what was sold made more of; what
was accepted may still be paid (R252).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, choice, flag, refuse, text, texts
from crmkit.capture import money
from crmkit.clock import day, instant
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.session import Session
from crmkit.contracts.store import Writer
from crmkit.errors import RefusedError
from crmkit.lifecycle.ended import refuse_ended
from crmkit.lifecycle.funnel.book import (
    BOOK,
    check_purchase,
    forbid_rivalry,
    moved,
    still_open,
)
from crmkit.model.sales import (
    COMPETITION,
    FUNNEL_STAGES,
    LOST,
    OPEN,
    WON,
    Opportunity,
    Problem,
    SalesCost,
)
from crmkit.value.roots import root_of
from crmkit.value.scoring import require_root

PAID = FUNNEL_STAGES[-1]
ACCEPTED = FUNNEL_STAGES[-2]
SELLING = "selling"
_OFFER = ("name", "amount", "currency")


def checked(session: Session, fields: dict[str, Any]) -> dict[str, Any]:
    """Check the fields of an opportunity that were given."""
    checks: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: text("name", value, least=1),
        "amount": lambda value: money.amount("amount", value, least=Decimal(0)),
        "currency": lambda value: money.currency("currency", value),
        "owner": lambda value: session.person("owner", value),
        "source": lambda value: text("source", value),
        "competitors": lambda value: texts("competitors", value, ID_LIMIT),
        "competition": lambda value: choice("competition", value, COMPETITION),
        "closes": lambda value: None if value is None else day(value, "closes"),
    }
    return {name: checks[name](value) for name, value in fields.items()}


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
        require_root(writer, customer)
        refuse_ended(writer, customer, SELLING)
        if not why:
            forbid_rivalry(writer, customer, given["owner"])
        skipped = FUNNEL_STAGES[: FUNNEL_STAGES.index(stage)]
        made = Opportunity(
            customer_id=customer,
            state=OPEN,
            stage=stage,
            shared=why,
            moves=(moved(deciding, stage, skipped=skipped),),
            **given,
        )
        return BOOK.open(writer, deciding, made)


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
    """Move an open opportunity within a transaction; `fields` go into its `FunnelMove`.

    Raises:
        RefusedError: it stands there already, goes back without a reason, or the relationship was
            ended.
    """
    here, there = FUNNEL_STAGES.index(before.stage), FUNNEL_STAGES.index(stage)
    facts = {"opportunity_id": before.id, "stage": before.stage}
    if here == there:
        raise RefusedError(f"opportunity {before.id} stands at {stage!r} already", **facts)
    if there < here and not deciding.reason.strip():
        message = f"opportunity {before.id} goes back from {before.stage!r} only with a reason"
        raise RefusedError(message, **facts)
    root = root_of(writer, before.customer_id)
    settles = stage == PAID and before.stage == ACCEPTED  # R246: what is owed is settled
    if there > here and not settles:
        refuse_ended(writer, root, SELLING)
    if purchase is not None and stage != PAID:
        refuse("purchase", f"comes with the stage {PAID!r} only")
    after = attrs.evolve(
        before,
        stage=stage,
        state=WON if stage == PAID else OPEN,
        purchase=None if purchase is None else check_purchase(writer, root, *purchase),
        moves=(
            *before.moves,
            moved(deciding, stage, skipped=FUNNEL_STAGES[here + 1 : there], **fields),
        ),
    )
    return BOOK.move(writer, deciding, after, WON if stage == PAID else "moved")


def lose(
    session: Session, opportunity_id: str, reason: str, competitor: str | None, by: str | None
) -> Opportunity:
    """Close an opportunity as lost; see `Funnel.lose`."""
    deciding = session.deciding(text("reason", reason, least=1).strip(), by)
    rival = None if competitor is None else text("competitor", competitor, ID_LIMIT, least=1)
    with session.store.write() as writer:
        before = still_open(writer, opportunity_id, LOST)
        known = dict.fromkeys((*before.competitors, *([] if rival is None else [rival])))
        after = attrs.evolve(
            before,
            state=LOST,
            lost_to=rival,
            competitors=tuple(known),
            moves=(*before.moves, moved(deciding, before.stage, lost=True)),
        )
        return BOOK.move(writer, deciding, after, LOST)


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
        after = attrs.evolve(before, **given)
        if any(getattr(after, name) != getattr(before, name) for name in _OFFER):
            refuse_ended(writer, root_of(writer, before.customer_id), SELLING)
        if (after.owner, after.shared) != (before.owner, before.shared) and not after.shared:
            forbid_rivalry(writer, root_of(writer, after.customer_id), after.owner, but=after.id)
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
