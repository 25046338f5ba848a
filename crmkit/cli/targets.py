"""``crmkit targets``: what account managers shall reach, and what they have reached."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from crmkit.care.targets.policy import MEASURES
from crmkit.care.words import many, money
from crmkit.cli import options
from crmkit.cli.output import columns, note, percent, print_array, print_json, say, table
from crmkit.cli.quotas import break_down, rate, set_
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.model.targets import Figure, Performance

if TYPE_CHECKING:
    from crmkit.crm import CRM

_HEADS = {
    "en": columns("who measure actual# of# target# due# attained# deviation# why~"),
    "zh": columns("谁 指标 实际# 依据# 目标# 应达# 完成率# 偏差# 原因~"),
}
_TREE = columns("who role~ department# own# parts# gap#")
_SOLD = columns("item~ purchases# buyers# pieces# revenue#")
_WORKLOAD = columns("who customers# alive# verdict")
_MOODS = columns("who period own# customers# ratings#")
_FIRM = {"en": "the firm", "zh": "全公司"}
_TEAM = {"en": "and people", "zh": "及下属"}
_period = click.option("--period", help="2026, 2026-Q1 or 2026-03; without it, this year.")


@click.group(invoke_without_command=True, epilog=options.DATES)
@_period
@click.option("--person", help="Only his, by the id under [people].")
@options.lang
@options.as_of
@options.as_json
@click.pass_context
def targets(
    ctx: click.Context,
    period: str | None,
    person: str | None,
    lang: str,
    at: When | None,
    as_json: bool,
) -> None:
    """Set everybody's figures of a period beside their targets."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Settings).open(at) as crm:
        name = _named(crm, period)
        found = (
            crm.targets.everybody(name) if person is None else (crm.targets.actual(person, name),)
        )
        if as_json:
            print_array(found)
            return
        show_performance(found, lang)


@targets.command(epilog=options.DATES)
@_period
@options.lang
@options.as_of
@options.as_json
@pass_settings
def alerts(
    settings: Settings, period: str | None, lang: str, at: When | None, as_json: bool
) -> None:
    """List what falls short of what is due, the largest shortfall first."""
    with settings.open(at) as crm:
        found = crm.targets.alerts(_named(crm, period))
        if as_json:
            print_array(found)
        else:
            _show(found, lang)


@targets.command(epilog=options.DATES)
@options.one_of("measure", MEASURES)
@_period
@click.option("--currency", help="Of sales and revenue, such as CNY.")
@options.as_of
@options.as_json
@pass_settings
def tree(
    settings: Settings,
    measure: str,
    period: str | None,
    currency: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Show how a target is broken down, from the firm to each person, and what is left."""
    with settings.open(at) as crm:
        found = crm.targets.tree(_named(crm, period), measure, currency=currency)
        if as_json:
            print_array(found)
            return
        table(
            _TREE,
            (
                (
                    "  " * one.depth + _who(one.person),
                    one.role,
                    one.team,
                    one.own,
                    one.parts,
                    one.gap,
                )
                for one in found
            ),
        )


@targets.command(epilog=options.DATES)
@_period
@click.option("--person", help="Only to customers of his.")
@options.as_of
@options.as_json
@pass_settings
def products(
    settings: Settings, period: str | None, person: str | None, at: When | None, as_json: bool
) -> None:
    """List which products sold, the most often bought first."""
    with settings.open(at) as crm:
        found = crm.targets.products(_named(crm, period), person)
        if as_json:
            print_array(found)
            return
        table(
            _SOLD,
            (
                (
                    one.item,
                    one.purchases,
                    one.buyers,
                    one.quantity,
                    ", ".join(money(amount, code) for code, amount in one.amounts.items()),
                )
                for one in found
            ),
        )


@targets.command(epilog=options.DATES)
@options.as_of
@options.as_json
@pass_settings
def workload(settings: Settings, at: When | None, as_json: bool) -> None:
    """Show how many customers each person keeps alive."""
    with settings.open(at) as crm:
        found = crm.targets.workload()
        if as_json:
            print_array(found)
            return
        table(
            _WORKLOAD,
            ((one.person or "nobody", one.customers, one.alive, one.verdict) for one in found),
        )
        for one in found[:1]:
            note(f"A person keeps {one.fewest} to {one.most} customers alive.")


@targets.command()
@click.argument("periods", nargs=-1, required=True)
@options.as_json
@pass_settings
def climate(settings: Settings, periods: tuple[str, ...], as_json: bool) -> None:
    """Set people's own satisfaction beside that of their customers."""
    with settings.open() as crm:
        found = crm.targets.climate(periods)
        if as_json:
            print_json(found.to_dict())
            return
        table(
            _MOODS,
            ((one.person, one.period, one.staff, one.customers, one.n) for one in found.moods),
        )
        if found.correlation is None:
            say(
                f"{many(found.pairs, 'pair')}: too few, or too alike, "
                "to say whether they move together"
            )
        else:
            say(f"they move together: {found.correlation:+.2f}, of {many(found.pairs, 'pair')}")


for _command in (set_, break_down, rate):
    targets.add_command(_command)


def show_performance(found: Iterable[Performance], lang: str) -> None:
    """Print each one's figures beside their targets."""
    everybody = tuple(found)
    _show((figure for each in everybody for figure in each.figures), lang)
    for each in everybody:
        if each.mix is not None:
            who = _who(each.person, team=each.team, lang=lang)
            left = f" (without {', '.join(each.missing)})" if each.missing else ""
            note(f"{who}: {percent(each.mix)} of what was expected{left}.")


def _named(crm: CRM, period: str | None) -> str:
    now = crm.session.clock().astimezone(crm.targets.guide.policy.zone)
    return f"{now:%Y}" if period is None else period


def _show(figures: Iterable[Figure], lang: str) -> None:
    table(
        _HEADS[lang],
        (
            (
                _who(one.person, team=one.team, lang=lang),
                one.zh if lang == "zh" else one.measure,
                _value(one, one.actual),
                one.n,
                _value(one, one.target),
                _value(one, one.expected),
                None if one.attainment is None else percent(one.attainment),
                _value(one, one.deviation),
                None if one.why is None else one.why.zh if lang == "zh" else one.why.en,
            )
            for one in figures
        ),
    )


def _who(person: str | None, *, team: bool = False, lang: str = "en") -> str:
    if person is None:
        return _FIRM[lang]
    return f"{person} {_TEAM[lang]}" if team else person


def _value(figure: Figure, value: Decimal | None) -> str | None:
    if value is None:
        return None
    if figure.currency is not None:
        return money(value, figure.currency)
    return percent(float(value)) if figure.unit == "share" else f"{value.normalize():f}"
