"""``crmkit collisions``, ``resolve``, ``done`` and ``snooze``: what people decide and report."""

from __future__ import annotations

from typing import Any

import click

from crmkit.cli import options
from crmkit.cli.failing import wrong
from crmkit.cli.naming import names
from crmkit.cli.output import columns, print_array, table, tell
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When, when

_HEAD = columns("collision! key! holder~ holder_id! other~ other_id! since source~ record~")
_ITEM = (
    "ITEM is the agenda's id and due day: ID:2026-05-01, as `crmkit agenda --json` has it; an "
    "action of a plan is plan:7:a1, and `crmkit plan check` fills the whole of its checklist."
)


@click.command()
@options.as_json
@pass_settings
def collisions(settings: Settings, as_json: bool) -> None:
    """List the keys that point at two customers, and wait for somebody to decide."""
    with settings.open() as crm:
        found = crm.customers.collisions()
        if as_json:
            print_array(found)
            return
        called = names(crm, sorted({one for each in found for one in each.customers}))
        table(
            _HEAD,
            (
                (
                    one.id,
                    f"{one.identity.system} {one.identity.value}",
                    called[one.customers[0]],
                    one.customers[0],
                    called[one.customers[1]],
                    one.customers[1],
                    one.at,
                    one.source,
                    one.record,
                )
                for one in found
            ),
        )


@click.command()
@click.argument("id")
@click.argument("action", type=click.Choice(["merge", "apart"]))
@click.option("--keep", help="On a merge, whose id goes on; without it, the holder's of the key.")
@click.option("--reason", required=True, help="Why; it is recorded.")
@options.as_json
@pass_settings
def resolve(
    settings: Settings, id: str, action: str, keep: str | None, reason: str, as_json: bool
) -> None:
    """Decide a collision: merge both customers, or say that they are two (apart)."""
    with settings.open() as crm:
        found = crm.customers.resolve(id, action, keep=keep, reason=reason)
        tell(found, f"Collision {id} is resolved: {action}.", as_json=as_json)


@click.command(epilog=_ITEM)
@click.argument("item")
@click.option("--outcome", required=True, help="What came of it, in words.")
@click.option("--kind", help="Which contact it was, such as call, visit or meeting.")
@click.option("--follow-up", type=when, metavar="DATE", help="We promised to be in touch then.")
@options.as_of
@options.as_json
@pass_settings
def done(
    settings: Settings,
    item: str,
    outcome: str,
    kind: str | None,
    follow_up: When | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Record that a contact of the agenda was made; it is a touchpoint then."""
    with settings.open(at) as crm:
        said: dict[str, Any] = {}
        if kind is not None:
            said["kind"] = kind
        if follow_up is not None:
            said["follow_up"] = follow_up.day(crm.session.clock(), settings.zone)
        if item.startswith("plan:"):  # a checklist has other fields than a touchpoint
            if follow_up is not None:
                wrong("an action of a plan takes no --follow-up: crmkit plan check")
            mode = {} if kind is None else {"mode": "phone" if kind == "call" else kind}
            crm.care.done(item, outcome={"content": outcome, **mode})
        else:
            crm.care.done(item, outcome={"text": outcome, **said} if said else outcome)
        made = {"item": item, "outcome": outcome, **said}
        tell(made, f"{item} is done.", as_json=as_json)


@click.command(epilog=_ITEM)
@click.argument("item")
@click.option("--until", type=when, metavar="DATE", required=True, help="Which day.")
@options.as_of
@options.as_json
@pass_settings
def snooze(settings: Settings, item: str, until: When, at: When | None, as_json: bool) -> None:
    """Put a contact of the agenda off until a day."""
    with settings.open(at) as crm:
        day = until.day(crm.session.clock(), settings.zone)
        crm.care.snooze(item, day)
        put_off = {"item": item, "until": day}
        tell(put_off, f"{item} is put off until {day}.", as_json=as_json)
