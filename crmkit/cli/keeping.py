"""``crmkit migrate``, ``rebuild`` and ``plugins``: keep the installation in order."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.engines import opened_engine
from crmkit.cli.failing import wrong
from crmkit.cli.output import columns, print_array, print_json, say, table, tell
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings
from crmkit.lifecycle.rules import offered_rules
from crmkit.masking import masked
from crmkit.plugins.declarations import in_words

_PLUGINS = columns("plugin! distribution version status! hooks cause")


@click.command()
@options.as_json
@pass_settings
def migrate(settings: Settings, as_json: bool) -> None:
    """Create the database's schema, or upgrade an older one in place."""
    with settings.open(migrate="auto") as crm:
        url = masked(crm.config.url or "")
        status = {"url": url, "status": "up to date"}
        tell(status, f"The schema of {url} is up to date.", as_json=as_json)


@click.command()
@click.option(
    "--engine",
    metavar="NAME[:BACKEND]",
    help="Let an engine sum the log up, such as ibis:duckdb of crmkit-ibis.",
)
@click.option(
    "--log",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="With --engine: the exported log that it reads, brought up to date first.",
)
@options.as_json
@pass_settings
def rebuild(settings: Settings, engine: str | None, log: Path | None, as_json: bool) -> None:
    """Work out every customer's value state anew from the log, where there is doubt about it.

    Nothing is lost, and nothing else changes; a rebuild that was killed is made again. With
    --engine the log is summed up elsewhere: from DIR, or from a folder that is removed afterwards.
    """
    if engine is None and log is not None:
        wrong("--log goes with --engine NAME")
    with settings.open() as crm, ExitStack() as stack:
        summing = None
        if engine is not None:
            summing = stack.enter_context(opened_engine(settings, crm, engine, log))
        with watched("Working out every customer's value anew", None):
            count = crm.value.rebuild(engine=summing)
        if as_json:
            print_json({"customers": count})
        else:
            say(f"the value states of {many(count, 'customer')} were built anew from the log")


@click.command()
@click.option(
    "--forget",
    metavar="NAME",
    help="Say of a distribution that is missing that it was removed for good.",
)
@click.option("--reason", help="With --forget: why; it is recorded.")
@options.as_json
@pass_settings
def plugins(settings: Settings, forget: str | None, reason: str | None, as_json: bool) -> None:
    """List the plugins, what they offer, and what is wrong with them.

    What a missing plugin declared stops what rests on it: scoring, sending, merging, exporting,
    erasing. --forget lets that go on without it; what it kept about customers is then its own
    affair, and who is erased from then on stays there.
    """
    if (forget is None) != (reason is None):
        wrong("--forget and --reason go together")
    if forget is not None:
        with settings.open() as crm:
            decision = crm.forget_plugin(forget, reason=reason or "")
        lost = in_words(decision.body["declared"])
        tell(decision, f"Nothing waits for {forget} any more: {lost}.", as_json=as_json)
        return
    settings.plugins.configure(settings.configuration)
    offered_rules(settings.plugins)  # which looks at them
    rows = settings.plugins.report()
    if as_json:
        print_array(rows)
        return
    table(
        _PLUGINS,
        (
            (
                row.name,
                row.distribution,
                row.version,
                row.status,
                ", ".join(hook.removeprefix("crmkit_") for hook in row.hooks),
                row.cause,
            )
            for row in rows
        ),
    )
