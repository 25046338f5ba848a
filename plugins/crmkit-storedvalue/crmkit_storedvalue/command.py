"""``crmkit card``: the balances of stored-value cards."""

from __future__ import annotations

import json
from typing import Any

import click

from crmkit_storedvalue.cards import Card, cards


@click.command()
@click.option("--left", is_flag=True, help="Only cards with money left on them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
@click.pass_obj
def card(settings: Any, *, left: bool, as_json: bool) -> None:
    """List the balances of stored-value cards, the largest first."""
    with settings.open() as crm:
        found = [one for one in cards(crm) if one.balance > 0 or not left]
    found.sort(key=lambda one: (one.currency, -one.balance, one.customer_id))
    if as_json:
        click.echo(json.dumps([one.to_dict() for one in found], indent=2))
    else:
        for one in found:
            click.echo(_line(one))


def _line(one: Card) -> str:
    return (
        f"{one.customer_id}  {one.balance:>12,} {one.currency}  "
        f"{one.topups:>3} top-ups  last used {one.used:%Y-%m-%d}"
    )
