"""``crmkit.restore``: a workspace as its backup has it, and nobody back who asked to be forgotten.

The backup is read to its end before anything is touched. What it holds is then written in one
transaction, beside what must outlive it: a kill, a full disk or a lost connection leaves the
database as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from crmkit.arguments import flag, optional_text, refuse
from crmkit.backups.known import Known
from crmkit.backups.layout import Lines, Walk
from crmkit.backups.loading import ALWAYS, Step, before, facts, go_on, hold_back, load, waiting
from crmkit.backups.reading import opened
from crmkit.backups.replaying import bury_all, replay
from crmkit.backups.survey import Survey, newest
from crmkit.capture.ids import generation
from crmkit.capture.references import References
from crmkit.capture.tombstones import PROOF
from crmkit.clock import instant
from crmkit.contracts.lineage import fork
from crmkit.contracts.store import Writer
from crmkit.contracts.tables import MESSAGE
from crmkit.errors import RefusedError, StoreBusy
from crmkit.model.backup import Backup, BackupPart, Restored

if TYPE_CHECKING:
    from crmkit.crm import CRM

GAP = 1_000_000_000
"""Places in the log that are left out where nobody knows how far the lost one went: an id of ours
that a provider or an approver has seen is never given again."""


def restore(  # noqa: PLR0913 - what may be said of a restore
    crm: CRM,
    source: str | Path | IO[bytes],
    *,
    workspace: str | None = None,
    replace: bool = False,
    erasures: Iterable[str | Path] = (),
    hold: bool = False,
    step: Step | None = None,
) -> Restored:
    """Bring a workspace to what a backup holds, and erase again whoever was erased since.

    What the database knows of erasures, suppressions, consents, endings and messages is kept, so
    that nobody hears from us who asked for peace, and nothing is sent twice. Erasures are found in
    the database that is restored over, in the journal beside it (or the one that
    ``CRMKIT_ERASURE_JOURNAL`` names), and in `erasures`.

    Args:
        crm: The workspace, which may be empty.
        source: The backup's path; or a stream, opened for bytes.
        workspace: Which of the backup's workspaces; None: the one of the same name.
        replace: Whether what the database holds and the backup does not may be lost.
        erasures: Further journals, each of which must be whole and tell of somebody.
        hold: Whether messages that wait become ``unknown``, since they may have been sent: for a
            database that was lost, of which nobody can be asked.
        step: Told now and then how many rows are written.

    Raises:
        BackupError: the backup or a journal is damaged, cut short, or newer than this crmkit.
        RefusedError: something would be lost; `lost` counts what.
        ConfigError: the erasure key is missing, or not the backup's.
        InvalidValueError: the backup has no such workspace.
        PluginError: a plugin that keeps data about customers cannot forget them.
        StoreBusy: somebody wrote meanwhile; nothing was changed.
        StoreError: the database failed; nothing was changed.
    """
    may_lose, holding = flag("replace", replace), flag("hold", hold)
    with opened(source) as (file, name):
        pages = Pages(file, name)
        part = _chosen(pages.backup, optional_text("workspace", workspace), crm)
        known = Known.of(crm, {part.workspace, crm.session.store.workspace}, erasures)
        with crm.session.store.read() as reader:
            found = known.survey(reader, pages.of(part))
        if not may_lose:
            _refuse_loss(found, pages.backup)
        if found.erase:  # plugins first, so that the same call can be made again where one fails
            kept = References(tuple(crm.customers.kept()), crm.session.store.workspace)
            kept.erase(sorted(found.erase))
        return _write(crm, pages, part, known, found, holding=holding, step=step)


class Pages:
    """A backup that was found whole, and can be read again and again."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Read it to its end."""
        self._file = file
        self.name = name
        walk = self._walk()
        for _ in walk:
            pass
        self.backup = walk.backup

    def of(self, part: BackupPart) -> Iterator[Lines]:
        """Give the rows of one workspace; they are checked once more."""
        return (line for line in self._walk() if line.workspace == part.workspace)

    def _walk(self) -> Walk:
        self._file.seek(0)
        return Walk(self._file, self.name)


def _chosen(backup: Backup, named: str | None, crm: CRM) -> BackupPart:
    wanted = crm.session.store.workspace if named is None else named
    parts = {part.workspace: part for part in backup.parts}
    if wanted not in parts:
        there = ", ".join(map(repr, parts))
        refuse("workspace", f"must be one that {backup.name} holds ({there})", wanted)
    return parts[wanted]


def _refuse_loss(found: Survey, backup: Backup) -> None:
    """Stop where the database has what the backup has not."""
    lost = {what: count for what, count in found.lost.items() if count}
    if not lost:
        return
    if "touchpoints" in lost and found.since is not None:
        since = f" captured since {instant(found.since):%Y-%m-%d %H:%M} UTC"
    else:
        since = ""
    counted = ", ".join(
        f"{count} {what if count > 1 else what[:-1]}{since if what == 'touchpoints' else ''}"
        for what, count in lost.items()
    )
    message = (
        f"{counted} would be lost, since {backup.name} of {backup.taken:%Y-%m-%d %H:%M} does not "
        "have them: take another backup first, then restore with replace=True (--replace)"
    )
    raise RefusedError(message, lost=lost)


def _write(  # noqa: PLR0913 - all that was found out, in one place
    crm: CRM,
    pages: Pages,
    part: BackupPart,
    known: Known,
    found: Survey,
    *,
    holding: bool,
    step: Step | None,
) -> Restored:
    """Write everything, or nothing."""
    store, now = crm.session.store, crm.session.now()
    with store.write() as writer:
        if newest(writer) != found.newest:
            message = "somebody wrote to the database meanwhile: stop whoever works on it"
            raise StoreBusy(f"{message}, and restore again; nothing was changed")
        place, moved_on = writer.watermark(), generation(writer)
        beside = before(writer, found) if found.shared else ([], [])
        rows, newer = load(writer, pages.of(part), pages.name, messages=found.shared, step=step)
        kept = go_on(writer, found, *beside) if found.shared else Counter()
        kept["messages"] = writer.count(MESSAGE) - rows[MESSAGE.name] + newer
        bury_all(writer, known.hashes, now)
        for table in ALWAYS:
            kept[f"{table.name}s"] = writer.count(table) - rows[table.name]
        facts(writer, max(moved_on, generation(writer)) + 1, (PROOF, known.proof or found.proof))
        fork(writer, part.watermark if found.shared or found.empty else 0)
        _move_on(writer, part, found, place)
        erased = replay(writer, crm.customers, found, now)
        held = hold_back(writer, now) if holding else 0
        waits = waiting(writer)
        known.note_here()
    store.after_commit(lambda: store.scrub(None if found.brings_back else ()))
    return Restored(
        workspace=store.workspace,
        taken=pages.backup.taken,
        empty=found.empty,
        rows=dict(rows),
        erased=erased,
        kept={what: count for what, count in kept.items() if count > 0},
        lost={what: count for what, count in found.lost.items() if count},
        waiting=waits,
        held=held,
        journals=known.journals,
    )


def _move_on(writer: Writer, part: BackupPart, found: Survey, place: int) -> None:
    """Let the log go on behind every place that was ever given."""
    least = max(place, part.watermark)
    if not (found.shared and place >= part.watermark):
        least += GAP
    if least > place:
        writer.sequence(least - place)
