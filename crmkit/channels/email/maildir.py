"""A maildir: one file a mail, in ``new`` until somebody looks, in ``cur`` after that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from crmkit.channels.email.mailboxes import LARGEST, MOST, Mailbox, MailboxError

_HEADERS = 64 * 1024
_ID = re.compile(rb"^message-id:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")
_STAMP = re.compile(r"\d{1,12}(?=\.)")
_SLACK = 120  # seconds a file may take from its name to its place


class Maildir(Mailbox):
    """A maildir on this machine; a file that was read once is not read again."""

    def __init__(self, path: str) -> None:
        """Take its folder; it is looked at when it is read."""
        self._path = Path(path).expanduser()
        self._known: set[str] = set()
        self._ids: set[str] = set()
        self._lock = Lock()

    def find(self, message_ids: Iterable[str]) -> set[str]:
        """Look into the headers of each file once."""
        with self._lock:
            for name, file in self._files():
                if name not in self._known and (head := _read(file, _HEADERS)) is not None:
                    self._known.add(name)
                    found = _ID.search(_END.split(head, 1)[0])
                    if found:
                        self._ids.add(found[1].decode("utf-8", "replace"))
            return self._ids & set(message_ids)

    def since(self, cursor: str | None) -> tuple[list[tuple[str, bytes]], str | None]:
        """Read the files that came since.

        The cursor is JSON: the second that all before were read, and the names read since then, as
        a file may come into its place a little after others whose names are younger.
        """
        start, read = json.loads(cursor) if cursor else (0, [])
        seen = set(read)
        named = sorted((_stamp(name, file), name, file) for name, file in self._files())
        fresh = [one for one in named if one[0] >= start and one[1] not in seen][:MOST]
        if not fresh:
            return [], cursor
        start = max(start, fresh[-1][0] - _SLACK)
        seen.update(name for _, name, _ in fresh)
        kept = [name for at, name, _ in named if at >= start and name in seen]
        mails = [(name, _read(file, LARGEST)) for _, name, file in fresh]
        return [(name, raw) for name, raw in mails if raw is not None], json.dumps([start, kept])

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Give each file with the part of its name that stays when it is moved or flagged."""
        try:
            folders = [self._path / "new", self._path / "cur"]
            for file in [file for folder in folders for file in folder.iterdir()]:
                if not file.name.startswith("."):
                    yield file.name.partition(":")[0], file
        except OSError as error:
            why = f"{self._path} cannot be read as a maildir: {error.strerror}"
            raise MailboxError(why) from None


def _stamp(name: str, file: Path) -> int:
    """Give the second a file was made, which its name begins with."""
    found = _STAMP.match(name)
    if found:
        return int(found[0])
    with suppress(OSError):
        return int(file.stat().st_mtime)
    return 0


def _read(file: Path, most: int) -> bytes | None:
    """Read a file's beginning; None where it was moved meanwhile: the next look finds it."""
    try:
        with file.open("rb") as opened:
            return opened.read(most)
    except OSError:
        return None
