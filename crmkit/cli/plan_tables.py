"""A care plan as it is printed: in a list, or with its forms, its actions and its moves."""

from __future__ import annotations

from crmkit.cli.output import columns, day, print_json, say, table
from crmkit.model.plan import CarePlan

_HEAD = columns("plan! state! customer~ id! owner~ goal! reached! drawn_up! next_action!")
_ACTIONS = columns("action! day! responsible~ done! bond! content~")
_STEPS = columns("move! at! by~ reason~")


def show_plans(plans: tuple[CarePlan, ...]) -> None:
    """List plans: whose each is, what it is to reach, and when something is due."""
    table(
        _HEAD,
        (
            (
                one.id,
                one.state,
                one.customer_name,
                one.customer_id,
                one.owner,
                one.goal_tier,
                _reached(one),
                one.on,
                day(one.due),
            )
            for one in plans
        ),
    )


def _reached(plan: CarePlan) -> str | None:
    if plan.reached is None:
        return None
    return "goal reached" if plan.reached else "not yet" if plan.state == "running" else "missed"


def show_plan(plan: CarePlan, *, as_json: bool) -> None:
    """Print a plan: head, forms, actions and moves; or all of it as JSON."""
    if as_json:
        print_json(plan.to_dict())
        return
    show_plans((plan,))
    forms, goals, actions = plan.situation, plan.goals, plan.action_plan
    for title, written in (
        ("Situation", forms.introduction),
        ("Stage before", forms.last_stage),
        ("Major events", forms.events),
        ("Greatest value", forms.greatest_value),
        ("Long-term goal", goals.long_term),
        ("Expansion", goals.expansion),
        ("Strategy", goals.strategy),
        ("Obstacles", "\n".join(f"{one.obstacle}: {one.importance}" for one in goals.obstacles)),
        ("Memorandum", actions.memorandum),
        ("Strengths", actions.strengths),
        ("Weaknesses", actions.weaknesses),
        ("Outcome", plan.outcome),
    ):
        if written:
            say("", f"{title}:", *(f"  {line}" for line in written.split("\n")))
    waiting = {one.id for one in plan.waiting}
    say("")
    table(
        _ACTIONS,
        (
            (
                one.id,
                plan.day_of(one),
                one.responsible,
                "done" if one.id in plan.carried_out else "open" if one.id in waiting else None,
                one.bond,
                one.content,
            )
            for one in actions.actions
        ),
    )
    say("")
    table(_STEPS, ((one.what, one.at, one.by, one.reason) for one in plan.steps))
