"""``crmkit send``: messages one to one, from the preview to what became of each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from crmkit.arguments import MOST
from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.failing import REJECTIONS, wrong
from crmkit.cli.naming import names
from crmkit.cli.output import columns, note, print_array, print_json, table
from crmkit.cli.progress import watched
from crmkit.cli.segments import Said, Segment, said, whom
from crmkit.cli.sending import (
    alert,
    ask,
    done,
    poll,
    reconcile,
    results,
    retry,
    settle,
    suppress,
    unsuppress,
)
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.streams import aside
from crmkit.cli.tallies import show_counts, show_entered
from crmkit.cli.when import When, when
from crmkit.contracts.tables import CUSTOMER
from crmkit.model.outreach import STATES, LedgerRow, Preview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmkit.crm import CRM

_PREVIEW = columns("customer~ id! channel! reason! next! subject~")
_LEDGER = columns("message! customer~ id! channel! purpose occasion~ state reason! next! at! said~")
_NOT_WELL = ("refused", "failed", "unknown")


@click.group(invoke_without_command=True, epilog=options.DATES)
@click.option("--dry-run", is_flag=True, help="Send nothing; count what would become of it.")
@options.limit(None)
@click.option("--at", type=when, metavar="DATE", help="With --dry-run, take this instant for now.")
@options.as_json
@click.pass_context
def send(
    ctx: click.Context, dry_run: bool, limit: int | None, at: When | None, as_json: bool
) -> None:
    """Send the messages that are due; with a command, enter them and see what became of them.

    Run it daily or every few minutes: what has to wait goes when its time has come. Ends with 1
    where something was refused, failed, or nobody knows whether it went.
    """
    if ctx.invoked_subcommand is not None:
        return
    if at is not None and not dry_run:
        wrong("what is sent is sent now: --at goes with --dry-run")
    with ctx.ensure_object(Settings).open(at) as crm:
        with watched("Sending", None), aside(as_json=as_json):
            counts = crm.outreach.dispatch(limit, dry_run=dry_run)
        if as_json:
            print_json(counts.to_dict())
        else:
            show_counts(counts, "Nothing is due.")
        if counts["unknown"]:
            note("Nobody knows whether some went: crmkit send reconcile")
        if not dry_run and any(counts[state] for state in _NOT_WELL):
            sys.exit(REJECTIONS)


@send.command(epilog=options.DATES)
@whom
@said
@options.limit()
@options.as_of
@options.as_json
@pass_settings
def preview(
    settings: Settings,
    whom: Segment,
    said: Said,
    limit: int | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Show exactly what each customer would get, and why the others get nothing."""
    with settings.open(at) as crm:
        ids = whom.customers(crm, settings)
        shown = crm.outreach.preview(ids[:limit], **said.arguments(crm, settings))
        if as_json:
            print_array(shown)
        else:
            _show_preview(crm, shown)
        if limit is not None and len(ids) > limit:
            note(f"They are the first of {many(len(ids), 'customer')}: --limit shows more.")


@send.command(epilog=options.DATES)
@whom
@said
@click.option(
    "--holdout", type=click.FloatRange(0, 1), help="Share set aside by lot, who get nothing."
)
@options.as_json
@pass_settings
def enqueue(
    settings: Settings, whom: Segment, said: Said, holdout: float | None, as_json: bool
) -> None:
    """Enter one message a customer; `crmkit send` sends what is due.

    Doing it again for the same occasion changes nothing.
    """
    with settings.open() as crm:
        ids = whom.customers(crm, settings)
        given = said.arguments(crm, settings)
        with watched("Entering", None):
            rows = crm.outreach.enqueue(ids, **given, holdout=holdout)
        if as_json:
            print_array(rows)
        else:
            show_entered(rows)


@send.command()
@options.choice("--state", of=STATES, words="Only in this state.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--occasion", help="Only of this occasion.")
@click.option("--channel", metavar="NAME", help="Only by this channel.")
@options.limit()
@click.option("--after", metavar="MESSAGE", help="Go on behind this message.")
@options.as_json
@pass_settings
def ledger(
    settings: Settings,
    state: str | None,
    customer: str | None,
    occasion: str | None,
    channel: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List the messages that were entered, what became of each, and why."""
    with settings.open() as crm:
        found = crm.outreach.ledger(
            customer, occasion, state, after, channel=channel, limit=min(limit + 1, MOST)
        )
        rows = found[:limit]
        if as_json:
            print_array(rows)
        else:
            _show_ledger(crm, rows)
        if len(found) > limit:
            note(f"There are more: --after {rows[-1].id}")


def _show_preview(crm: CRM, shown: Sequence[Preview]) -> None:
    called = _called(crm, [one.customer_id for one in shown])
    table(
        _PREVIEW,
        (
            (
                called.get(one.customer_id),
                one.customer_id,
                one.channel,
                one.reason,
                one.next,
                one.subject,
            )
            for one in shown
        ),
        below=[[*filter(None, (one.detail, _text(one)))] for one in shown],
    )


def _text(one: Preview) -> str:
    """Give what he would read; of a provider's template its name and values."""
    if one.template is None:
        return one.text or one.html or ""
    return " ".join(f"{name}={value}" for name, value in one.template.items() if value)


def _show_ledger(crm: CRM, rows: Sequence[LedgerRow]) -> None:
    called = _called(crm, [one.customer_id for one in rows])
    table(
        _LEDGER,
        (
            (
                one.id,
                called.get(one.customer_id),
                one.customer_id,
                one.channel,
                one.purpose,
                one.occasion,
                one.state,
                one.reason,
                one.next,
                one.at,
                one.detail,
            )
            for one in rows
        ),
    )


def _called(crm: CRM, ids: Sequence[str]) -> dict[str, str]:
    """Give names; a message may be for nobody whom we know, or for no customer at all."""
    with crm.session.store.read() as reader:
        there = {row[0] for row in reader.fetch(CUSTOMER, [(one,) for one in {*ids}])}
    return names(crm, sorted(there))


for _command in (reconcile, poll, settle, retry, done, alert, ask, results, suppress, unsuppress):
    send.add_command(_command)
