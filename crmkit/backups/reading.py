"""``crmkit.read_backup``: what a file holds, told only where all of it is whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crmkit.backups.layout import Walk
from crmkit.model.backup import Backup

STREAM = "-"
"""What messages call a backup that comes through a pipe."""


def read_backup(source: str | Path | IO[bytes], *, name: str | None = None) -> Backup:
    """Read a backup from end to end, and tell what it holds.

    Args:
        source: Path of the file; or a stream, opened for bytes.
        name: What messages call it; None: its path.

    Raises:
        BackupError: it is no backup, cut short, damaged, or of a newer crmkit.
        OSError: it cannot be opened.
    """
    if isinstance(source, (str, Path)):
        with Path(source).open("rb") as file:
            return read_backup(file, name=name or str(source))
    walk = Walk(source, name or STREAM)
    for _ in walk:
        pass
    return walk.backup


@contextmanager
def opened(source: str | Path | IO[bytes]) -> Iterator[tuple[IO[bytes], str]]:
    """Open a backup so that it can be read several times, and give it with its name.

    What comes through a pipe is kept in a nameless file meanwhile.
    """
    if isinstance(source, (str, Path)):
        with Path(source).open("rb") as file:
            yield file, str(source)
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source, copy)
        copy.seek(0)
        yield copy, STREAM
