"""What an opportunity becomes, by the funnel's rules: nothing here is written.

Whoever writes it does so once all of what he asks for was allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, choice, refuse, text, texts
from crmkit.capture import money
from crmkit.clock import day
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import RefusedError
from crmkit.lifecycle.ended import refuse_ended
from crmkit.lifecycle.funnel.book import check_purchase, forbid_rivalry, moved
from crmkit.model.sales import COMPETITION, FUNNEL_STAGES, LOST, OPEN, WON, Opportunity
from crmkit.value.roots import root_of
from crmkit.value.scoring import require_root

PAID = FUNNEL_STAGES[-1]
ACCEPTED = FUNNEL_STAGES[-2]
SELLING = "selling"
_OFFER = ("name", "amount", "currency")


def checked(session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
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


def opened(  # noqa: PLR0913 - with whom, what, where, and why
    reader: Reader,
    customer: str,
    given: Mapping[str, Any],
    stage: str,
    why: str,
    deciding: Deciding,
) -> Opportunity:
    """Give a new opportunity.

    Args:
        reader: The transaction.
        customer: With whom.
        given: Its fields, checked; the owner among them.
        stage: Where it stands already, the last stage excepted.
        why: Why it may stand beside another manager's; empty: it may not.
        deciding: Who opens it.

    Raises:
        CustomerNotFound: nobody has that id; `CustomerMerged` names where it went.
        RefusedError: another manager has one open with him, or the relationship was ended.
    """
    choice("stage", stage, FUNNEL_STAGES[:-1])
    require_root(reader, customer)
    refuse_ended(reader, customer, SELLING)
    if not why:
        forbid_rivalry(reader, customer, given["owner"])
    skipped = FUNNEL_STAGES[: FUNNEL_STAGES.index(stage)]
    return Opportunity(
        customer_id=customer,
        state=OPEN,
        stage=stage,
        shared=why,
        moves=(moved(deciding, stage, skipped=skipped),),
        **given,
    )


def stepped(
    reader: Reader,
    before: Opportunity,
    stage: str,
    deciding: Deciding,
    purchase: tuple[str, str] | None = None,
    **fields: Any,
) -> Opportunity:
    """Give an open opportunity in another stage; `fields` go into its `FunnelMove`.

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
    root = root_of(reader, before.customer_id)
    settles = stage == PAID and before.stage == ACCEPTED  # R246: what is owed is settled
    if there > here and not settles:
        refuse_ended(reader, root, SELLING)
    if purchase is not None and stage != PAID:
        refuse("purchase", f"comes with the stage {PAID!r} only")
    return attrs.evolve(
        before,
        stage=stage,
        state=WON if stage == PAID else OPEN,
        purchase=None if purchase is None else check_purchase(reader, root, *purchase),
        moves=(
            *before.moves,
            moved(deciding, stage, skipped=FUNNEL_STAGES[here + 1 : there], **fields),
        ),
    )


def lost(before: Opportunity, deciding: Deciding, rival: str | None = None) -> Opportunity:
    """Give an open opportunity as lost, to a competitor or to nobody."""
    known = dict.fromkeys((*before.competitors, *([] if rival is None else [rival])))
    return attrs.evolve(
        before,
        state=LOST,
        lost_to=rival,
        competitors=tuple(known),
        moves=(*before.moves, moved(deciding, before.stage, lost=True)),
    )


def changed(reader: Reader, before: Opportunity, given: Mapping[str, Any]) -> Opportunity:
    """Give an open opportunity with fields changed, which were checked.

    Raises:
        RefusedError: it would stand beside another manager's unshared; or the relationship was
            ended, and its name, amount or currency would change.
    """
    after = attrs.evolve(before, **given)
    if any(getattr(after, name) != getattr(before, name) for name in _OFFER):
        refuse_ended(reader, root_of(reader, before.customer_id), SELLING)
    if (after.owner, after.shared) != (before.owner, before.shared) and not after.shared:
        forbid_rivalry(reader, root_of(reader, after.customer_id), after.owner, but=after.id)
    return after
