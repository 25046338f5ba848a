"""``crmkit send``, the rest of it: what came in, what nobody knows, surveys, alerts."""

from __future__ import annotations

import sys
from collections import Counter

import click

from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.failing import REJECTIONS, wrong
from crmkit.cli.output import columns, note, percent, print_array, print_json, say, table, tell
from crmkit.cli.progress import watched
from crmkit.cli.segments import Said, Segment, said, whom
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.streams import aside
from crmkit.cli.tallies import show_counts, show_entered
from crmkit.cli.when import When, when
from crmkit.model.outreach import LedgerRow

_HEARD = columns("what! messages#")
_ANSWERS = columns("answer# times#")


@click.command()
@options.as_json
@pass_settings
def reconcile(settings: Settings, as_json: bool) -> None:
    """Look messages up that nobody knows the fate of; ends with 1 where some stay so."""
    with settings.open() as crm:
        with watched("Looking messages up", None):
            counts = crm.outreach.reconcile()
        if as_json:
            print_json(counts.to_dict())
        else:
            show_counts(counts, "No message is unknown.")
        if counts["unknown"]:
            note("crmkit send settle MESSAGE says what became of one: --sent, or --not-sent")
            sys.exit(REJECTIONS)


@click.command()
@click.argument("channel")
@options.as_json
@pass_settings
def poll(settings: Settings, channel: str, as_json: bool) -> None:
    """Fetch receipts and replies where the provider of CHANNEL has them fetched."""
    with settings.open() as crm:
        with watched("Fetching", None):
            received = crm.outreach.poll(channel)
        if as_json:
            print_array(received.receipts)
            return
        if received.receipts:
            table(_HEARD, Counter(one.what for one in received.receipts).items())
        else:
            note("Nothing is new.")
        if received.strangers:
            note(f"{many(len(received.strangers), 'receipt')} of messages that nobody here knows.")


@click.command()
@click.argument("message")
@click.option("--sent/--not-sent", required=True, help="It went; or it did not, and goes again.")
@options.as_json
@pass_settings
def settle(settings: Settings, message: str, sent: bool, as_json: bool) -> None:
    """Say what became of a message that nobody knows the fate of."""
    with settings.open() as crm:
        _tell(crm.outreach.settle(message, sent=sent), as_json=as_json)


@click.command()
@click.argument("message", required=False)
@click.option("--occasion", help="Instead: all that were refused on this occasion.")
@click.option("--channel", help="All that were refused by this channel.")
@click.option("--reason", help="All that were refused for this reason, such as provider.")
@options.as_json
@pass_settings
def retry(
    settings: Settings,
    message: str | None,
    occasion: str | None,
    channel: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Enter messages anew that were refused or given up, since what was wrong is mended."""
    some = (occasion, channel, reason) != (None, None, None)
    if (message is None) != some:
        wrong("name one MESSAGE, or all of an --occasion, a --channel or a --reason")
    with settings.open() as crm:
        if message is not None:
            _tell(crm.outreach.retry(message), as_json=as_json)
            return
        entered = crm.outreach.retry_all(occasion=occasion, channel=channel, reason=reason)
        tell(entered, "", f"{len(entered)} messages are planned anew.", as_json=as_json)


@click.command()
@click.argument("message")
@click.option("--outcome", required=True, help="What came of it, in words.")
@click.option("--kind", help="Which contact it was, such as call, visit or meeting.")
@options.as_json
@pass_settings
def done(settings: Settings, message: str, outcome: str, kind: str | None, as_json: bool) -> None:
    """Record what came of a task that a colleague carried out; it is a touchpoint then."""
    with settings.open() as crm:
        said = {"text": outcome} | ({} if kind is None else {"kind": kind})
        _tell(crm.outreach.done(message, outcome=said), as_json=as_json)


@click.command()
@click.argument("channel")
@click.argument("text")
@click.option("--occasion", required=True, help="What makes it one alert; once more sends nothing.")
@options.as_json
@pass_settings
def alert(settings: Settings, channel: str, text: str, occasion: str, as_json: bool) -> None:
    """Tell colleagues something by the staff bot CHANNEL; ends with 1 where it did not go."""
    with settings.open() as crm:
        with aside(as_json=as_json):
            row = crm.outreach.alert(channel, text, occasion=occasion)
        _tell(row, as_json=as_json)
        if row.state in ("planned", "refused", "failed", "unknown"):
            sys.exit(REJECTIONS)


@click.command()
@click.argument("system")
@click.argument("address")
@click.option("--reason", required=True, help="Why; it is recorded.")
@click.option("--channel", metavar="NAME", help="Only by this channel; without it, by any.")
@options.as_json
@pass_settings
def suppress(
    settings: Settings,
    system: str,
    address: str,
    reason: str,
    channel: str | None,
    as_json: bool,
) -> None:
    """Send nothing more to an ADDRESS of SYSTEM (email, phone...), whoever has it."""
    with settings.open() as crm:
        new = crm.outreach.suppress(system, address, reason=reason, channel=channel)
        said = f"The address {'is suppressed' if new else 'was suppressed already'}."
        made = {"system": system, "address": address, "channel": channel, "suppressed": True}
        tell(made | {"changed": new}, said, as_json=as_json)


@click.command()
@click.argument("system")
@click.argument("address")
@click.option("--channel", metavar="NAME", help="Where it was suppressed for this channel alone.")
@options.as_json
@pass_settings
def unsuppress(
    settings: Settings, system: str, address: str, channel: str | None, as_json: bool
) -> None:
    """Let an ADDRESS in again that was suppressed, since it is known to be good."""
    with settings.open() as crm:
        there = crm.outreach.unsuppress(system, address, channel=channel)
        said = f"The address {'is let in again' if there else 'was not suppressed'}."
        made = {"system": system, "address": address, "channel": channel, "suppressed": False}
        tell(made | {"changed": there}, said, as_json=as_json)


@click.command(epilog=options.DATES)
@click.argument("survey")
@whom
@said
@options.as_json
@pass_settings
def ask(settings: Settings, survey: str, whom: Segment, said: Said, as_json: bool) -> None:
    """Enter the question of SURVEY, one a customer; `crmkit send` sends what is due."""
    with settings.open() as crm:
        ids = whom.customers(crm, settings)
        rows = crm.outreach.surveys.send(survey, ids, **said.arguments(crm, settings))
        if as_json:
            print_array(rows)
        else:
            show_entered(rows)


@click.command(epilog=options.DATES)
@click.argument("survey")
@click.option("--since", type=when, metavar="DATE", help="Start; without it, the first.")
@click.option("--until", type=when, metavar="DATE", help="End; without it, the last.")
@options.as_json
@pass_settings
def results(
    settings: Settings, survey: str, since: When | None, until: When | None, as_json: bool
) -> None:
    """Add the answers to SURVEY up: the net promoter score, or the share of the satisfied."""
    with settings.open() as crm:
        now, zone = crm.session.clock(), settings.zone
        found = crm.outreach.surveys.results(
            survey,
            None if since is None else since.instant(now, zone),
            None if until is None else until.instant(now, zone),
        )
        if as_json:
            print_json(found.to_dict())
            return
        rate = "" if found.response_rate is None else f" ({percent(found.response_rate)})"
        say(f"{found.survey}: {found.answered} of {found.sent} answered{rate}")
        if found.mean is not None:
            say(f"mean {found.mean:.1f}")
        if found.nps is not None:
            say(f"net promoter score {found.nps:+.0f}")
        if found.csat is not None:
            say(f"satisfied {percent(found.csat)}")
        table(_ANSWERS, found.scores.items())


def _tell(row: LedgerRow, *, as_json: bool) -> None:
    """Say how a message stands now."""
    why = ": ".join(filter(None, (row.reason, row.detail)))
    said = f"Message {row.id} is {row.state}{f' ({why})' if why else ''}."
    tell(row, said, as_json=as_json)
