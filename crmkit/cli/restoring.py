"""``crmkit restore``: back to what a backup holds, without whoever was erased since."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmkit.care.words import many
from crmkit.cli import options
from crmkit.cli.backing_up import STREAM, told
from crmkit.cli.failing import warn, wrong
from crmkit.cli.output import note, plain, print_array, print_json
from crmkit.cli.progress import watched
from crmkit.cli.settings import Settings, pass_settings

if TYPE_CHECKING:
    from crmkit.contracts.store import Store
    from crmkit.model.backup import Backup, Restored

_DEFAULT = "default"


@click.command()
@click.argument("file")
@click.option("--replace", is_flag=True, help="What the database has besides may be lost.")
@click.option(
    "--erasures",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A journal of erasures, beside the database's own; may be given again.",
)
@click.option("--hold", is_flag=True, help="Do not send what waits: it may have been sent.")
@click.option("--check", is_flag=True, help="Only look whether FILE is whole, and what it holds.")
@options.as_json
@pass_settings
def restore(
    settings: Settings,
    file: str,
    replace: bool,
    erasures: tuple[Path, ...],
    hold: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Bring the database to what a backup holds.

    FILE is read to its end before anything is touched; each workspace is then written whole or not
    at all. Whoever was erased since the backup is erased again; suppressions, consents, endings
    and messages that the database knows of go on. A dash reads FILE from the input.
    """
    from crmkit.backups import read_backup
    from crmkit.backups import restore as bring
    from crmkit.backups.reading import opened

    with opened(sys.stdin.buffer if file == STREAM else file) as (copy, name):
        backup = read_backup(copy, name=name)
        if not as_json:
            told(backup, "whole")
        if check:
            if as_json:
                print_json(plain(backup))
            return
        restored = []
        for source, target in _chosen(settings, backup):
            with settings.open(workspace=target) as crm, watched("Restoring", None) as step:
                copy.seek(0)
                done = bring(
                    crm,
                    copy if file == STREAM else file,
                    workspace=source,
                    replace=replace,
                    erasures=erasures,
                    hold=hold,
                    step=step,
                )
            restored.append(done)
            if not as_json:
                _tell(done)
            _warn(done, crm.session.store, hold=hold)
    if as_json:
        print_array(restored)


def _chosen(settings: Settings, backup: Backup) -> list[tuple[str, str]]:
    """Pair the backup's workspaces with those that they become.

    Where one is named, it is that one; a backup of one alone may so get another name. Where none
    is, each keeps its own.
    """
    there = [part.workspace for part in backup.parts]
    configured = settings.configuration.workspace
    named = settings.workspace or (None if configured == _DEFAULT else configured)
    if named is None:
        return [(one, one) for one in there]
    if named not in there and len(there) > 1:
        wrong(f"{backup.name} holds the workspaces {', '.join(there)}, and no {named!r}")
    return [(named if named in there else there[0], named)]


def _tell(done: Restored) -> None:
    """Say what came back, and what did not."""
    note(f"Workspace {done.workspace} is as it was on {done.taken:%Y-%m-%d at %H:%M} UTC.")
    if done.erased:
        note(f"Erased again, since they were after the backup: {many(done.erased, 'customer')}.")
    for words, counts in (("Kept from the database", done.kept), ("Lost", done.lost)):
        if counts:
            note(f"{words}: {_counted(counts)}.")
    if done.held:
        note(f"Held, since they may have been sent: {many(done.held, 'message')} (crmkit send).")


def _warn(done: Restored, store: Store, *, hold: bool) -> None:
    """Say what is to be done by a person."""
    from crmkit.backups.known import key_there

    if done.empty and not done.journals:
        warn(
            f"No journal of erasures was found: whoever was erased after {done.taken:%Y-%m-%d} is "
            "back. If anybody was, restore again with --erasures FILE --replace."
        )
    if done.empty and done.waiting and not hold:
        warn(
            f"{many(done.waiting, 'message')} may be sent by the next dispatch. If some may have "
            "gone since the backup, restore again with --hold --replace first."
        )
    keyed = done.rows.get("tombstone", 0) + done.rows.get("suppression", 0) + done.erased
    if keyed and not key_there(store):
        warn("The erasure key is not there: put it back before anything is captured or sent.")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count} {what if count > 1 else what[:-1]}" for what, count in counts.items()
    )
