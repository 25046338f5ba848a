"""``crmkit standards``: each service standard against what was measured, and improvements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import click

from crmkit.care.standards.words import AREAS, ATTAINED, figure_of, value_of
from crmkit.cli import options
from crmkit.cli.output import columns, day, print_array, table, tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.model.feedback import FEEDBACK_KINDS
from crmkit.model.standard import FIGURES, IMPROVEMENT_WAYS, Attainment, Improvement

_HEADS = {
    "en": columns("area standard~ figure target# measured# count# attained"),
    "zh": columns("类别 标准~ 指标 目标# 实测# 数量# 达标"),
}
_SIGNS = {True: "≤", False: "≥"}
_IMPROVEMENTS = columns("improvement! standard~ way begun before# after# better due text~")


@click.group(invoke_without_command=True, epilog=options.DATES)
@options.span
@options.lang
@options.as_of
@options.as_json
@pass_settings
@click.pass_context
def standards(
    context: click.Context,
    settings: Settings,
    since: When,
    until: When | None,
    lang: str,
    at: When | None,
    as_json: bool,
) -> None:
    """List each service standard against what was measured; or set one, or improve on one."""
    if context.invoked_subcommand is not None:
        return
    with settings.open(at) as crm:
        found = crm.standards.attainment(*settings.between(crm, since, until))
        if as_json:
            print_array(found)
        else:
            _show(found, lang)


@standards.command("set")
@click.argument("name")
@options.choice("--area", of=AREAS, required=True, words="What it is of.")
@options.choice("--figure", of=FIGURES, required=True, words="What is measured.")
@click.option("--target", type=float, required=True, help="A share of 0 to 1, or a rating.")
@click.option("--hours", type=float, help="The time to stay within, where the figure has one.")
@options.choice(
    "--kind",
    "kinds",
    of=FEEDBACK_KINDS,
    words="Only feedback of this kind counts.",
    multiple=True,
)
@click.option("--category", "categories", multiple=True, help="Only cases analysed as this count.")
@click.option("--reason", default="", help="Why it is set so.")
@options.as_of
@options.as_json
@pass_settings
def set_(
    settings: Settings,
    name: str,
    area: str,
    figure: str,
    target: float,
    hours: float | None,
    kinds: tuple[str, ...],
    categories: tuple[str, ...],
    reason: str,
    at: When | None,
    as_json: bool,
) -> None:
    """Set a standard, or its next version."""
    with settings.open(at) as crm:
        made = crm.standards.set(
            name,
            area=area,
            figure=figure,
            target=target,
            within=None if hours is None else _hours(hours),
            kinds=kinds,
            categories=categories,
            reason=reason,
        )
        said = f"Standard {made.name} is in force, version {made.version}."
        tell(made, said, as_json=as_json)


@standards.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is recorded.")
@options.as_of
@options.as_json
@pass_settings
def drop(settings: Settings, name: str, reason: str, at: When | None, as_json: bool) -> None:
    """Give a standard up."""
    with settings.open(at) as crm:
        gone = crm.standards.drop(name, reason=reason)
        tell(gone, f"Standard {name} is no longer in force.", as_json=as_json)


@standards.command()
@click.option("--standard", help="Only those that serve this standard.")
@options.as_json
@pass_settings
def improvements(settings: Settings, standard: str | None, as_json: bool) -> None:
    """List the improvements, and what was measured before and after."""
    with settings.open() as crm:
        found = crm.standards.improvements(standard)
        if as_json:
            print_array(map(_plain, found))
        else:
            table(_IMPROVEMENTS, map(_improvement, found))


@standards.command()
@click.argument("name")
@click.option("--text", required=True, help="What is done.")
@options.choice("--way", of=IMPROVEMENT_WAYS, default="rectify", words="How.")
@click.option("--case", help="The case of feedback whose measure it is.")
@options.as_of
@options.as_json
@pass_settings
def improve(
    settings: Settings,
    name: str,
    text: str,
    way: str,
    case: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Begin an improvement of what a standard measures."""
    with settings.open(at) as crm:
        begun = crm.standards.improve(name, text, way=way, case=case)
        said = f"Improvement {begun.id} has begun; look at its effect by {day(begun.due)}."
        tell(_plain(begun), said, as_json=as_json)


@standards.command()
@click.argument("improvement")
@options.as_of
@options.as_json
@pass_settings
def assess(settings: Settings, improvement: str, at: When | None, as_json: bool) -> None:
    """Measure the effect of an improvement since it was begun."""
    with settings.open(at) as crm:
        found = crm.standards.assess(improvement)
        _, standard, _, _, before, after, better, *_ = _improvement(found)
        said = f"Improvement {found.id} of {standard}: {before} before, {after} since ({better})."
        tell(_plain(found), said, as_json=as_json)


def _hours(hours: float) -> timedelta:
    """Take hours as a time; what no time can be is left to be refused."""
    try:
        return timedelta(hours=hours)
    except (ValueError, OverflowError):
        return timedelta.max if hours > 0 else timedelta()


def _show(found: Iterable[Attainment], lang: str) -> None:
    place = lang == "zh"
    table(
        _HEADS[lang],
        (
            (
                AREAS[one.standard.area][place],
                one.standard.name,
                figure_of(one.standard, lang),
                _SIGNS[one.standard.figure == "complaint_rate"]
                + str(value_of(one.standard, one.standard.target)),
                value_of(one.standard, one.measured.value),
                one.measured.count,
                ATTAINED[one.attained][place],
            )
            for one in found
        ),
    )


def _plain(one: Improvement) -> dict[str, object]:
    """Give an improvement as JSON values, with whether it is better now."""
    return one.to_dict() | {"better": one.better}


def _improvement(one: Improvement) -> tuple[object, ...]:
    after = None if one.after is None else one.after.value
    return (
        one.id,
        one.standard.name,
        one.way,
        day(one.at),
        value_of(one.standard, one.before.value) or "not measured",
        value_of(one.standard, after),
        {True: "better", False: "not better", None: None}[one.better],
        day(one.due),
        one.text,
    )
