"""The files of an export that is under way: under names of their own until all are written.

Nothing of it counts before the manifest is replaced, which happens last. So an export that is
killed, or that the disk is too small for, leaves the one before as it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import attrs

from crmkit.contracts.durable import replace, settle
from crmkit.contracts.parquet import (
    CUSTOMERS,
    DECISIONS,
    MANIFEST,
    PLACES,
    TOUCHPOINTS,
    VOIDS,
    LogFile,
    Manifest,
    digest,
)
from crmkit.errors import ExportError
from crmkit.parquet.arrow import arrow

_NEW = ".new"
_MODE = 0o640
ROW_GROUP = 1 << 17
"""Rows that a reader may skip, or hand to one of its threads, together."""


@attrs.define
class Draft:
    """What the folder will consist of.

    Attributes:
        folder: Where it lies; it is locked.
        number: Of this export.
        kept: Files of the export before that stay.
        gone: Its files that do not.
        made: New files, not yet under their names.
    """

    folder: Path
    number: int
    kept: list[LogFile]
    gone: list[LogFile] = attrs.field(factory=list)
    made: list[LogFile] = attrs.field(factory=list)
    _count: int = 0

    @property
    def files(self) -> tuple[LogFile, ...]:
        """All that the export will consist of, by name."""
        return tuple(sorted((*self.kept, *self.made), key=lambda one: one.path))

    def part(self, table: str, month: tuple[int, int]) -> str:
        """Name a new part of a month."""
        self._count += 1
        name = f"part-{self.number:06}-{self._count:05}.parquet"
        return f"{table}/year={month[0]:04}/month={month[1]:02}/{name}"

    def whole(self, table: str) -> str:
        """Name a new file that holds a table whole."""
        return f"{table}-{self.number:06}.parquet"

    def place(self, one: LogFile) -> Path:
        """Give where a file lies at this moment."""
        path = self.folder / one.path
        return _unnamed(path) if one in self.made else path

    @contextmanager
    def writing(self, table: str, path: str, form: Any) -> Iterator[Any]:
        """Write a file of Parquet in a block, which is given its writer.

        Raises:
            OSError: it could not be written; nothing is left of it.
        """
        target = _unnamed(self.folder / path)
        target.parent.mkdir(parents=True, exist_ok=True)
        options = {"compression": "zstd", "version": "2.6", "write_page_index": True}
        try:
            with target.open("wb") as file:  # a name with a colon is a URL to pyarrow
                with arrow("parquet").ParquetWriter(file, form, **options) as writer:
                    tally = Tally(writer)
                    yield tally
                file.flush()
                os.fsync(file.fileno())
            self.made.append(_finished(target, table, path, tally))
        except BaseException:
            with suppress(OSError):
                target.unlink()
            raise

    def drop(self, one: LogFile) -> None:
        """Leave a file out: one of the export before, or one that was just made."""
        if one in self.made:
            _unnamed(self.folder / one.path).unlink()
            self.made.remove(one)
        else:
            self.kept.remove(one)
            self.gone.append(one)

    def discard(self) -> None:
        """Delete what was written so far."""
        for one in self.made:
            for path in (self.folder / one.path, _unnamed(self.folder / one.path)):
                with suppress(OSError):
                    path.unlink()

    def commit(self, manifest: Manifest) -> None:
        """Give the new files their names, then the folder its manifest, and delete the old files.

        Raises:
            OSError: the folder may not be written to; the export before is as it was.
            ExportError: the new export counts, and what is left of the one before could not be
                tidied up.
        """
        folders = set()
        for one in self.made:
            path = self.folder / one.path
            _unnamed(path).replace(path)
            folders |= {self.folder / above for above in PurePosixPath(one.path).parents}
        for folder in sorted(folders):
            settle(folder)
        made, self.made = self.made, []  # they may count from here on: none is discarded
        try:
            replace(self.folder / MANIFEST, manifest.dump(), _MODE)
        except OSError:
            self.made = made
            raise
        settle(self.folder)
        try:
            tidy(self.folder, manifest)
            for table in (CUSTOMERS, VOIDS):
                _lasting(self.folder, table, manifest)
        except OSError as error:
            _untidy(self.folder, error)


@attrs.define
class Tally:
    """Writes tables to one file, and counts.

    Attributes:
        rows: Written so far.
        first: The least seq among them; 0 where they have none.
        last: The greatest.
    """

    _writer: Any
    rows: int = 0
    first: int = 0
    last: int = 0

    def write(self, table: Any) -> None:
        """Write rows behind those that were written before."""
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        if table.num_rows and "seq" in table.column_names:
            ends = arrow("compute").min_max(table["seq"]).as_py()
            self.first = min(self.first or ends["min"], ends["min"])
            self.last = max(self.last, ends["max"])
        self.rows += table.num_rows


def tidy(folder: Path, manifest: Manifest) -> None:
    """Delete what other exports left: files of theirs that the manifest does not name.

    What is called otherwise was put there by somebody else, and stays.
    """
    named = {one.path for one in manifest.files}
    for path in _ours(folder):
        if path.relative_to(folder).as_posix() not in named and path.is_file():
            path.unlink()
            _prune(folder, path.parent)


def _lasting(folder: Path, table: str, manifest: Manifest) -> None:
    """Let a name that stays lead to the file that holds a table whole."""
    (newest,) = manifest.paths(table)
    path = folder / f"{table}.parquet"
    link = _unnamed(path)
    link.unlink(missing_ok=True)
    try:
        os.link(newest, link)
    except OSError:  # a disk without links
        shutil.copyfile(newest, link)
    link.replace(path)


def _untidy(folder: Path, error: OSError) -> NoReturn:
    """Tell that the export is done, and what may be left of the one before."""
    place = error.filename or folder
    message = (
        f"{place}: {error.strerror or error}; the export to {folder} is done and counts; but files "
        "of the one before may be left, with whoever was erased since, and "
        f"{CUSTOMERS}.parquet and {VOIDS}.parquet may be the older ones. Mend that, and export "
        "again"
    )
    raise ExportError(message, folder=str(folder)) from error


def _ours(folder: Path) -> Iterator[Path]:
    """Give every file that an export made, finished or not."""
    logs = (path for table in (TOUCHPOINTS, DECISIONS) for path in (folder / table).rglob("*"))
    for path in [*logs, *folder.iterdir()]:
        name = path.name
        if name.startswith(".") and name.endswith(_NEW):
            name = name[1 : -len(_NEW)]
        place = path.with_name(name).relative_to(folder).as_posix()
        if any(one.fullmatch(place) for one in PLACES.values()) or (
            path.parent == folder and path.name.startswith(f".{MANIFEST}.")
        ):
            yield path


def _prune(folder: Path, inner: Path) -> None:
    """Delete a month's folder, and its year's, once they are empty."""
    while inner != folder:
        try:
            inner.rmdir()
        except OSError:
            return
        inner = inner.parent


def _unnamed(path: Path) -> Path:
    """Give the name a file has until the export is finished: no reader takes it for Parquet."""
    return path.with_name(f".{path.name}{_NEW}")


def _finished(target: Path, table: str, path: str, tally: Tally) -> LogFile:
    """Say what a file holds."""
    target.chmod(_MODE)
    return LogFile(
        table=table,
        path=path,
        rows=tally.rows,
        bytes=target.stat().st_size,
        sha256=digest(target),
        first=tally.first,
        last=tally.last,
    )
