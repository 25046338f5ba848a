"""``crmkit customers``, ``export`` and ``erase``: find customers, give and forget what is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.failing import wrong
from crmkit.cli.filters import check_filters
from crmkit.cli.naming import found
from crmkit.cli.output import columns, note, plain, print_array, print_json, say, table, tell
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.model.customer import Customer, Identity

if TYPE_CHECKING:
    from crmkit.crm import CRM

_HEAD = columns("customer~ id! score# tier stage kind owner~ known_by~")


@click.command()
@click.argument("text", required=False)
@options.tier
@click.option("--stage", help="Only this stage of the lifecycle.")
@click.option("--kind", help="Only this kind.")
@click.option("--owner", help="Only this account manager's.")
@options.limit()
@click.option("--after", help="Go on behind this place, as the page before named it.")
@options.as_of
@options.as_json
@pass_settings
def customers(
    settings: Settings,
    text: str | None,
    tier: str | None,
    stage: str | None,
    kind: str | None,
    owner: str | None,
    limit: int,
    after: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Find customers, by a part of the name, the number, an e-mail address or a telephone."""
    with settings.open(at) as crm:
        page = crm.customers.search(
            text, tier=tier, stage=stage, kind=kind, owner=owner, limit=limit, after=after
        )
        if not page.items:
            check_filters(crm, owner=owner, stage=stage, kind=kind)
        if as_json:
            ended = set(crm.lifecycle.ended())
            print_array(
                one.to_dict() | ({"ended": True} if one.id in ended else {}) for one in page.items
            )
        else:
            table(_HEAD, _rows(crm, page.items))
        if page.next is not None:
            note(f"There are more: --after {page.next}")


def _rows(crm: CRM, found: Sequence[Customer]) -> Iterator[tuple[object, ...]]:
    scores = {one.customer_id: one for one in crm.value.scores([c.id for c in found])}
    for customer in found:
        score = scores.get(customer.id)
        stage = crm.lifecycle.stage(customer.id)
        yield (
            customer.known_as,
            customer.id,
            score and score.total,
            score and score.tier,
            stage.name,
            customer.kind,
            customer.owner,
            ", ".join(map(_key, customer.identities)),
        )


def _key(identity: Identity) -> str:
    """Write a key: an address explains itself, an id needs its system."""
    plain = identity.system in ("email", "phone")
    return identity.value if plain else f"{identity.system} {identity.value}"


@click.command()
@options.who
@click.option(
    "--log",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write both logs, of everybody, to this folder as Parquet; only what changed, next time.",
)
@click.option("--verify", is_flag=True, help="With --log: read the files that are there, too.")
@options.as_json
@pass_settings
def export(
    settings: Settings,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
    log: Path | None,
    verify: bool,
    as_json: bool,
) -> None:
    """Give everything that is known about a customer, as JSON; or the log of everybody.

    With --log DIR both logs, touchpoints and decisions, are written as Parquet by month. The next
    export to the same folder writes what is new, and takes out whoever was erased since.
    """
    if log is None:
        if verify:
            wrong("--verify goes with --log DIR")
        with settings.open() as crm:
            print_json(plain(crm.customers.export(found(crm, id, email, phone, identity))))
        return
    if any(one is not None for one in (id, email, phone, identity)):
        wrong("--log exports everybody: name no customer")
    with settings.open() as crm, watched("Exporting the log", None) as step:
        made = crm.touchpoints.export_log(log, verify=verify, step=step)
    if as_json:
        print_json(made.to_dict())
        return
    rewritten = f", {many(made.rewritten, 'older file')} rewritten" if made.rewritten else ""
    say(f"{many(made.rows, 'new row')}{rewritten}: {log} has {many(made.files, 'file')}")


@click.command()
@options.who
@click.option("--reason", required=True, help="Why; it is recorded.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@options.as_json
@pass_settings
def erase(
    settings: Settings,
    id: str | None,
    email: str | None,
    phone: str | None,
    identity: str | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget a customer for good: his records, his name, and every key that finds him."""
    with settings.open() as crm:
        who = found(crm, id, email, phone, identity)
        name = crm.customers.get(who).known_as
        whom = f"{name} ({who})" if name else who
        _tell_term(crm, who)
        if not yes:
            if not sys.stdin.isatty():
                wrong(f"{whom} would be forgotten for good, and nobody is there to ask: add --yes")
            click.confirm(f"Forget {whom} for good?", abort=True, err=True)
        decision = crm.customers.erase(who, reason=reason)
        tell(decision, f"{whom} is forgotten.", as_json=as_json)


def _tell_term(crm: CRM, id: str) -> None:
    """Say how long the policy keeps the record of somebody whose relationship was ended."""
    from crmkit.lifecycle.ended import mark

    with crm.session.store.read() as reader:
        ended = mark(reader, id, crm.lifecycle.guide.retention)
    if ended is not None and ended["keep_until"] is not None:
        note(
            f"The relationship was ended; by policy the record is kept until {ended['keep_until']}."
        )
