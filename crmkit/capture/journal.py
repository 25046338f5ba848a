"""Erasures noted outside the database, so that a backup from before them can be restored.

A line an erasure: the ids, and the keyed hashes that stay in the database as tombstones. Whoever
reads the file learns nobody's name from it. The line is written before the database commits: a
line too many erases once more somebody who asked for it, one too few would bring him back. Only a
host's own transaction comes first, for whoever undoes it has erased nobody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import NoReturn

import attrs

from crmkit.capture.tombstones import Key, fingerprint
from crmkit.contracts.store import Store
from crmkit.errors import BackupError, StoreError

VARIABLE = "CRMKIT_ERASURE_JOURNAL"
"""Names the file, where it shall not lie beside the database, or there is nothing to lie beside."""
SUFFIX = ".erasures"


@attrs.frozen(kw_only=True)
class Erasure:
    """Somebody was erased.

    Attributes:
        workspace: Where.
        at: When, in microseconds since 1970.
        ids: His ids, his own and those that were merged into him.
        hashes: Keyed hashes of his identities and of his records' ids.
        key: Tells which key they were made with.
    """

    workspace: str
    at: int
    ids: tuple[str, ...]
    hashes: tuple[str, ...]
    key: str


def journal_of(store: Store, environ: Mapping[str, str]) -> Path | None:
    """Give the file that a store's erasures are noted in; None: there is none."""
    if not store.persistent:
        return None
    if named := environ.get(VARIABLE):
        return Path(named)
    return None if store.file is None else store.file.with_suffix(SUFFIX)


class Noting:
    """Notes one erasure: called by it, within its transaction.

    Attributes:
        words: What tells of whoever was erased; it is kept nowhere but here.
    """

    def __init__(self, store: Store, key: Key, now: int) -> None:
        """Note what happens `now`; where nothing keeps a journal, nothing is noted."""
        self._store = store
        self._path = journal_of(store, os.environ)
        self._key = key
        self._now = now
        self.words: frozenset[str] = frozenset()

    def __call__(self, ids: list[str], hashes: list[str], words: frozenset[str]) -> None:
        """Note it at once; in a host's transaction, which may yet be undone, after its commit.

        That the file can be opened is seen at once in either case. What fails after a commit is
        raised to whoever makes the host's calls then, and logged there.

        Raises:
            StoreError: the file cannot be written: the erasure must not be committed.
        """
        self.words = words
        path = self._path
        if path is None:
            return
        erasure = Erasure(
            workspace=self._store.workspace,
            at=self._now,
            ids=tuple(ids),
            hashes=tuple(sorted(hashes)),
            key=fingerprint(self._key()),
        )
        if self._store.hosted:
            with _needed(path):
                _opened(path).close()
            self._store.after_commit(lambda: _note_late(path, erasure))
        else:
            note(path, erasure)


def note(path: Path, erasure: Erasure) -> None:
    """Add a line, and wait until it lies on the disk.

    Raises:
        StoreError: it cannot be written.
    """
    with _needed(path):
        _add(path, _line(erasure))


def _note_late(path: Path, erasure: Erasure) -> None:
    """Add the line of an erasure that is committed already.

    Raises:
        StoreError: it cannot be written; the message holds it.
    """
    line = _line(erasure)
    try:
        _add(path, line)
    except OSError as error:
        message = (
            f"{erasure.ids[0]} was erased, and is not in the journal {path} "
            f"({error.strerror or error}): add it before the next restore, which may bring him "
            f"back otherwise. This is the line: {line.decode()}"
        )
        raise StoreError(message) from error


@contextmanager
def _needed(path: Path) -> Iterator[None]:
    """Let nobody be erased where the system refuses the journal."""
    try:
        yield
    except OSError as error:
        message = (
            f"the erasure cannot be noted in {path} ({error.strerror or error}), by which it would "
            f"outlive a restore: nobody was erased. Mend that, or name another file by {VARIABLE}"
        )
        raise StoreError(message) from error


def _line(erasure: Erasure) -> bytes:
    return json.dumps(attrs.asdict(erasure), ensure_ascii=False).encode()


def _opened(path: Path) -> FileIO:
    handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
    return FileIO(handle, "rb+")


def _add(path: Path, line: bytes) -> None:
    line += b"\n"
    with _opened(path) as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            # A line that was cut short by a kill stays alone.
            line = line if file.read(1) == b"\n" else b"\n" + line
        while line:  # a disk that is almost full takes a part, and refuses only the rest
            line = line[file.write(line) :]
        os.fsync(file.fileno())


def read(path: Path, *, named: bool = False) -> Iterator[Erasure]:
    """Read a journal to its end, oldest first.

    A line that was cut short by a kill was of no erasure. But a copy that broke off ends just so,
    and its erasures would be missing. A journal that was handed over is a copy: it must be whole,
    and tell of somebody. One that lies where it was written may end in such a line, unless that is
    all there is: losing a first erasure to a kill is rarer than taking half a copy for the journal.
    It may be empty, as an erasure that its host undid leaves it.

    Args:
        path: The file.
        named: Whether it was handed over, and not found where the workspace keeps its own.

    Raises:
        BackupError: a line is damaged, or erasures may be missing; `file` names the journal.
        OSError: it cannot be opened.
    """
    told, cut = False, False
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            cut = not line.rstrip().endswith(b"}")
            if cut:
                continue
            yield _erasure(line, number, path)
            told = True
    if cut and (named or not told):
        _incomplete(path, "ends in an unfinished line", "delete that line")
    if named and not told:
        _incomplete(path, "tells of no erasure", "leave it out")


def _erasure(line: bytes, number: int, path: Path) -> Erasure:
    try:
        said = json.loads(line)
        return Erasure(**{**said, "ids": tuple(said["ids"]), "hashes": tuple(said["hashes"])})
    except (ValueError, TypeError, KeyError) as error:
        message = f"line {number} of {path} is damaged, and tells of somebody erased"
        raise BackupError(message, file=str(path)) from error


def _incomplete(path: Path, why: str, else_: str) -> NoReturn:
    message = (
        f"the journal of erasures {path} {why}: whoever is missing there would come back. Take the "
        f"whole journal, or, where you know that nobody is missing, {else_}. Nothing was touched"
    )
    raise BackupError(message, file=str(path))
