"""The file under an open SQLite store: still the same one, whole, and without what was erased."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from crmkit.errors import StoreError

_logger = logging.getLogger("crmkit.stores")


class Watch:
    """Notices that a file was deleted or replaced while it was open.

    SQLite goes on with the file it opened, whatever its name leads to by now, and what it writes
    there is lost.
    """

    def __init__(self, path: Path | None) -> None:
        """Watch the file of this name; None: nothing."""
        self._path = None if path is None else path.absolute()
        self._file: tuple[int, int] | None = None

    def note(self) -> None:
        """Note which file the name leads to, the first time it leads to one."""
        if self._file is None:
            self._file = self._now()

    def check(self) -> None:
        """Find out whether the name leads to the noted file still.

        Raises:
            StoreError: it does not; the message says what happened.
        """
        if self._file is None:
            return
        try:
            now = self._now()
        except OSError:
            return  # a folder that may not be read any more says nothing about the file
        if now != self._file:
            what = "deleted" if now is None else "replaced by another file"
            message = (
                f"{self._path} was {what} while it was open: what is written now would be lost. "
                "Put the file back, or connect again"
            )
            raise StoreError(message)

    def _now(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = os.stat(self._path)  # noqa: PTH116 - a third of the time of Path.stat
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino


def scrub(connection: Any, wait: float) -> bool:
    """Empty the write-ahead log into the file; tell whether no reader stood in the way.

    Args:
        connection: The driver's own, outside any transaction.
        wait: Seconds to wait for readers; writers wait as long.
    """
    with closing(connection.cursor()) as cursor, _waiting(cursor, wait):
        try:
            (is_busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            return False
    return not is_busy


def rewrite(connection: Any, wait: float) -> bool:
    """Write the whole file anew, without what lies between its rows; tell whether that was done.

    It needs as much room again, and lets nobody write meanwhile.

    Args:
        connection: The driver's own, outside any transaction.
        wait: Seconds to wait for writers.
    """
    with closing(connection.cursor()) as cursor, _waiting(cursor, wait):
        try:
            cursor.execute("VACUUM")
        except sqlite3.Error:
            return False
    return scrub(connection, wait)


@contextmanager
def _waiting(cursor: sqlite3.Cursor, wait: float) -> Iterator[None]:
    """Have a connection wait so many seconds for others, and then as long as before."""
    (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    cursor.execute(f"PRAGMA busy_timeout = {int(wait * 1000)}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {before}")


def warn_of_remains(place: object) -> None:
    """Log that what was erased stands in the write-ahead log still."""
    message = (
        "%s: a reader that began before an erasure keeps what was erased in the write-ahead log, "
        "or the file could not be written anew; the next write after it has ended sees to it"
    )
    _logger.warning(message, place)
