"""``crmkit import``: touchpoints or customers from files, and what became of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from crmkit.cli import options
from crmkit.cli.failing import REJECTIONS, wrong
from crmkit.cli.imports import Imported, advance, fit, take_back, take_in
from crmkit.cli.output import columns, note, percent, print_array, say, table, tell
from crmkit.cli.progress import Step, watched
from crmkit.cli.rejects import SHOWN, Rejects, collected, line_of
from crmkit.cli.settings import Settings, pass_settings
from crmkit.cli.when import When
from crmkit.errors import MappingError, StoreError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_HEAD = columns("file~ run! new# changed# known# rejected# skipped# collisions#")
_REJECTED = columns("line# field! reason")


@click.command("import", epilog=options.DATES)
@click.argument("files", nargs=-1, type=FILE)
@click.option("--map", "mapping", type=FILE, help="TOML file: which column is what.")
@click.option("--customers", is_flag=True, help="The lines are customers, not touchpoints.")
@click.option("--source", help="Name of the system they came from; without it, the file's name.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every rejected line here, as JSON Lines.",
)
@click.option("--calibrate", is_flag=True, help="Fit the value model to the data, and use it.")
@click.option("--no-advance", is_flag=True, help="Leave tiers, stages and the agenda as they are.")
@click.option("--replay", is_flag=True, help="Work out the moves of the past too, step by step.")
@click.option("--undo", metavar="RUN", help="Take a whole import back instead.")
@options.as_of
@options.as_json
@pass_settings
def import_(
    settings: Settings,
    files: tuple[Path, ...],
    mapping: Path | None,
    customers: bool,
    source: str | None,
    rejects: Path | None,
    calibrate: bool,
    no_advance: bool,
    replay: bool,
    undo: str | None,
    at: When | None,
    as_json: bool,
) -> None:
    """Take touchpoints (or --customers) in from CSV or JSON Lines FILES.

    Doing it again changes nothing. Ends with 1 where lines were rejected. With --at, tiers, stages
    and the agenda are those of that instant.
    """
    if bool(files) == (undo is not None):
        wrong("name the FILES to import, or the import to take back: --undo RUN")
    _check_rejects(rejects, (*files, mapping))
    with settings.open() as crm, collected(rejects) as rejected:
        undone = None if undo is None else take_back(crm, undo)
        taken = _each(
            files,
            lambda file, step: take_in(
                crm, file, mapping, source, rejected, step, customers=customers
            ),
        )
    try:
        with settings.open(at) as crm, watched("Working out scores, tiers and stages", None):
            if calibrate:
                fit(crm)
            if not no_advance:
                advance(crm, replay=replay)
    finally:  # what came in is there, even where nothing can be scored now
        for one in taken:
            _warn_twice(one)
        if undone is not None:
            tell(undone, _undone(undone.body), as_json=as_json)
        elif as_json:
            print_array(taken)
        elif taken:
            show_imported(taken, rejected, rejects)
    if rejected.count:
        sys.exit(REJECTIONS)


def _undone(body: Mapping[str, Any]) -> str:
    """Say what of an import was taken back."""
    counts = {
        "touchpoints taken back": body.get("touchpoints", 0),
        "customers gone": len(body["customers"]),
        "customers as they were before": len(body.get("restored", ())),
        "customers that stay, since something else speaks of them": len(body.get("kept", ())),
    }
    told = "; ".join(f"{what}: {count}" for what, count in counts.items() if count)
    return f"Import {body['run']} is taken back. {told[:1].upper()}{told[1:]}."


def _each(files: Sequence[Path], take: Callable[[Path, Step], Imported]) -> list[Imported]:
    """Import one file after the other; where it ends before its time, say what is in already."""
    taken: list[Imported] = []
    for file in files:
        try:
            with watched(f"Importing {file.name}", None) as step:
                taken.append(take(file, step))
        except StoreError:
            note("What came in before stays: the same import, started again, takes in the rest.")
            raise
        except MappingError as error:
            if not taken:
                raise
            done = ", ".join(one.file for one in taken)
            message = f"{error} (imported before it, and not advanced yet: {done})"
            raise MappingError(message, field=getattr(error, "field", None)) from error
    return taken


def _check_rejects(rejects: Path | None, read: Sequence[Path | None]) -> None:
    """Refuse to write the rejections over what is to be read."""
    if rejects is None or not rejects.exists():
        return
    if any(path is not None and rejects.samefile(path) for path in read):
        wrong(f"--rejects {rejects} would write over what is to be read")


def show_imported(
    taken: Sequence[Imported], rejected: Rejects, written: Path | None = None
) -> None:
    """Print what became of the lines, and the first of those that were rejected."""
    table(
        _HEAD,
        (
            (i.file, i.run, i.new, i.changed, i.known, i.rejected, i.skipped, i.collisions)
            for i in taken
        ),
    )
    typed = sum(one.typed for one in taken)
    captured = sum(one.captured for one in taken)
    if captured + typed:
        share = percent(captured / (captured + typed))
        say("", f"captured by themselves {share}, typed by people {typed}")
    for reason, count in sum((Counter(one.reasons) for one in taken), Counter()).items():
        say(f"skipped {count}: {reason}")
    unpriced = sorted({code for one in taken for code in one.unpriced})
    if unpriced:
        say(
            f"kept, but not counted, for want of a rate in the value model: {', '.join(unpriced)}",
            f'(currency = "{unpriced[0]}" in crmkit.toml before the first import makes it the '
            "model's own; a [model] file gives others a rate)",
        )
    for one in taken:
        _tell(one)
    if rejected.count:
        say("", f"rejected, the first {min(SHOWN, rejected.count)} of {rejected.count}:")
        table(_REJECTED, ((line_of(one), one.field, one.reason) for one in rejected.first))
        note(
            f"All of them stand in {written}."
            if written
            else "--rejects FILE writes all of them to a file; nothing else of the import is lost."
        )


def _tell(one: Imported) -> None:
    """Print what the file did not say and was assumed, and what of it could not be used."""
    if not one.named:
        say(
            f"{one.file}: the source is {one.source!r}, after the file; the same records under "
            "another name would count again: --source NAME keeps it the same"
        )
    if one.rejected and one.lacking:
        say(
            f"{one.file}: no column gives {', '.join(one.lacking)}, which every touchpoint needs; "
            'a mapping (--map) names columns, and sets what is always the same: kind = "purchase"'
        )
    if one.unusable:
        cure = '; national numbers want region = "CN" or the like in crmkit.toml'
        say(
            f"{one.file}: {one.unusable} e-mail addresses or telephones identify nobody, and were "
            f"left out: {', '.join(one.examples)}{cure if one.national else ''}"
        )


def _warn_twice(one: Imported) -> None:
    """Warn of records that count twice now."""
    if one.elsewhere:
        note(
            f"{one.file}: the same records are there from the source {one.elsewhere!r} already, "
            f"and now from {one.source!r} as well: they count twice. Take this import back with "
            f"`crmkit import --undo {one.run}`, and name the source: --source {one.elsewhere}"
        )
