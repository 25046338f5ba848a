"""What a backup file holds, and what restoring one has done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from crmkit.model.serial import Record


@attrs.frozen(kw_only=True)
class BackupPart(Record):
    """One workspace in a backup.

    Attributes:
        workspace: Its name.
        watermark: The place in its logs up to which the backup holds everything.
        rows: How many rows of each table.
    """

    workspace: str
    watermark: int
    rows: Mapping[str, int]


@attrs.frozen(kw_only=True)
class Backup(Record):
    """A backup that was read from end to end and found whole.

    Attributes:
        name: The file, as it was named; ``-`` for a stream.
        taken: When it was begun; what was committed later is not in it.
        crmkit: Version that wrote it.
        schema: Version of the tables.
        bytes: Size of the file.
        sha256: Of the whole file, in hexadecimal digits.
        parts: Its workspaces.
    """

    name: str
    taken: datetime
    crmkit: str
    schema: int
    bytes: int
    sha256: str
    parts: tuple[BackupPart, ...]


@attrs.frozen(kw_only=True)
class Restored(Record):
    """What restoring one workspace has done.

    Attributes:
        workspace: Which.
        taken: When the backup was begun.
        empty: Whether the database held nothing of it before: what happened since the backup is
            then known by the journals alone.
        rows: How many rows of each table came out of it.
        erased: How many customers were erased again, since they were after the backup.
        kept: What the database held besides and goes on holding: ``messages``, ``suppressions``,
            ``tombstones``, ``consents``, ``endings``, ``declines``, ``customers``.
        lost: What it held and holds no more: ``touchpoints``, ``decisions``, ``customers``.
        waiting: How many messages wait to be sent.
        held: How many that waited are ``unknown`` now, since they may have been sent.
        journals: The lists of erasures that were replayed.
    """

    workspace: str
    taken: datetime
    empty: bool
    rows: Mapping[str, int]
    erased: int
    kept: Mapping[str, int]
    lost: Mapping[str, int]
    waiting: int
    held: int
    journals: tuple[str, ...]
