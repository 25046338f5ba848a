"""Whether a folder may be exported to: it is this workspace's, and nobody else is at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from crmkit.contracts.durable import alone
from crmkit.contracts.parquet import MANIFEST, Manifest, read_manifest
from crmkit.errors import ExportError
from crmkit.parquet.drafting import tidy

_LOCK = f"{MANIFEST}.lock"


@contextmanager
def opened(folder: Path, workspace: str) -> Iterator[Manifest | None]:
    """Hold a folder for one export; give the manifest of the one before, None where there is none.

    Whatever the system refuses in the block is told as an error about the folder.

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
                _refuse(folder, "another export is writing there: wait until it is done")
            before = read_manifest(folder) if (folder / MANIFEST).exists() else None
            if before is not None and before.workspace != workspace:
                _refuse(
                    folder,
                    f"the log of workspace {before.workspace!r} is there, not of {workspace!r}: "
                    "export to another folder",
                )
            tidy(folder, before)
            yield before
    except OSError as error:
        place = error.filename or folder
        message = (
            f"{place}: {error.strerror or error}; nothing was exported, and what was exported to "
            f"{folder} before is as it was"
        )
        raise ExportError(message, folder=str(folder)) from error


def _ours(folder: Path) -> None:
    """Refuse a folder that holds anything, and no export."""
    if not folder.exists():
        return
    if not folder.is_dir():
        _refuse(folder, "this is a file: name a folder")
    names = {path.name for path in folder.iterdir()}
    if names and names.isdisjoint({MANIFEST, _LOCK}):
        _refuse(folder, "other files are there: name an empty folder, or that of an earlier export")


def _refuse(folder: Path, why: str) -> NoReturn:
    raise ExportError(f"{folder}: {why}", folder=str(folder))
