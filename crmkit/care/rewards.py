"""The rewards ledger: coupons, discounts and gifts that customers were given (R152).

A reward is a touchpoint, a ``note`` with the attribute ``reward``: so the shop that gives them
captures them as a by-product, they stand among everything else that happened to the customer, and
they are exported and erased with it. No value indicator counts a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from crmkit.arguments import choice, text
from crmkit.capture.intake import Joint
from crmkit.capture.money import amount as exact
from crmkit.capture.money import currency as code
from crmkit.capture.reading import touchpoints_of
from crmkit.care.acting import recorded
from crmkit.care.plans import PLANS
from crmkit.clock import micros
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import DecisionNotFound
from crmkit.lifecycle.ended import refuse_ended
from crmkit.model.care import REWARDS, Reward
from crmkit.model.touchpoint import Touchpoint
from crmkit.value.roots import root_of
from crmkit.value.scoring import require_root

KIND, SOURCE, ATTRIBUTE = "note", "rewards", "reward"


def give(  # noqa: PLR0913 - what was given, whom, when
    session: Session,
    joint: Joint,
    customer: str,
    form: str,
    item: str,
    amount: Decimal | None,
    currency: str | None,
    at: datetime | None,
    plan_id: str | None,
) -> Reward:
    """Capture a reward."""
    form, item = choice("form", form, REWARDS), text("item", item, least=1)
    amount = None if amount is None else exact("amount", amount, least=Decimal(0))
    if amount is not None or currency is not None:
        currency = code("currency", currency)
    when = session.clock() if at is None else at
    facts = (customer, form, item, str(micros(when)), str(amount), currency or "", plan_id or "")
    with joint() as (writer, take):
        require_root(writer, customer)
        refuse_ended(writer, customer, "a reward")
        if (
            plan_id is not None
            and root_of(writer, PLANS.get(writer, plan_id).customer_id) != customer
        ):
            message = f"plan {plan_id} is about another customer"
            raise DecisionNotFound(message, id=plan_id)
        name = sha256("\n".join(facts).encode()).hexdigest()[:32]
        record = {
            "source": SOURCE,
            "id": name,
            "kind": KIND,
            "at": when,
            "customer": customer,
            "item": item,
            "amount": amount,
            "currency": currency,
            "origin": "typed",
            "attributes": {ATTRIBUTE: form} | ({} if plan_id is None else {"plan": plan_id}),
        }
        recorded(take([record]), "the reward", "item")
    return Reward(
        customer_id=customer,
        form=form,
        item=item,
        at=when,
        amount=amount,
        currency=currency,
        plan=plan_id,
        touchpoint=(SOURCE, name),
    )


def of(reader: Reader, root: str) -> Iterator[Reward]:
    """Read what a customer was given, newest first."""
    for touchpoint in touchpoints_of(reader, root, kinds={KIND}):
        if touchpoint.attributes.get(ATTRIBUTE) in REWARDS:
            yield _reward(touchpoint, root)


def _reward(touchpoint: Touchpoint, root: str) -> Reward:
    plan = touchpoint.attributes.get("plan")
    return Reward(
        customer_id=root,
        form=touchpoint.attributes[ATTRIBUTE],
        item=touchpoint.item or touchpoint.text or "",
        at=touchpoint.at,
        amount=touchpoint.amount,
        currency=touchpoint.currency,
        plan=None if plan is None else str(plan),
        touchpoint=(touchpoint.source or "", touchpoint.id),
    )
