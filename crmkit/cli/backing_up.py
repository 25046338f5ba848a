"""``crmkit backup``: everything in one file, while others go on working."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.failing import warn, wrong
from crmkit.cli.output import note, plain, print_json
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings
from crmkit.masking import masked

if TYPE_CHECKING:
    from crmkit.contracts.store import Store
    from crmkit.crm import CRM
    from crmkit.model.backup import Backup

STREAM = "-"


@click.command()
@click.argument("file")
@click.option("--all", "everything", is_flag=True, help="Every workspace of the database.")
@options.as_json
@pass_settings
def backup(settings: Settings, file: str, everything: bool, as_json: bool) -> None:
    """Write a backup of a workspace, while others go on working.

    FILE is whole or not there: it gets its name once it was read back and found to be right. A
    dash writes it to the output, to be encrypted by the next program.

    The erasure key and the configuration are not in it: keep copies of them elsewhere.
    """
    from crmkit.backups import backup as write

    if file == STREAM and sys.stdout.isatty():
        wrong(
            "a backup is no text: send it to a file or a program, as in crmkit backup - | age ..."
        )
    if file == STREAM and as_json:
        wrong("--json goes with a FILE: the output is the backup itself")
    with ExitStack() as stack:
        crm = stack.enter_context(settings.open())
        if not crm.session.store.workspaces() and file != STREAM and Path(file).exists():
            where = masked(crm.config.url or "")
            wrong(
                f"nothing was ever written to {where}, and {file} is there already: see that the "
                "URL is the right one, or take another name"
            )
        several = _chosen(settings, crm, everything=everything, stack=stack)
        with watched("Writing the backup", None) as step:
            target = sys.stdout.buffer if file == STREAM else file
            written = write(several, target, step=step)
        if as_json:
            print_json(plain(written))
            return
        told(written, "not read back" if file == STREAM else "read back and whole")
        _not_in_it(crm.session.store)


def _chosen(settings: Settings, crm: CRM, *, everything: bool, stack: ExitStack) -> list[CRM]:
    """Give the workspaces to be written; what is left out is told."""
    own = crm.session.store.workspace
    names = crm.session.store.workspaces()
    others = [name for name in names if name != own]
    if not names:
        where = masked(crm.config.url or "")
        warn(f"Nothing was ever written to {where}: this is a backup of an empty database.")
    if everything:
        return [
            crm if name == own else stack.enter_context(settings.open(workspace=name))
            for name in names or [own]
        ]
    named = ", ".join(others)
    if others and own not in names:
        wrong(
            f"there is no workspace {own!r} in this database, but {named}: name one of them with "
            "--workspace, or take --all"
        )
    if others:
        what = many(len(others), "other workspace")
        warn(f"Not in this backup: {what} of this database ({named}). --all takes all in.")
    return [crm]


def told(backup: Backup, how: str) -> None:
    """Say what a backup holds, and how that is known."""
    for part in backup.parts:
        rows = part.rows
        note(
            f"{part.workspace}: {many(rows['customer'], 'customer')}, "
            f"{many(rows['touchpoint'], 'touchpoint')}, {many(rows['decision'], 'decision')}."
        )
    note(f"{backup.name}: {backup.bytes:,} bytes of {backup.taken:%Y-%m-%d %H:%M} UTC, {how}.")


def _not_in_it(store: Store) -> None:
    """Say what has to be kept elsewhere."""
    beside = store.file
    key = "CRMKIT_ERASURE_KEY" if beside is None else f"{beside.with_suffix('.erasure-key')}"
    note(f"Not in it: the erasure key ({key}). Keep a copy apart from the backups.")
