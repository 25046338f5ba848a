"""``crmkit pyramid``: the tiers, and what each really carries."""

from __future__ import annotations

from collections.abc import Iterable

import click

from crmkit.care.words import money
from crmkit.cli import options
from crmkit.cli.output import columns, percent, print_array, table
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.model.value import Tier

_HEAD = columns("tier customers# share_of_value# share_of_revenue# revenue# from_score#")


@click.command(epilog=options.DATES)
@options.as_of
@options.as_json
@pass_settings
def pyramid(settings: Settings, at: When | None, as_json: bool) -> None:
    """Show the tiers and their shares of value and revenue: computed, never assumed."""
    with settings.open(at) as crm:
        tiers = crm.value.pyramid()
        if as_json:
            print_array(tiers)
        else:
            show_pyramid(tiers, crm.value.model().currency)


def show_pyramid(tiers: Iterable[Tier], currency: str) -> None:
    """Print the pyramid from the top."""
    table(
        _HEAD,
        (
            (
                tier.name,
                tier.count,
                percent(tier.value_share),
                percent(tier.revenue_share),
                money(tier.revenue, currency, ","),
                tier.floor,
            )
            for tier in tiers
        ),
    )
