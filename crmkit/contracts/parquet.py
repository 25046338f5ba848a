"""The folder that ``crmkit export --log`` writes: which of its files are the exported log.

``crmkit.json`` is the manifest, and replaced by a rename once everything else is on the disk: only
the files that it names are the export. Whatever else is there was left by an export that did not
come to its end.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import attrs

from crmkit.errors import ExportError

FORMAT = 1
"""Format of the folder that this crmkit writes and reads."""
MANIFEST = "crmkit.json"
TOUCHPOINTS, DECISIONS, CUSTOMERS, VOIDS = "touchpoints", "decisions", "customers", "voids"
_LOG_PART = r"year=(\d{4})/month=(0[1-9]|1[0-2])/part-\d{6,}-\d{5,}\.parquet"
PLACES = {
    TOUCHPOINTS: re.compile(f"{TOUCHPOINTS}/{_LOG_PART}"),
    DECISIONS: re.compile(f"{DECISIONS}/{_LOG_PART}"),
    CUSTOMERS: re.compile(rf"{CUSTOMERS}-\d{{6,}}\.parquet"),
    VOIDS: re.compile(rf"{VOIDS}-\d{{6,}}\.parquet"),
}
"""Where the files of each table lie: no other file is ever written, and none deleted."""


@attrs.frozen(kw_only=True)
class LogFile:
    """One file of the export.

    Attributes:
        table: ``touchpoints decisions customers`` or ``voids``.
        path: Where it lies below the folder, with slashes.
        rows: How many it holds, 1 and more; a file of ``customers`` or ``voids`` may hold none.
        bytes: Its size.
        sha256: Of its bytes, as 64 hexadecimal digits.
        first: The least seq in it; 0 where its rows have none.
        last: The greatest.
    """

    table: str
    path: str
    rows: int
    bytes: int
    sha256: str
    first: int = 0
    last: int = 0

    @property
    def month(self) -> tuple[int, int]:
        """The year and month (UTC) that its rows happened in; (0, 0) where it has rows of all."""
        found = PLACES[self.table].fullmatch(self.path)
        return (int(found[1]), int(found[2])) if found and found.lastindex else (0, 0)


@attrs.frozen(kw_only=True)
class Manifest:
    """What a finished export consists of.

    Attributes:
        folder: Where it lies.
        workspace: Whose log it is.
        schema: Version of the tables that its columns follow.
        watermark: The place in the commit order that it reaches, inclusive.
        cursor: The same for ``crm.changes(after=...)``, which goes on where the export ends.
        exported: When, aware.
        number: How many exports made the folder what it is.
        newest: Of each log, the seq of its newest row and when that was recorded, in microseconds
            since 1970: by it another database's log is told from this one's.
        files: All of them.
    """

    folder: Path
    workspace: str
    schema: int
    watermark: int
    cursor: str
    exported: datetime
    number: int
    newest: Mapping[str, tuple[int, int]]
    files: tuple[LogFile, ...]

    def paths(self, table: str) -> list[str]:
        """Give where a table's files lie, in the order of their names; none: it has no rows."""
        return [str(self.folder / one.path) for one in self.files if one.table == table]

    def rows(self, table: str) -> int:
        """Count a table's rows."""
        return sum(one.rows for one in self.files if one.table == table)

    def dump(self) -> bytes:
        """Give what stands in the manifest's file."""
        fields = attrs.asdict(self, filter=lambda field, _: field.name != "folder")
        fields = {"format": FORMAT} | fields | {"exported": self.exported.isoformat()}
        return json.dumps(fields, indent=1, ensure_ascii=False).encode()


def open_log(folder: str | Path, *, verify: bool = False) -> Manifest:
    """Open an exported log, and see that all of its files are there.

    Args:
        folder: Where it was exported to.
        verify: Also read every file, and compare what is in it with what was written.

    Raises:
        ExportError: nothing was exported there, or no export was finished; the manifest is no
            manifest, or a newer crmkit's; a file is missing or damaged.
    """
    manifest = read_manifest(Path(folder))
    for one in damaged(manifest, verify=verify):
        refuse(manifest.folder, f"{one.path} is missing or damaged: run the export again")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest alone; the files need not be there.

    Raises:
        ExportError: there is none, it is none, or a newer crmkit wrote it.
    """
    try:
        text = (folder / MANIFEST).read_text("utf-8")
    except FileNotFoundError:
        refuse(folder, f"there is no {MANIFEST}: no export of a log was finished there")
    except (OSError, UnicodeError) as error:
        refuse(folder, f"{MANIFEST} cannot be read: {error}")
    try:
        fields = json.loads(text)
        if fields["format"] > FORMAT:
            refuse(folder, f"a newer crmkit wrote {MANIFEST}: install that one")
        return _manifest(folder, fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        refuse(folder, f"{MANIFEST} is damaged: delete this folder, or name an empty one")


def damaged(manifest: Manifest, *, verify: bool = False) -> Iterable[LogFile]:
    """Give the files that are missing or have another size; with `verify`, another content."""
    for one in manifest.files:
        path = manifest.folder / one.path
        try:
            whole = path.stat().st_size == one.bytes and path.is_file()
            if not (whole and (not verify or digest(path) == one.sha256)):
                yield one
        except OSError:
            yield one


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse(folder: Path, why: str) -> NoReturn:
    """Raise the error about a folder."""
    raise ExportError(f"{folder}: {why}", folder=str(folder))


def _manifest(folder: Path, fields: dict[str, Any]) -> Manifest:
    """Build a manifest; whatever is not as it is written is an error of Python's."""
    kinds = {"workspace": str, "schema": int, "watermark": int, "cursor": str, "number": int}
    plain = {name: _checked(fields[name], kind) for name, kind in kinds.items()}
    newest = {
        _checked(table, str): (_checked(seq, int), _checked(at, int))
        for table, (seq, at) in fields["newest"].items()
    }
    files = tuple(_file(one) for one in fields["files"])
    exported = datetime.fromisoformat(fields["exported"])
    return Manifest(folder=folder, exported=exported, newest=newest, files=files, **plain)


def _file(fields: dict[str, Any]) -> LogFile:
    for field in attrs.fields(LogFile):
        _checked(fields[field.name], int if field.type in (int, "int") else str)
    one = LogFile(**fields)
    if not PLACES[one.table].fullmatch(one.path):  # what is not ours must not be read, or deleted
        raise ValueError(one.path)
    return one


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(value)
    return value
