"""``crmkit advance``: everybody to his tier and stage as of now; what a scheduler runs daily."""

from __future__ import annotations

import click

from crmkit.care.words import many
from crmkit.cli import imports, options
from crmkit.cli.output import placed, print_json, say
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When


@click.command(epilog=options.DATES)
@click.option("--replay", is_flag=True, help="Work out the moves of the past too, step by step.")
@options.as_of
@options.as_json
@pass_settings
def advance(settings: Settings, replay: bool, at: When | None, as_json: bool) -> None:
    """Bring everybody to his tier and stage, and the agenda up to date; run it daily."""
    with settings.open(at) as crm:
        with watched("Working out tiers and stages", None):
            found = imports.advance(crm, replay=replay)
        if as_json:
            print_json(found.to_dict())
            return
        say(
            f"{many(found.customers, 'customer')} as of {placed(found.at):%Y-%m-%d %H:%M %Z}: "
            f"{found.stages} came to another stage, {found.tiers} to another tier"
        )
