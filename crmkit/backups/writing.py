"""``crmkit.backup``: a consistent copy of what is in use, in one file that is there whole or not.

The file comes to be under another name in the same folder, is read back, and only then renamed:
a full disk, a lost connection or a kill leaves whatever stood under its name before.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from crmkit.arguments import refuse
from crmkit.backups.layout import Author
from crmkit.backups.members import HEAD, damaged
from crmkit.backups.reading import STREAM, read_backup
from crmkit.contracts.durable import settle
from crmkit.contracts.session import Session
from crmkit.contracts.store import Reader, Row
from crmkit.contracts.tables import TABLES, Table
from crmkit.errors import BackupError
from crmkit.model.backup import Backup
from crmkit.paging import pages

if TYPE_CHECKING:
    from crmkit.crm import CRM

_ROWS = 2_000
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
Step = Callable[[int], object]
"""Told now and then how many rows are done."""


def backup(
    crm: CRM | Iterable[CRM], target: str | Path | IO[bytes], *, step: Step | None = None
) -> Backup:
    """Write a backup while others go on reading and writing.

    Of each workspace it holds what was committed when its turn came, and nothing half. Where
    `target` is a file, its owner alone may read it; it replaces an older backup of that name, and
    nothing else, once it was read back and found to be what was written.

    The erasure key is not in it, nor is the configuration: keep both elsewhere.

    Args:
        crm: The workspace, or several to be kept in one file.
        target: Path of the file; or a stream, opened for bytes, which cannot be read back.
        step: Told now and then how many rows were written.

    Raises:
        BackupError: a file of that name is there that is no backup, or what was written could not
            be read back.
        StoreError: the database failed.
        OSError: the file cannot be written; no part of it stays, and `filename` names it.
    """
    sessions = _sessions(crm)
    if not isinstance(target, (str, Path)):
        return _write(sessions, target, STREAM, step)
    given = Path(target)
    _check_target(given)
    path = given.resolve()  # a link goes on leading where it leads
    # The name is random: two backups at once do not write into each other's.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:  # noqa: PTH123
            written = _write(sessions, file, str(given), step)
            file.flush()
            os.fsync(file.fileno())
        _check_written(part, written)
        part.replace(path)
    except BaseException as caught:
        with suppress(OSError):
            part.unlink()
        if isinstance(caught, OSError):
            raise _refused(given, caught) from caught
        raise
    settle(path.parent)
    return written


def _refused(path: Path, error: OSError) -> OSError:
    """Say of a file that could not be written which it is, and what to do: the system may not."""
    if error.errno in _FULL:
        todo = "make room there, or name a file on another disk"
    else:
        todo = "name a file in a folder that is there and may be written to"
    message = f"{error.strerror or error}; no backup was written: {todo}"
    return OSError(error.errno, message, str(path))  # the class that goes with the number


def _sessions(crm: CRM | Iterable[CRM]) -> list[Session]:
    """Give the workspaces to be written, each once."""
    several = crm if isinstance(crm, Iterable) else (crm,)
    found = {one.session.store.workspace: one.session for one in several}
    if not found:
        refuse("crm", "must be an open workspace, or several of them")
    return list(found.values())


def _check_target(path: Path) -> None:
    """Refuse to replace what is no backup: a word in the wrong place would cost a database."""
    if not path.exists():
        return
    if not path.is_file():  # a rename would put the backup in a device's place
        message = f"{path} is no file: name one, or - for the output"
        raise BackupError(message, file=str(path))
    with path.open("rb") as file:
        start = file.read(len(HEAD))
    if start and start != HEAD:
        message = f"{path} is there and is no backup of crmkit: name another file"
        raise BackupError(message, file=str(path))


def _check_written(part: Path, written: Backup) -> None:
    with part.open("rb") as file:
        if read_backup(file, name=written.name) != written:
            raise damaged(written.name, "what was read back is not what was written")


def _write(sessions: Sequence[Session], file: IO[bytes], name: str, step: Step | None) -> Backup:
    from crmkit.plugins.registry import own_version  # noqa: PLC0415 - it brings pluggy
    from crmkit.stores.sql.schema import VERSION  # noqa: PLC0415 - it brings SQLAlchemy

    author = Author(
        file, taken=sessions[0].clock(), schema=VERSION, version=own_version() or "unknown"
    )
    count = _Count(step)
    for session in sessions:
        with session.store.read() as reader:
            tables = ((table, count.told(_batches(reader, table))) for table in TABLES)
            author.part(session.store.workspace, reader.watermark(), tables)
    return author.end(name)


def _batches(reader: Reader, table: Table) -> Iterator[Sequence[Row]]:
    """Give a table's rows: a log's as they were committed, others' by their key."""
    return pages(reader.scan(table, by=("seq",) if table.log else None), _ROWS)


class _Count:
    """Counts rows over all tables."""

    def __init__(self, step: Step | None) -> None:
        self._step = step
        self._rows = 0

    def told(self, batches: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        """Pass rows on, and tell how many there were."""
        for rows in batches:
            yield rows
            self._rows += len(rows)
            if self._step is not None:
                self._step(self._rows)
