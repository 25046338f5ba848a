"""``crmkit funnel open``, ``move``, ``lose`` and ``advance``: what is done with opportunities."""

from __future__ import annotations

import click

from crmkit.cli import options
from crmkit.cli.output import tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when
from crmkit.model.sales import COMPETITION, FUNNEL_STAGES, WON, Opportunity


@click.command("open", epilog=options.DATES)
@click.argument("id")
@click.option("--name", required=True, help="What it is about.")
@click.option("--amount", required=True, help="What it would bring.")
@click.option("--currency", required=True, help="Three letters, such as CNY.")
@click.option("--owner", required=True, help="Who sells.")
@options.choice("--stage", of=FUNNEL_STAGES[:-1], default=FUNNEL_STAGES[0])
@click.option("--source", default="", help="Where the lead came from.")
@click.option("--competitor", multiple=True, help="Who else wants it; may be repeated.")
@options.choice("--competition", of=COMPETITION, default=COMPETITION[0])
@click.option("--closes", type=when, metavar="DATE", help="Day it is expected to be paid.")
@click.option("--shared", metavar="REASON", help="Why it stands beside another manager's.")
@options.as_of
@options.as_json
@pass_settings
def open_(
    settings: Settings,
    id: str,
    name: str,
    amount: str,
    currency: str,
    owner: str,
    stage: str,
    source: str,
    competitor: tuple[str, ...],
    competition: str,
    closes: When | None,
    shared: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Open an opportunity with customer ID."""
    with settings.open(at) as crm:
        now = crm.session.clock()
        made = crm.funnel.open(
            id,
            name=name,
            amount=amount,
            currency=currency,
            owner=owner,
            stage=stage,
            source=source,
            competitors=competitor,
            competition=competition,
            closes=None if closes is None else closes.day(now, settings.zone),
            shared=shared is not None,
            reason=shared or "",
        )
        tell(made, f"Opportunity {made.id} is open, in {made.stage}.", as_json=as_json)


@click.command()
@click.argument("opportunity")
@options.one_of("stage", FUNNEL_STAGES)
@click.option("--reason", default="", help="Why; required on the way back.")
@click.option(
    "--purchase", nargs=2, metavar="SOURCE ID", help="The purchase that it became, on `pay`."
)
@options.as_of
@options.as_json
@pass_settings
def move(
    settings: Settings,
    opportunity: str,
    stage: str,
    reason: str,
    purchase: tuple[str, str] | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Move an opportunity to a stage; `pay` closes it as won."""
    with settings.open(at) as crm:
        made = crm.funnel.move(opportunity, stage, reason=reason, purchase=purchase)
        tell(made, _moved(made), as_json=as_json)


@click.command()
@click.argument("opportunity")
@click.option("--reason", required=True, help="Why; equal reasons are counted together.")
@click.option("--competitor", help="To whom.")
@options.as_of
@options.as_json
@pass_settings
def lose(
    settings: Settings,
    opportunity: str,
    reason: str,
    competitor: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Close an opportunity as lost."""
    with settings.open(at) as crm:
        lost = crm.funnel.lose(opportunity, reason=reason, competitor=competitor)
        tell(lost, f"Opportunity {opportunity} is lost.", as_json=as_json)


@click.command()
@options.as_of
@options.as_json
@pass_settings
def advance(settings: Settings, at: When | None, as_json: bool) -> None:
    """Move opportunities by what was captured: quotations, commitments, payments."""
    with settings.open(at) as crm:
        moved = crm.funnel.advance()
        tell(moved, *map(_moved, moved), as_json=as_json)


def _moved(one: Opportunity) -> str:
    return f"Opportunity {one.id} is {'won' if one.state == WON else f'in {one.stage}'}."
