"""``crmkit movers``: who rose or fell, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmkit.cli import options
from crmkit.cli.naming import names
from crmkit.cli.output import columns, print_array, signed, table
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.cli.words import main_reasons
from crmkit.model.value import Movement

if TYPE_CHECKING:
    from crmkit.crm import CRM

_HEAD = columns("customer~ id! tier_at_start before# after# change# unexpected#")


@click.command(epilog=options.DATES)
@options.span
@click.option("--direction", type=click.Choice(["rising", "falling"]), help="Only these.")
@click.option(
    "--tier", type=click.Choice(options.TIERS), help="Only who stood in this tier at the start."
)
@click.option(
    "--order",
    type=click.Choice(["unexpected", "size"]),
    default="unexpected",
    show_default=True,
    help="By the part that the customer's own rhythm does not explain, or by the whole change.",
)
@options.limit()
@options.as_of
@options.as_shown
@options.as_json
@click.option(
    "--touchpoints",
    is_flag=True,
    help="With --json, name the touchpoints behind each cause: source, id and instant.",
)
@pass_settings
def movers(
    settings: Settings,
    since: When,
    until: When | None,
    direction: str | None,
    tier: str | None,
    order: str,
    limit: int | None,
    at: When | None,
    as_shown: bool,
    as_json: bool,
    touchpoints: bool,
) -> None:
    """List who rose or fell, and why."""
    with settings.open(at) as crm:
        start, end = settings.between(crm, since, until)
        moved = crm.value.movers(
            start,
            end,
            direction=direction,
            tier=tier,
            order=order,
            limit=limit,
            as_shown=as_shown,
        )
        if as_json:
            print_array(_plain(one, named=touchpoints) for one in moved)
        else:
            show_movers(crm, moved)


def _plain(moved: Movement, *, named: bool) -> dict[str, Any]:
    """Give a movement as JSON values, its touchpoints by name or not at all: they are many."""
    bare = tuple(attrs.evolve(cause, touchpoints=()) for cause in moved.causes)
    plain = attrs.evolve(moved, causes=bare).to_dict()
    for written, cause in zip(plain["causes"], moved.causes, strict=True):
        del written["touchpoints"]
        if named:
            written["touchpoints"] = [
                {"source": one.source, "id": one.id, "at": one.at.isoformat()}
                for one in cause.touchpoints
            ]
    return plain


def show_movers(crm: CRM, moved: Sequence[Movement]) -> None:
    """Print movements, each with its main reasons below."""
    called = names(crm, [one.customer_id for one in moved])
    table(
        _HEAD,
        (
            (
                called[one.customer_id],
                one.customer_id,
                one.before.tier,
                one.before.total,
                one.after.total,
                signed(one.delta),
                signed(one.unexpected),
            )
            for one in moved
        ),
        below=[main_reasons(one) for one in moved],
    )
