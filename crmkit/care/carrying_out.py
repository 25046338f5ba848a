"""What happens to the actions of a running plan: form 090 filled, put off, handed over.

A checklist filled before an action prepares it; one whose instant has come says that it took place,
and the contact is a touchpoint then, as what came of an agenda item is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

from crmkit.arguments import ID_LIMIT, mapping, refuse, text
from crmkit.capture.intake import Joint, Take
from crmkit.care.acting import coming_day, contact_kind, recorded
from crmkit.care.plan_rules import checked_list
from crmkit.care.plans import PLANS, in_state, stepped
from crmkit.care.words import CHANNELS
from crmkit.clock import instant, micros
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader
from crmkit.errors import DecisionNotFound
from crmkit.lifecycle.ended import refuse_ended
from crmkit.lifecycle.world import Guide
from crmkit.model.care import AgendaItem
from crmkit.model.plan import CHECKED, PREPARED, Action, CarePlan, Checklist
from crmkit.value.roots import root_of

SOURCE = "care_plan"
_ITEM = re.compile(r"plan:(\d{1,18}):(a\d{1,6})").fullmatch
_SPOKEN = {zh: name for name, zh in CHANNELS.items()}


def item_id(plan: CarePlan, action: Action) -> str:
    """Give the id of the agenda item that an action is."""
    return f"plan:{plan.id}:{action.id}"


def planned(item: AgendaItem | str) -> tuple[str, str] | None:
    """Give plan and action of an agenda item that is one's; None: it is a contact by cadence."""
    name = item.id if isinstance(item, AgendaItem) else item
    found = _ITEM(name) if isinstance(name, str) else None
    return None if found is None else (found[1], found[2])


def check(  # noqa: PLR0913 - who, what, where to
    session: Session,
    guide: Guide,
    joint: Joint,
    plan_id: str,
    action_id: str,
    checklist: Checklist | Mapping[str, Any],
    by: str | None,
) -> CarePlan:
    """Fill form 090 at an action."""
    deciding = session.deciding("", by)
    with joint() as (writer, take):
        plan, action = _find(writer, plan_id, action_id)
        filled = checked_list(plan, action.id, checklist, guide.policy.zone)
        root = root_of(writer, plan.customer_id)
        refuse_ended(writer, root, "an action of a care plan")
        done = filled.at is not None and micros(filled.at) <= deciding.now
        if action.id in plan.carried_out:
            if not done:
                refuse("at", "must have come: the action was carried out", filled.at)
        elif done:
            _capture(take, plan, action, filled, root)
        others = (one for one in plan.checklists if one.action != action.id)
        order = {one.id: place for place, one in enumerate(plan.action_plan.actions)}
        lists = sorted((*others, filled), key=lambda one: order[one.action])
        what = CHECKED if done else PREPARED
        plan = stepped(plan, deciding, what, action.id, checklists=tuple(lists))
        return PLANS.move(writer, deciding, plan, what)


def done(  # noqa: PLR0913 - as `check`
    session: Session,
    guide: Guide,
    joint: Joint,
    item: AgendaItem | str,
    names: tuple[str, str],
    outcome: Mapping[str, Any] | Checklist | str,
    by: str | None,
) -> None:
    """Fill the checklist of an agenda item: what is not said is as it was prepared, and now."""
    if isinstance(outcome, Checklist):
        check(session, guide, joint, *names, outcome, by)
        return
    said = {"content": outcome} if isinstance(outcome, str) else outcome
    said = dict(mapping("outcome", said, "a text, a Checklist, or its fields"))
    with session.store.read() as reader:
        plan, action = _find(reader, *names)
    prepared = plan.checklist(action.id)
    known = {} if prepared is None else attrs.asdict(prepared, recurse=False)
    channel = item.channel if isinstance(item, AgendaItem) else None
    fields = known | {
        "at": session.clock(),
        "mode": known.get("mode") or channel or "phone",
        "content": known.get("content") or action.content,
    }
    check(session, guide, joint, *names, fields | said, by)


def snooze(  # noqa: PLR0913 - as `check`
    session: Session,
    guide: Guide,
    joint: Joint,
    names: tuple[str, str],
    until: date,
    by: str | None,
) -> None:
    """Put an action off until a day; its checklist says so."""
    begins = coming_day(guide, until, session.now(), "until")
    with session.store.read() as reader:
        plan, action = _find(reader, *names)
        if action not in plan.waiting:
            _is_done(plan, action)
    prepared = plan.checklist(action.id) or Checklist(action=action.id)
    when = instant(begins).astimezone(guide.policy.zone)
    check(session, guide, joint, *names, attrs.evolve(prepared, at=when), by)


def reassign(session: Session, names: tuple[str, str], owner: str, by: str | None) -> None:
    """Hand an action over to somebody else."""
    session.person("owner", text("owner", owner, ID_LIMIT, least=1))
    deciding = session.deciding("", by)
    with session.store.write() as writer:
        plan, action = _find(writer, *names)
        if action not in plan.waiting:
            _is_done(plan, action)
        actions = (
            attrs.evolve(one, responsible=owner) if one.id == action.id else one
            for one in plan.action_plan.actions
        )
        action_plan = attrs.evolve(plan.action_plan, actions=tuple(actions))
        plan = stepped(plan, deciding, "reassigned", action.id, action_plan=action_plan)
        PLANS.move(writer, deciding, plan, "reassigned")


# -- inside ----------------------------------------------------------------------------


def _find(reader: Reader, plan_id: str, action_id: str) -> tuple[CarePlan, Action]:
    plan = in_state(reader, plan_id, "running")
    action = plan.action(text("action_id", action_id))
    if action is None:
        there = ", ".join(one.id for one in plan.action_plan.actions)
        message = f"plan {plan.id} has no action {action_id[:ID_LIMIT]!r}; there is {there}"
        raise DecisionNotFound(message, id=action_id)
    return plan, action


def _is_done(plan: CarePlan, action: Action) -> None:
    raise DecisionNotFound(f"action {action.id} of plan {plan.id} was carried out", id=action.id)


def _capture(take: Take, plan: CarePlan, action: Action, filled: Checklist, root: str) -> None:
    """Capture the contact that a checklist says took place."""
    mode = filled.mode.strip()
    if not mode:
        refuse("mode", "must say how it was carried out: phone, meeting, visit, email...")
    channel = _SPOKEN.get(mode, mode.casefold().replace(" ", "_"))
    record = {
        "source": SOURCE,
        "id": f"{plan.id}:{action.id}",
        "kind": contact_kind(channel),
        "at": filled.at,
        "customer": root,
        "channel": channel,
        "direction": "out",
        "text": filled.content or action.content,
        "origin": "typed",
        "attributes": {"plan": plan.id, "action": action.id, "bond": action.bond},
    }
    recorded(take([record]), f"the contact of action {action.id}", "checklist")
