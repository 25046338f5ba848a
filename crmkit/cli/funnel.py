"""``crmkit funnel``: opportunities, where the funnel leaks, and what it is expected to bring."""

from __future__ import annotations

import click

from crmkit.care.words import money
from crmkit.cli import options
from crmkit.cli.filters import check_filters
from crmkit.cli.funnel_tables import amounts, show_cycle, show_forecast, show_leaks
from crmkit.cli.naming import names
from crmkit.cli.output import columns, percent, print_array, print_json, say, table
from crmkit.cli.selling import advance, lose, move, open_
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.lifecycle.funnel.policy import COMPETITION_ZH, OUTCOMES_ZH, STAGES_ZH
from crmkit.model.sales import FUNNEL_STAGES, OUTCOMES

_HEADS = {
    "en": columns("opportunity! name~ customer~ id! stage state amount# owner~ competition~ due!"),
    "zh": columns("商机! 名称~ 客户~ 编号! 阶段 状态 金额# 负责人~ 竞争~ 预计收款!"),
}
_STEPS = columns("stage in_Chinese status days# what_is_done~")
_PLANE = columns("month targets# leads# orders# lost# open# won# days#")
_RIVALS = columns("customer~ id! managers opportunities!")


@click.group(invoke_without_command=True, epilog=options.DATES)
@click.option("--state", type=click.Choice([*OUTCOMES, "all"]), default="open", show_default=True)
@options.choice("--stage", of=FUNNEL_STAGES, words="Only this stage.")
@click.option("--owner", help="Only this account manager's.")
@options.lang
@options.as_json
@click.pass_context
def funnel(
    ctx: click.Context,
    state: str,
    stage: str | None,
    owner: str | None,
    lang: str,
    as_json: bool,
) -> None:
    """List opportunities; with a command, see more of them or move them."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Settings).open() as crm:
        wanted = None if state == "all" else state
        found = crm.funnel.list(state=wanted, stage=stage, owner=owner)
        if not found:
            check_filters(crm, owner=owner)
        if as_json:
            print_array(found)
            return
        called = names(crm, sorted({str(one.customer_id) for one in found}))
        zh = lang == "zh"
        table(
            _HEADS[lang],
            (
                (
                    one.id,
                    one.name,
                    called[str(one.customer_id)],
                    one.customer_id,
                    STAGES_ZH[one.stage] if zh else one.stage,
                    OUTCOMES_ZH[one.state] if zh else one.state,
                    money(one.amount, one.currency),
                    one.owner,
                    COMPETITION_ZH[one.competition] if zh else one.competition,
                    one.closes,
                )
                for one in found
            ),
        )


@funnel.command()
@click.argument("opportunity")
@options.as_of
@options.as_json
@pass_settings
def show(settings: Settings, opportunity: str, at: When | None, as_json: bool) -> None:
    """Show where one opportunity stands on the standard way, and what is in the way."""
    with settings.open(at) as crm:
        found = crm.funnel.point(opportunity)
        if as_json:
            print_json(found.to_dict())
            return
        one = found.opportunity
        say(
            f"{one.name}: {one.state}, {money(one.amount, one.currency)}, "
            f"{percent(found.chance)} likely, so {money(found.expected, one.currency)}"
        )
        table(
            _STEPS,
            ((step.stage, step.zh, step.status, step.days, step.standard) for step in found.steps),
            below=[
                [f"{said.problem}: {said.countermeasure or '?'}" for said in step.problems]
                for step in found.steps
            ],
        )


@funnel.command(epilog=options.DATES)
@options.span
@options.as_of
@options.as_json
@pass_settings
def leaks(
    settings: Settings, since: When, until: When | None, at: When | None, as_json: bool
) -> None:
    """Show what became of those that entered each stage, and where most are lost."""
    with settings.open(at) as crm:
        low, high = settings.between(crm, since, until)
        found = crm.funnel.leaks(low, None if until is None else high)
        if as_json:
            print_array(found.stages)
            return
        show_leaks(found)


@funnel.command(epilog=options.DATES)
@click.option("--owner", help="Only this account manager's.")
@options.as_of
@options.as_json
@pass_settings
def forecast(settings: Settings, owner: str | None, at: When | None, as_json: bool) -> None:
    """Show what the open opportunities are expected to bring, by month."""
    with settings.open(at) as crm:
        found = crm.funnel.forecast(owner=owner)
        if as_json:
            print_json(found.to_dict())
            return
        show_forecast(found)


@funnel.command(epilog=options.DATES)
@options.span
@options.as_of
@options.as_json
@pass_settings
def trend(
    settings: Settings, since: When, until: When | None, at: When | None, as_json: bool
) -> None:
    """Show, by month, who became known, which leads were opened and which orders paid."""
    with settings.open(at) as crm:
        low, high = settings.between(crm, since, until)
        found = crm.funnel.plane(low, None if until is None else high)
        if as_json:
            print_array(found)
            return
        table(
            _PLANE,
            (
                (
                    f"{one.month:%Y-%m}",
                    one.targets,
                    one.leads,
                    one.orders,
                    one.lost,
                    one.open,
                    amounts(one.amounts),
                    one.median_days,
                )
                for one in found
            ),
        )


@funnel.command(epilog=options.DATES)
@options.span
@options.as_of
@options.as_json
@pass_settings
def cycle(
    settings: Settings, since: When, until: When | None, at: When | None, as_json: bool
) -> None:
    """Show how long selling took and what it cost, of what was closed."""
    with settings.open(at) as crm:
        low, high = settings.between(crm, since, until)
        found = crm.funnel.cycle(low, None if until is None else high)
        if as_json:
            print_json(found.to_dict())
            return
        show_cycle(found)


@funnel.command()
@options.as_json
@pass_settings
def rivals(settings: Settings, as_json: bool) -> None:
    """List customers whom several account managers court unknown to each other."""
    with settings.open() as crm:
        found = crm.funnel.collisions()
        if as_json:
            print_array(found)
            return
        called = names(crm, [one.customer_id for one in found])
        table(
            _RIVALS,
            (
                (
                    called[one.customer_id],
                    one.customer_id,
                    ", ".join(one.owners),
                    ", ".join(one.opportunities),
                )
                for one in found
            ),
        )


for _command in (open_, move, lose, advance):
    funnel.add_command(_command)
