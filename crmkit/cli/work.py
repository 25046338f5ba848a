"""``crmkit work``: be a worker, as a service or by cron; ``crmkit jobs``: what there is to do."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from crmkit.cli import options
from crmkit.cli.failing import INTERRUPTED, REJECTIONS, warn
from crmkit.cli.output import columns, note, print_array, print_line, say, table
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.streams import aside
from crmkit.cli.when import When, when
from crmkit.clock import span
from crmkit.jobs.declared import JOBS
from crmkit.masking import without_passwords
from crmkit.outreach.durations import written
from crmkit.plugins.records import cause_of

if TYPE_CHECKING:
    from crmkit.contracts.runner import Job

_HEAD = columns("job! of~ every next! last! took# came_to~")


@click.command()
@click.option("--until-idle", is_flag=True, help="End once nothing is due, for a cron job.")
@options.as_json
@pass_settings
def work(settings: Settings, until_idle: bool, as_json: bool) -> None:
    """Do by itself what is due: send, poll, sync, advance, as [jobs] has it.

    Any number of workers may run. SIGTERM or Ctrl-C ends one after the batch it is at; a second
    one ends it at once, which loses nothing either. With --until-idle it ends with 1 where a job
    failed.
    """
    out, failed, deaf = sys.stdout, [], []
    stop = Event()

    def told(job: Job, result: Mapping[str, Any] | Exception, seconds: float) -> None:
        if isinstance(result, Exception):
            failed.append(job.id)
        if as_json:
            try:
                print_line(_line(job, result, seconds), out)
            except OSError as error:  # nobody reads on, or the disk is full
                deaf.append(error)
                stop.set()
        elif not isinstance(result, Exception) and any(result.values()):
            note(f"{job.id}: {_words(result)} in {seconds:.1f} s")

    with settings.open() as crm, _warned(), _stopping(stop), aside(as_json=as_json):
        crm.jobs.work(until_idle=until_idle, stop=stop, told=told)
    if deaf:
        raise deaf[0]
    if until_idle and failed:
        sys.exit(REJECTIONS)


@click.group(invoke_without_command=True)
@options.as_json
@click.pass_context
def jobs(ctx: click.Context, as_json: bool) -> None:
    """List what a worker does by itself: how often, when next, and what came of it last."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Settings).open() as crm:
        found = crm.jobs.list()
        if as_json:
            print_array(found)
            return
        table(
            _HEAD,
            (
                (
                    one.name,
                    one.of,
                    "off" if one.every is None else written(span(one.every)),
                    one.next,
                    one.last,
                    one.seconds,
                    f"failed: {one.error}" if one.error else _words(one.result or {}),
                )
                for one in found
            ),
        )


@jobs.command(epilog=options.DATES)
@options.one_of("name", of=JOBS)
@click.option("--of", help="Only for this channel or connector.")
@click.option("--shards", type=click.IntRange(1), default=1, help="Into so many parts.")
@click.option("--not-before", type=when, metavar="DATE", help="Earliest instant to start.")
@options.as_json
@pass_settings
def submit(
    settings: Settings,
    name: str,
    of: str | None,
    shards: int,
    not_before: When | None,
    as_json: bool,
) -> None:
    """Hand a job to the workers, to be done once, and soon."""
    with settings.open() as crm:
        now, zone = crm.session.clock(), settings.zone
        begins = None if not_before is None else not_before.instant(now, zone)
        made = crm.jobs.submit(name, of=of, shards=shards, not_before=begins)
        if as_json:
            print_array(made)
        else:
            say(*(job.id for job in made))


def _line(job: Job, result: Mapping[str, Any] | Exception, seconds: float) -> dict[str, Any]:
    """Give what became of a job as a line of JSON."""
    failed = isinstance(result, Exception)
    came = {"error": cause_of(result)} if isinstance(result, Exception) else {"result": result}
    return {"job": job.id, "name": job.name, "ok": not failed, "seconds": round(seconds, 3), **came}


def _words(result: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in result.items() if value)


@contextmanager
def _stopping(stop: Event) -> Iterator[None]:
    """Let the first signal end the worker in order, and the second at once."""

    def ended(number: int, _: object) -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)  # jobs may be killed anywhere
        stop.set()
        note(f"{signal.Signals(number).name}: ending after the present batch; once more ends now.")

    before = {one: signal.signal(one, ended) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class _Lines(logging.Handler):
    """Prints warnings of runners and jobs where messages go, each as one line."""

    def emit(self, record: logging.LogRecord) -> None:
        warn(without_passwords(record.getMessage()))


@contextmanager
def _warned() -> Iterator[None]:
    """Show what is logged as a warning or worse."""
    logger, handler = logging.getLogger("crmkit"), _Lines(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
