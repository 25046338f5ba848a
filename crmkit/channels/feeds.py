"""Tasks in a folder: a file each, and a feed for each colleague.

``tasks/ID.ics`` is one task, ``OWNER.ics`` what a colleague's calendar program subscribes to, and
``team.ics`` what belongs to nobody in particular. A feed is a text of blocks from ``BEGIN:`` to
``END:``; to change one task in it, only its block is exchanged. A name that cannot be a file's gets
a part of its SHA-256, so that none leads out of the folder and no two share a file.

A feed is written before the files of its tasks: whoever finds a task's file has it in the feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from unicodedata import normalize

from crmkit.contracts.durable import exclusive, replace, settle

KEPT = timedelta(days=60)
"""How long after its day a task stays in a feed although nobody told its outcome."""
TEAM = "team"
_BLOCK = re.compile(
    rb"^BEGIN:(VTIMEZONE|VEVENT|VTODO)\r\n(.*?)^END:\1\r\n", re.MULTILINE | re.DOTALL
)
_NAMES = re.compile(rb"^(?:UID|TZID):(.*(?:\r\n .*)*)\r\n", re.MULTILINE)
_DAY = re.compile(rb"^DTSTART[^:]*:(\d{8})", re.MULTILINE)
_SHORT = 60  # characters of a name that are kept; file systems have room for 255 bytes
_RESERVED = re.compile(  # ours, and what can be no file on Windows
    rf"({TEAM}|con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE
)


class Folder:
    """The folder of a ``task`` channel; several processes may write it."""

    def __init__(self, path: Path) -> None:
        """Take where it is; it is made when the first task is written."""
        self.path = path

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other writer out meanwhile.

        Raises:
            OSError: the folder cannot be made or written to.
        """
        self.path.mkdir(mode=0o750, parents=True, exist_ok=True)
        (self.path / "tasks").mkdir(mode=0o750, exist_ok=True)
        with exclusive(self.path / "folder"):
            yield
            settle(self.path)
            settle(self.path / "tasks")

    def task(self, message_id: str) -> Path:
        """Tell where a task is."""
        return self.path / "tasks" / f"{filename(message_id, folded=True)}.ics"

    def feed(self, owner: str) -> Path:
        """Tell where a colleague's feed is; of nobody in particular where the name is empty."""
        return self.path / f"{filename(owner) if owner else TEAM}.ics"

    def exchange(
        self, owner: str, heading: bytes, changed: Mapping[bytes, bytes | None], now: datetime
    ) -> None:
        """Exchange blocks of a feed; None takes one out.

        What is long past leaves it, too.

        Args:
            owner: Whose feed.
            heading: Head of the feed.
            changed: New blocks by their UID or TZID, as `blocks` gave them.
            now: The present instant.
        """
        path = self.feed(owner)
        old = blocks(path.read_bytes()) if path.exists() else {}
        merged = {**old, **changed}
        since = f"{now - KEPT:%Y%m%d}".encode()
        kept = (block for block in merged.values() if block and not _past(block, since))
        zones_first = sorted(kept, key=lambda block: not block.startswith(b"BEGIN:VTIMEZONE"))
        replace(path, heading + b"".join(zones_first) + b"END:VCALENDAR\r\n")


def blocks(calendar: bytes) -> dict[bytes, bytes]:
    """Give the parts of a calendar by their UID or TZID, as they stand in it."""
    found = {}
    for block in _BLOCK.finditer(calendar):
        name = _NAMES.search(block[0])
        if name is not None:
            found[name[1].replace(b"\r\n ", b"")] = block[0]
    return found


def filename(name: str, *, folded: bool = False) -> str:
    """Give a file name, without suffix, that is readable and no other name's.

    Args:
        name: Anything.
        folded: Whether names that differ only in capitals must get files of their own on systems
            that do not tell them apart.

    Example:
        >>> filename("Li Lei"), filename("李雷"), filename("../etc")
        ('Li Lei', '李雷', '.._etc-f7f9121f')
    """
    plain = re.sub(r"[^\w.@+ -]", "_", name)
    fine = name == plain == name.strip(" .-") == normalize("NFC", name) and len(name) <= _SHORT
    if fine and not _RESERVED.match(name) and not (folded and name != name.lower()):
        return name
    code = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[:_SHORT]}-{code}"


def _past(block: bytes, since: bytes) -> bool:
    if block.startswith(b"BEGIN:VTIMEZONE"):
        return False
    day = _DAY.search(block)
    return day is not None and day[1] < since
