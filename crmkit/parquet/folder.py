"""Whether a folder may be exported to: it is this workspace's, and nobody else is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crmkit.clock import EPOCH
from crmkit.contracts.durable import alone
from crmkit.contracts.parquet import MANIFEST, Manifest, read_manifest, refuse
from crmkit.errors import ExportError
from crmkit.parquet.drafting import tidy

_LOCK = f"{MANIFEST}.lock"


@contextmanager
def opened(folder: Path, workspace: str, schema: int) -> Iterator[Manifest]:
    """Hold a folder for one export; give the manifest of the one before, or an empty one.

    Whatever the system refuses in the block is told as an error about the folder; what it refuses
    once the new manifest is there, the block tells itself.

    Raises:
        ExportError: it holds other files, or another workspace's log; another export is at it; it
            may not be written to, or the disk is full.
    """
    try:
        with ExitStack() as held:
            _ours(folder)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(alone(folder / MANIFEST))
            except BlockingIOError:
                refuse(folder, "another export is writing there: wait until it is done")
            there = (folder / MANIFEST).exists()
            before = read_manifest(folder) if there else _nothing(folder, workspace, schema)
            _check(before, workspace, schema)
            tidy(folder, before)
            yield before
    except OSError as error:
        place = error.filename or folder
        message = (
            f"{place}: {error.strerror or error}; nothing was exported, and what was exported to "
            f"{folder} before is as it was"
        )
        raise ExportError(message, folder=str(folder)) from error


def _nothing(folder: Path, workspace: str, schema: int) -> Manifest:
    """Give the manifest of a folder that nothing was exported to yet."""
    return Manifest(
        folder=folder,
        workspace=workspace,
        schema=schema,
        watermark=0,
        cursor="0",
        exported=EPOCH,
        number=0,
        newest={},
        files=(),
    )


def _check(before: Manifest, workspace: str, schema: int) -> None:
    if before.workspace != workspace:
        other = f"the log of workspace {before.workspace!r} is there, not of {workspace!r}"
        refuse(before.folder, f"{other}: export to another folder")
    if before.schema > schema:
        tables = f"the tables there are of version {before.schema}, this crmkit knows {schema}"
        refuse(before.folder, f"{tables}: install the newer crmkit that wrote them")


def _ours(folder: Path) -> None:
    """Refuse a folder that holds anything, and no export."""
    if not folder.exists():
        return
    if not folder.is_dir():
        refuse(folder, "this is a file: name a folder")
    names = {path.name for path in folder.iterdir()}
    if names and names.isdisjoint({MANIFEST, _LOCK}):
        refuse(folder, "other files are there: name an empty folder, or that of an earlier export")
