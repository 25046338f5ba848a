"""The life of a care plan: draft, submitted, running, closed (R156).

Every move is a decision that carries the plan whole. A draft is sent on by whoever answers for it,
approved by somebody senior who did not submit it, and its forms stand still from then on.
"""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.arguments import instance, refuse, text
from crmkit.care.holdout import holds, in_force
from crmkit.care.plan_rules import FORMS, checked_forms, ready
from crmkit.clock import instant
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.documents import Documents
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Writer
from crmkit.errors import RefusedError
from crmkit.lifecycle.ended import refuse_ended
from crmkit.model.document import Step
from crmkit.model.plan import CarePlan
from crmkit.value.roots import root_of
from crmkit.value.scoring import require_root

PLANS = Documents("plan", CarePlan)


def open_plan(session: Session, plan: CarePlan, deciding: Deciding) -> CarePlan:
    """Record a new plan as a draft."""
    plan = checked_forms(session, plan)
    with session.store.write() as writer:
        require_root(writer, str(plan.customer_id))  # somebody may have erased him meanwhile
        _may_have_one(writer, plan, deciding)
        plan = stepped(plan, deciding, "drafted", state="draft")
        return PLANS.open(writer, deciding, plan, "drafted")


def save(session: Session, plan: CarePlan, by: str | None) -> CarePlan:
    """Keep the forms of a draft as somebody has edited them."""
    plan = instance("plan", plan, CarePlan, "a CarePlan, such as crm.care.draft gives")
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        known = in_state(writer, plan.id, "draft")
        if plan.customer_id != known.customer_id:
            refuse("customer_id", f"is another's: plan {known.id} is about {known.customer_id!r}")
        if plan.steps != known.steps:
            message = f"plan {known.id} was changed meanwhile: take crm.care.plan({known.id!r})"
            raise RefusedError(message, plan_id=known.id)
        for field in attrs.fields(CarePlan):
            name = field.name
            if name not in FORMS and getattr(plan, name) != getattr(known, name):
                refuse(name, "is not changed by saving: only the forms are")
        plan = checked_forms(session, plan)
        if plan == known:
            return known
        return PLANS.move(writer, deciding, stepped(plan, deciding, "saved"), "saved")


def submit(session: Session, plan_id: str, by: str | None) -> CarePlan:
    """Send a draft on for approval."""
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        plan = in_state(writer, plan_id, "draft")
        session.requester(deciding.by, f"submit plan {plan.id}")
        _may_have_one(writer, plan, deciding)
        ready(plan)
        plan = stepped(plan, deciding, "submitted", state="submitted")
        return PLANS.move(writer, deciding, plan, "submitted")


def approve(session: Session, plan_id: str, by: str | None) -> CarePlan:
    """Approve a plan: it runs from now on."""
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        plan = in_state(writer, plan_id, "submitted")
        asked = next(step.by for step in reversed(plan.steps) if step.what == "submitted")
        session.approver(deciding.by, f"plan {plan.id}", asked)
        _may_have_one(writer, plan, deciding)
        plan = stepped(plan, deciding, "approved", state="running")
        return PLANS.move(writer, deciding, plan, "approved")


def reject(session: Session, plan_id: str, reason: str, by: str | None) -> CarePlan:
    """Send a plan back: it is a draft again."""
    deciding = session.deciding(text("reason", reason, least=1), by)
    with session.store.write() as writer:
        plan = in_state(writer, plan_id, "submitted")
        plan = stepped(plan, deciding, "rejected", state="draft")
        return PLANS.move(writer, deciding, plan, "rejected")


def close(
    session: Session, plan_id: str, outcome: str, by: str | None, *, reached: bool | None
) -> CarePlan:
    """Close a running plan with what came of it."""
    deciding = session.deciding(text("outcome", outcome, least=1), by)
    with session.store.write() as writer:
        plan = in_state(writer, plan_id, "running")
        plan = attrs.evolve(plan, state="closed", outcome=deciding.reason, reached=reached)
        return PLANS.move(writer, deciding, stepped(plan, deciding, "closed"), "closed")


def drop(session: Session, plan_id: str, reason: str, by: str | None) -> CarePlan:
    """Throw a plan away that never ran."""
    deciding = session.deciding(text("reason", reason, least=1), by)
    with session.store.write() as writer:
        plan = PLANS.get(writer, plan_id)
        if plan.state not in ("draft", "submitted"):
            message = f"plan {plan.id} is {plan.state}: what has run is closed, with its outcome"
            raise RefusedError(message, plan_id=plan.id, state=plan.state)
        plan = attrs.evolve(plan, state="closed", outcome=deciding.reason)
        return PLANS.move(writer, deciding, stepped(plan, deciding, "dropped"), "dropped")


# -- shared ----------------------------------------------------------------------------


def in_state(reader: Reader, plan_id: str, state: str) -> CarePlan:
    """Read a plan that must stand in a state.

    Raises:
        DecisionNotFound: there is no such plan.
        RefusedError: it stands elsewhere.
    """
    plan = PLANS.get(reader, plan_id)
    if plan.state != state:
        message = f"plan {plan.id} is {plan.state}; this is done to one that is {state}"
        raise RefusedError(message, plan_id=plan.id, state=plan.state)
    return plan


def stepped(
    plan: CarePlan, deciding: Deciding, what: str, about: str = "", **changes: Any
) -> CarePlan:
    """Give a plan one step further; `about` is the action it happened to, where it was one."""
    step = Step(
        what=what, at=instant(deciding.now), by=deciding.by, reason=about or deciding.reason
    )
    return attrs.evolve(plan, steps=(*plan.steps, step), **changes)


def _may_have_one(writer: Writer, plan: CarePlan, deciding: Deciding) -> None:
    root = root_of(writer, plan.customer_id)
    refuse_ended(writer, root, "a care plan")
    aside = in_force(writer, deciding.now)
    if aside is not None and holds(aside, root):
        message = (
            f"customer {root!r} is set aside by holdout {aside.id} until {aside.until}: "
            "he gets no care plan, so that care can be compared with none"
        )
        raise RefusedError(message, customer_id=root)
