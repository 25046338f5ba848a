"""What the forms of a plan may hold: every fault is named by its path, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attrs

from crmkit import clock
from crmkit.arguments import choice, instance, items, mapping, refuse, text
from crmkit.capture.money import amount, currency
from crmkit.contracts.session import Session
from crmkit.model.plan import BONDS, Action, CarePlan, Checklist

FORMS = ("situation", "goals", "action_plan")
_EXPENSES = ("travel", "entertainment", "other")
_ACTION = re.compile(r"a[1-9]\d{0,5}").fullmatch


def checked_forms(session: Session, plan: CarePlan) -> CarePlan:
    """Give a plan with its forms as they are kept: exact amounts, an id for each action.

    Raises:
        InvalidValueError: a field of a form holds what it must not; `field` is its path.
    """
    hints = _hints(CarePlan)
    forms = {name: _clean(getattr(plan, name), hints[name], name) for name in FORMS}
    plan = attrs.evolve(plan, **forms)
    for path, record, name in _named(plan):
        text(f"{path}.{name}", getattr(record, name), least=1)
    for number, goal in enumerate(plan.goals.sales):
        path = f"goals.sales[{number}]"
        _money(path, goal, ("amount", "profit"))
        _not_before(f"{path}.signing", goal.signing, plan.on)
        if goal.amount is not None:
            amount(f"{path}.amount", goal.amount, least=Decimal(0))
    for number, action in enumerate(plan.action_plan.actions):
        path = f"action_plan.actions[{number}]"
        _not_before(f"{path}.on", action.on, plan.on)
        session.person(f"{path}.responsible", action.responsible)
        if action.bond is not None:
            choice(f"{path}.bond", action.bond, BONDS)
    actions = _numbered(plan.action_plan.actions)
    return attrs.evolve(plan, action_plan=attrs.evolve(plan.action_plan, actions=actions))


def ready(plan: CarePlan) -> None:
    """See that a plan can be carried out: there are actions, each with its day and its person.

    Raises:
        InvalidValueError: names what is missing.
    """
    if not plan.action_plan.actions:
        refuse("action_plan.actions", "must hold an action before the plan is submitted")
    for number, action in enumerate(plan.action_plan.actions):
        for name in ("on", "responsible"):
            if getattr(action, name) is None:
                path = f"action_plan.actions[{number}].{name}"
                refuse(path, "must be filled before the plan is submitted")


def checked_list(
    plan: CarePlan, action: str, checklist: Checklist | Mapping[str, Any], zone: tzinfo
) -> Checklist:
    """Give a checklist as it is kept: its instant in the zone in which the agenda's days begin.

    Raises:
        InvalidValueError: a field holds what it must not; `field` names it.
    """
    if not isinstance(checklist, Checklist):
        fields = mapping("checklist", checklist, "a Checklist, or its fields")
        known = {field.name for field in attrs.fields(Checklist)}
        for name in fields:
            if name not in known:
                refuse("checklist", "has no such field", name)
        checklist = Checklist(**{"action": action, **fields})
    filled: Checklist = _clean(checklist, Checklist, "")
    if filled.action != action:
        refuse("action", f"is another action's: the checklist is for {action}", filled.action)
    _money("", filled, _EXPENSES)
    for name in _EXPENSES:
        if getattr(filled, name) is not None:
            amount(name, getattr(filled, name), least=Decimal(0))
    if filled.at is None:
        return filled
    at = filled.at.astimezone(zone)
    _not_before("at", at.date(), plan.on)
    return attrs.evolve(filled, at=at)


# -- inside ----------------------------------------------------------------------------


def _named(plan: CarePlan) -> Iterator[tuple[str, Any, str]]:
    """Give every row of a form with its path, and the field that must not be empty."""
    for path, name in (
        ("goals.sales", "product"),
        ("goals.obstacles", "obstacle"),
        ("action_plan.actions", "content"),
        ("action_plan.issues", "issue"),
        ("action_plan.relations", "supporter"),
    ):
        form, _, rows = path.partition(".")
        for number, record in enumerate(getattr(getattr(plan, form), rows)):
            yield f"{path}[{number}]", record, name


def _money(path: str, record: Any, names: tuple[str, ...]) -> None:
    """See that no amount stands without a currency."""
    field = f"{path}.currency".removeprefix(".")
    if record.currency is not None:
        currency(field, record.currency)
    elif any(getattr(record, name) is not None for name in names):
        refuse(field, "is required with an amount, such as 'CNY'")


def _not_before(path: str, when: date | None, on: date) -> None:
    if when is not None and when < on:
        refuse(path, f"lies before the plan was drawn up ({on})", when)


def _numbered(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Give an id to each action that has none."""
    taken: set[str] = set()
    for number, action in enumerate(actions):
        if action.id and (not _ACTION(action.id) or action.id in taken):
            path = f"action_plan.actions[{number}].id"
            refuse(path, "must be empty, or the id that the action was given", action.id)
        taken.add(action.id)
    last = max((int(one[1:]) for one in taken if one), default=0)
    found = []
    for action in actions:
        last += not action.id
        found.append(action if action.id else attrs.evolve(action, id=f"a{last}"))
    return tuple(found)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _clean(value: Any, hint: Any, path: str) -> Any:
    """Take a value of a form, of the type that its class declares."""
    kinds = get_args(hint) if get_origin(hint) is not tuple else ()
    if NoneType in kinds:
        if value is None:
            return None
        (hint,) = (kind for kind in kinds if kind is not NoneType)
    if get_origin(hint) is tuple:
        rows = enumerate(items(path, value, "rows"))
        return tuple(_clean(row, get_args(hint)[0], f"{path}[{number}]") for number, row in rows)
    if attrs.has(hint):
        record = instance(path, value, hint, f"a {hint.__name__}")
        return hint(
            **{
                field.name: _clean(
                    getattr(record, field.name),
                    _hints(hint)[field.name],
                    f"{path}.{field.name}".removeprefix("."),
                )
                for field in attrs.fields(hint)
            }
        )
    return _SCALARS[hint](path, value)


def _instant(path: str, value: Any) -> datetime:
    clock.micros(value, path)
    return value  # type: ignore[no-any-return]


_SCALARS: dict[type, Callable[[str, Any], Any]] = {
    str: text,
    bool: lambda path, value: instance(path, value, bool, "True or False"),
    date: lambda path, value: clock.day(value, path),
    datetime: _instant,
    Decimal: amount,
}
