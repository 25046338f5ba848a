"""What SQLite's errors mean, and what to do about each."""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa

from crmkit.errors import SchemaError, StoreBusy, StoreError
from crmkit.stores.sql.schema import VERSION
from crmkit.stores.sqlite_url import Place

_ADVICE = (
    ("SQLITE_NOTADB", "give the path of a crmkit database, or of a file that does not exist yet"),
    ("SQLITE_CORRUPT", "the file is damaged; restore it from a backup"),
    ("SQLITE_FULL", "free space on the disk, then try again; nothing of this write was kept"),
    ("SQLITE_READONLY", "make the file and its folder writable for this user"),
    ("SQLITE_PERM", "make the file and its folder writable for this user"),
    ("SQLITE_IOERR", "check the disk and its file system, then try again"),
    ("SQLITE_CONSTRAINT", "the row breaks a rule of its table"),
)
"""What to do about an error, by how SQLite's name for it starts."""


def translate(error: Exception, place: Place) -> StoreError:
    """Say in words what an error means."""
    cause = getattr(error, "orig", None) or error
    text = str(cause)
    if busy(cause) or isinstance(error, sa.exc.TimeoutError):
        waited = "" if place.hosted else f" for {place.timeout:g} s"
        return StoreBusy(f"{place} was locked by another writer{waited}: try again")
    if "no such table" in text or "no such column" in text:
        message = f"{place} lacks crmkit's schema ({text}): run `crmkit migrate`"
        return SchemaError(message, found=None, expected=VERSION)
    name = getattr(cause, "sqlite_errorname", "")
    advice = next((words for start, words in _ADVICE if name.startswith(start)), "")
    if name.startswith("SQLITE_CANTOPEN"):
        advice = _unopened(place)
    return StoreError(f"{place}: {text}{advice and f': {advice}'}")


def busy(error: Any) -> bool:
    """Tell whether another connection's lock is the trouble."""
    name = getattr(error, "sqlite_errorname", "")
    return isinstance(error, sqlite3.OperationalError) and (
        name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "locked" in str(error)
    )


def _unopened(place: Place) -> str:
    """Say why a file cannot be opened."""
    path = place.path
    if path is not None and path.is_dir():
        return "it is a directory; name a file in it"
    if path is not None and not path.parent.exists():
        return f"make the folder {path.parent} first"
    if path is not None and not place.makes and not path.exists():
        return "there is no such file, and the mode in its URL makes none"
    return "make the file and its folder readable and writable for this user"
