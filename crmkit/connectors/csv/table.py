"""One file under the connector's hands: looked at, and written whole.

Other processes are kept out by a lock; a person with a spreadsheet is not, so a file is only
replaced while it is as it was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import attrs

from crmkit.clock import Clock, micros
from crmkit.connectors.csv import columns, index, sheet
from crmkit.connectors.csv.index import Index, fingerprint
from crmkit.connectors.csv.settings import CsvSettings
from crmkit.connectors.csv.sheet import Sheet
from crmkit.contracts.connector import RetryLater, Schema, SyncAborted, WriteLost
from crmkit.contracts.durable import exclusive, replace, settle

MEMORY = ".crmkit"
"""The folder, beside the files, of what is remembered of them."""
_AGAIN = 5.0  # seconds after which an open file may be closed


@attrs.frozen
class View:
    """A file as it was at one look.

    Attributes:
        form: Its columns and line ends, without the rows.
        rows: Cells by column of each row, by id, in the file's order.
        changed: Instant of each row's last change, in microseconds since 1970.
        gone: Instant at which each row that was there once was first missing.
        digest: Of the file's bytes; None: there is no file yet.
    """

    form: Sheet
    rows: Mapping[str, Mapping[str, str]]
    changed: Mapping[str, int]
    gone: Mapping[str, int]
    digest: bytes | None


class Table:
    """One object: ``NAME.csv``, its schema, and what is remembered of it."""

    def __init__(self, entity: str, settings: CsvSettings, clock: Clock) -> None:
        """Name the files; nothing is read yet."""
        folder = Path(settings.folder).expanduser()
        self._settings, self._clock, self._entity = settings, clock, entity
        self._path = folder / f"{entity}.csv"
        self._schema = folder / f"{entity}.schema.toml"
        self._open = folder / f".~lock.{entity}.csv#"  # LibreOffice's own
        self._memory = folder / MEMORY / f"{entity}.json"
        self._index, self._stamp = Index(), (0, 0, 0)
        self._view: View | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process and thread out.

        Raises:
            SyncAborted: the folder may not be written to, or a file of it.
        """
        try:
            self._memory.parent.mkdir(exist_ok=True)
            with exclusive(self._memory):
                yield
        except OSError as error:
            name = error.filename or self._path
            raise SyncAborted(f"{name}: {error.strerror or error}") from error

    def schema(self, view: View) -> Schema:
        """Describe the object."""
        settings = self._settings
        told = columns.told(self._schema)
        return columns.described(
            self._entity, view.form.header, told, settings.id, settings.page_size
        )

    def look(self) -> View:
        """Read the file where it changed, and note when which row did; `held` must be.

        Raises:
            SyncAborted: it is broken, or gone with all its rows.
        """
        self._recall()
        data = self._bytes()
        digest = None if data is None else blake2b(data).digest()
        if self._view is not None and self._view.digest == digest:
            return self._view
        found = self._empty() if data is None else self._parse(data)
        if not found.rows and self._index.rows and data is None:
            message = f"it had {len(self._index.rows)} rows: put it back, or remove {self._memory}"
            raise SyncAborted(f"{self._path} is gone; {message}")
        if self._index.whole and not found.whole:  # as it is when a writer was cut off in a cell
            message = "its last line has lost its end: save it again, or end the line"
            raise SyncAborted(f"{self._path.name}: {message}")
        rows = self._named(found)
        return self._keep(attrs.evolve(found, rows=[], lines=[]), rows, digest)

    def replaced(
        self, view: View, header: Sequence[str], rows: Mapping[str, Mapping[str, str]]
    ) -> bool:
        """Write the file anew; False: somebody else did, so look again.

        Raises:
            RetryLater: a spreadsheet has it open, and would write its own rows over these.
            WriteLost: it is written, and that could not be remembered: the next look will tell.
            OSError: it could not be written, and is as it was.
        """
        if self._open.exists():
            message = f"{self._path.name} is open in a spreadsheet: close it"
            raise RetryLater(f"{message} (or remove {self._open})", after=_AGAIN)
        cells = [[row.get(name, "") for name in header] for row in rows.values()]
        form = attrs.evolve(view.form, header=tuple(header), whole=True)
        new = sheet.render(attrs.evolve(form, rows=cells), self._settings.delimiter)
        old = self._bytes()
        if (None if old is None else blake2b(old).digest()) != view.digest:
            return False
        path = self._path.resolve()
        replace(path, new, 0o640 if old is None else path.stat().st_mode & 0o777)
        settle(path.parent)
        try:
            self._keep(form, rows, blake2b(new).digest())
        except OSError as error:
            raise WriteLost(f"{self._memory}: {error.strerror or error}") from error
        return True

    def _keep(
        self,
        form: Sheet,
        rows: Mapping[str, Mapping[str, str]],
        digest: bytes | None,
    ) -> View:
        own = self._settings.id
        before = self._view.rows if self._view is not None else {}
        hashes = {}
        for key, row in rows.items():
            if before.get(key) is row:  # as it was at the last look
                hashes[key] = self._index.rows[key][0]
            else:
                hashes[key] = fingerprint({name: row[name] for name in row if name != own})
        noted = self._index.note(hashes, micros(self._clock()))
        if noted or self._index.whole != form.whole:
            self._index.whole = form.whole
            index.store(self._memory, self._index)
            self._stamp = self._stamped()
        changed = {key: at for key, (_, at) in self._index.rows.items()}
        self._view = View(form, rows, changed, dict(self._index.gone), digest)
        return self._view

    def _recall(self) -> None:
        """Read what is remembered, where another process has written it since."""
        stamp = self._stamped()
        if stamp != self._stamp:
            self._index, self._stamp, self._view = index.load(self._memory), stamp, None

    def _stamped(self) -> tuple[int, int, int]:
        try:
            found = self._memory.stat()
        except FileNotFoundError:
            return 0, 0, 0
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _bytes(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def _parse(self, data: bytes) -> Sheet:
        found = sheet.parse(data, self._path.name, self._settings.delimiter)
        if self._settings.id not in found.header:
            message = "add one (its cells may stay empty), or name another with the setting id"
            raise SyncAborted(f"{self._path.name} has no column {self._settings.id!r}: {message}")
        return found

    def _empty(self) -> Sheet:
        return Sheet(header=tuple(dict.fromkeys([self._settings.id, *columns.told(self._schema)])))

    def _named(self, found: Sheet) -> dict[str, dict[str, str]]:
        """Give the rows by id; a row without one has it made of its own cells, always alike."""
        own, place = self._settings.id, found.header.index(self._settings.id)
        lines: dict[str, int] = {}
        for cells, line in zip(found.rows, found.lines, strict=True):
            key = cells[place].strip()
            if key and key in lines:
                message = f"lines {lines[key]} and {line} both have the {own} {key!r}"
                raise SyncAborted(f"{self._path.name}: {message}: empty one of the two cells")
            lines[key] = line
        rows = {}
        for cells in found.rows:
            row = dict(zip(found.header, cells, strict=True))
            row[own] = row[own].strip()
            if not row[own]:
                row[own] = _derived(row, lines)
                lines[row[own]] = 0
            rows[row[own]] = row
        return rows


def _derived(row: Mapping[str, str], taken: Mapping[str, int]) -> str:
    # a letter first, or a spreadsheet might take it for a number
    key = stem = f"r{fingerprint(row)}"
    number = 1
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key
