"""``crmkit score`` and ``crmkit explain``: what one customer is worth, and why that changed."""

from __future__ import annotations

import click

from crmkit.cli import options
from crmkit.cli.naming import found
from crmkit.cli.output import columns, placed, print_json, say, table
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.cli.words import movement_lines, ranked_lines
from crmkit.model.value import Score

_PARTS = columns("indicator state raw# points# weight# contribution#")
_RANKING = "Ranking everybody"


@click.command(epilog=options.DATES)
@options.who
@options.as_of
@options.as_shown
@options.as_json
@pass_settings
def score(
    settings: Settings,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
    at: When | None,
    as_shown: bool,
    as_json: bool,
) -> None:
    """Show a customer's value score and its parts."""
    with settings.open(at) as crm:
        who = found(crm, id, email, phone, identity)
        when = None if at is None else crm.session.clock()
        scored = crm.value.score(who, when, as_shown=as_shown)
        if as_json:
            print_json(scored.to_dict())
        else:
            show_score(scored, crm.customers.get(who).known_as)


def show_score(scored: Score, name: str) -> None:
    """Print a score: the total first, then what it is made of."""
    tier = scored.tier or "none: nobody knew of this customer yet"
    say(
        f"{name or scored.customer_id}: {scored.total:.1f} of 100, tier {tier}",
        f"as of {placed(scored.at):%Y-%m-%d %H:%M %Z}, model {scored.model}, "
        f"id {scored.customer_id}",
        "",
    )
    parts = sorted(scored.parts, key=lambda part: -part.contribution)
    table(
        _PARTS,
        (
            (
                part.indicator,
                part.state.replace("_", " "),
                f"{part.raw:z.6g}",
                part.points,
                f"{part.weight:z.3f}",
                f"{part.contribution:z.2f}",
            )
            for part in parts
        ),
    )


@click.command(epilog=options.DATES)
@options.who
@options.span
@options.as_of
@options.as_shown
@options.as_json
@pass_settings
def explain(
    settings: Settings,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
    since: When,
    until: When | None,
    at: When | None,
    as_shown: bool,
    as_json: bool,
) -> None:
    """Say why a customer's score moved, in words; the causes add up to the change.

    The tiers come last: everybody is ranked for them.
    """
    with settings.open(at) as crm:
        who = found(crm, id, email, phone, identity)
        start, end = settings.between(crm, since, until)
        moved = crm.value.explain(who, start, end, as_shown=as_shown)
        if as_json:
            with watched(_RANKING, None):
                plain = moved.to_dict()
            print_json(plain)
        else:
            say(*movement_lines(moved, crm.customers.get(who).known_as), "")
            with watched(_RANKING, None):
                ranked = list(ranked_lines(moved))
            say(*ranked)
