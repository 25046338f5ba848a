"""``crmkit plan``: care plans, from the draft to what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from crmkit.cli import options
from crmkit.cli.naming import found
from crmkit.cli.output import print_array, tell
from crmkit.cli.plan_tables import show_plan, show_plans
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.plan import PLAN_STATES, CarePlan

if TYPE_CHECKING:
    from crmkit.crm import CRM


@click.group()
def plan() -> None:
    """Draw care plans up, have them approved, carry them out and close them."""


@plan.command("list", epilog="Whether the goal is reached goes by the tiers of the last advance.")
@options.choice("--state", of=PLAN_STATES, words="Only those in this state.")
@click.option("--owner", help="Only those this account manager answers for.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@options.as_json
@pass_settings
def list_(
    settings: Settings,
    state: str | None,
    owner: str | None,
    customer: str | None,
    as_json: bool,
) -> None:
    """List care plans in the order they were opened."""
    with settings.open() as crm:
        plans = crm.care.plans(state=state, owner=owner, customer=customer)
        if as_json:
            print_array(plans)
        else:
            show_plans(plans)


@plan.command(epilog=options.DATES)
@options.who
@click.option("--owner", required=True, help="The account manager who answers for it.")
@click.option("--since", type=when, metavar="DATE", help="The movement since then is its cause.")
@click.option("--goal", type=click.Choice(options.TIERS), help="The tier he is to come to.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language; without it, his own.")
@options.as_of
@options.as_json
@pass_settings
def draft(
    settings: Settings,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
    owner: str,
    since: When | None,
    goal: str | None,
    lang: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Draw a plan up from what the log knows of a customer."""
    with settings.open(at) as crm:
        who = found(crm, id, email, phone, identity)
        cause = None
        if since is not None:
            start, end = settings.between(crm, since, None)
            cause = crm.value.explain(who, start, end)
        made = crm.care.draft(who, owner=owner, cause=cause, goal_tier=goal, lang=lang)
        show_plan(made, as_json=as_json)


@plan.command()
@click.argument("plan")
@options.as_json
@pass_settings
def show(settings: Settings, plan: str, as_json: bool) -> None:
    """Show a plan: its forms, its actions, and every move so far."""
    with settings.open() as crm:
        show_plan(crm.care.plan(plan), as_json=as_json)


@plan.command()
@click.argument("plan")
@options.as_of
@options.as_json
@pass_settings
def submit(settings: Settings, plan: str, at: When | None, as_json: bool) -> None:
    """Send a draft on for approval, as --actor."""
    _move(settings, at, lambda crm: crm.care.submit(plan), as_json=as_json)


@plan.command()
@click.argument("plan")
@options.as_of
@options.as_json
@pass_settings
def approve(settings: Settings, plan: str, at: When | None, as_json: bool) -> None:
    """Approve a plan, as --actor: somebody senior who did not submit it."""
    _move(settings, at, lambda crm: crm.care.approve(plan), as_json=as_json)


@plan.command()
@click.argument("plan")
@click.option("--reason", required=True, help="Why; it is recorded.")
@options.as_of
@options.as_json
@pass_settings
def reject(settings: Settings, plan: str, reason: str, at: When | None, as_json: bool) -> None:
    """Send a submitted plan back; it is a draft again."""
    _move(settings, at, lambda crm: crm.care.reject(plan, reason=reason), as_json=as_json)


@plan.command(epilog=options.DATES)
@click.argument("plan")
@click.argument("action")
@click.option("--when", "done", type=when, metavar="DATE", help="When it took place.")
@click.option("--mode", default="", help="How: phone, meeting, visit, email...")
@click.option("--content", default="", help="What it was about.")
@click.option("--next-step", default="", help="What comes after it.")
@click.option("--readiness", default="", help="Whether materials, resources and help are there.")
@click.option("--competitor", default="", help="What is known of the competitor.")
@click.option("--counter-strategy", default="", help="The competitor's counter-strategy.")
@click.option("--effective/--not-effective", default=None, help="Whether our answer to it works.")
@click.option("--travel", metavar="AMOUNT", help="Travel expense.")
@click.option("--entertainment", metavar="AMOUNT", help="Entertainment expense.")
@click.option("--other", metavar="AMOUNT", help="Other expense.")
@click.option("--currency", help="Of the expenses, such as CNY.")
@click.option("--remarks", default="", help="Anything else.")
@options.as_of
@options.as_json
@pass_settings
def check(
    settings: Settings,
    plan: str,
    action: str,
    done: When | None,
    at: When | None,
    as_json: bool,
    **fields: Any,
) -> None:
    """Fill the checklist of an action; with --when it took place, and the contact is recorded."""

    def filled(crm: CRM) -> CarePlan:
        instant = None if done is None else done.instant(crm.session.clock(), settings.zone)
        return crm.care.check(plan, action, fields | {"at": instant})

    _move(settings, at, filled, as_json=as_json)


@plan.command()
@click.argument("plan")
@click.option("--outcome", required=True, help="What came of it, in words.")
@options.as_of
@options.as_json
@pass_settings
def close(settings: Settings, plan: str, outcome: str, at: When | None, as_json: bool) -> None:
    """Close a running plan with what came of it."""
    _move(settings, at, lambda crm: crm.care.close(plan, outcome=outcome), as_json=as_json)


@plan.command()
@click.argument("plan")
@click.option("--reason", required=True, help="Why it is not wanted; it is recorded.")
@options.as_of
@options.as_json
@pass_settings
def drop(settings: Settings, plan: str, reason: str, at: When | None, as_json: bool) -> None:
    """Throw a draft, or a plan that waits for approval, away."""
    _move(settings, at, lambda crm: crm.care.drop(plan, reason=reason), as_json=as_json)


# -- inside ----------------------------------------------------------------------------


def _move(
    settings: Settings, at: When | None, move: Callable[[CRM], CarePlan], *, as_json: bool
) -> None:
    with settings.open(at) as crm:
        moved = move(crm)
        what = moved.steps[-1].what
        now = "" if what == moved.state else f"; it is {moved.state} now"
        tell(moved, f"Plan {moved.id}: {what}{now}.", as_json=as_json)
