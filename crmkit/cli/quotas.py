"""``crmkit targets set``, ``break-down`` and ``rate``: what people decide and enter."""

from __future__ import annotations

import click

from crmkit.care.targets.policy import ENTERED, MEASURES
from crmkit.cli import options
from crmkit.cli.output import tell
from crmkit.cli.settings import Settings, pass_settings


@click.command("set")
@click.argument("person")
@click.argument("period")
@options.one_of("measure", MEASURES)
@click.argument("value")
@click.option("--currency", help="Of sales and revenue, such as CNY.")
@click.option("--team", is_flag=True, help="His whole department's.")
@click.option("--reason", default="", help="Why; it is recorded.")
@options.as_json
@pass_settings
def set_(
    settings: Settings,
    person: str,
    period: str,
    measure: str,
    value: str,
    currency: str | None,
    team: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Set the target of PERSON (`firm`: the firm's) for a period; VALUE `none` withdraws it."""
    with settings.open() as crm:
        made = crm.targets.set(
            None if person == "firm" else person,
            period,
            measure,
            None if value == "none" else value,
            currency=currency,
            team=team,
            reason=reason,
        )
        said = f"The target for {made.measure} in {made.period} is {made.state}."
        tell(made, said, as_json=as_json)


@click.command("break-down")
@click.argument("head")
@click.argument("period")
@options.one_of("measure", MEASURES)
@click.argument("parts", nargs=-1, required=True, metavar="PERSON=VALUE...")
@click.option("--currency", help="Of sales and revenue, such as CNY.")
@options.as_json
@pass_settings
def break_down(
    settings: Settings,
    head: str,
    period: str,
    measure: str,
    parts: tuple[str, ...],
    currency: str | None,
    as_json: bool,
) -> None:
    """Break the target of HEAD's department (`firm`: the firm's) down; the parts must add up."""
    values = {}
    for part in parts:
        person, equals, value = part.partition("=")
        if not (person and equals and value):
            raise click.BadParameter(f"{part!r} is not PERSON=VALUE, such as lin=500")
        values[person] = value
    with settings.open() as crm:
        who = None if head == "firm" else head
        made = crm.targets.break_down(who, period, measure, values, currency=currency)
        said = f"The target for {measure} in {period} is broken down to {len(made)}."
        tell(made, said, as_json=as_json)


@click.command()
@click.argument("person")
@click.argument("period")
@options.one_of("measure", ENTERED)
@click.argument("value")
@click.option("--reason", default="", help="Why; it is recorded.")
@options.as_json
@pass_settings
def rate(
    settings: Settings,
    person: str,
    period: str,
    measure: str,
    value: str,
    reason: str,
    as_json: bool,
) -> None:
    """Enter what only a person knows of PERSON, 0 to 10: his attitude, or his own satisfaction."""
    with settings.open() as crm:
        made = crm.targets.rate(person, period, measure, value, reason=reason)
        said = f"{made.owner}: {made.measure} {made.value} in {made.period}."
        tell(made, said, as_json=as_json)
