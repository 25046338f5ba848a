"""``file``: appends messages to a file, as a mailbox or as JSON Lines, for others to carry out.

What was accepted is on the disk. Several processes may write one file. A process that is killed
leaves at most one record unfinished; the next one takes it away, so that nothing is ever glued to
it, and `FileChannel.find` tells exactly what was written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Literal

import attrs

from crmkit.channels.durable import failed
from crmkit.channels.formats import Format, JsonLines, Mbox
from crmkit.contracts.channel import ACCEPTED, RETRY, Channel, Message, Receipt
from crmkit.contracts.durable import exclusive, settle

_FORMATS: Mapping[str, Format] = {"jsonl": JsonLines(), "mbox": Mbox()}
_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".mbox": "mbox", ".mbx": "mbox"}


@attrs.frozen(kw_only=True)
class FileSettings:
    """Settings of a ``file`` channel.

    Attributes:
        path: The file; its folder must be there, the file is made with the first message, readable
            by its owner only. Others may read it and append to it, but not rewrite it; do not
            rename it while messages in it are ``unknown``.
        format: ``jsonl`` or ``mbox``; None: as the suffix says.
    """

    path: str = attrs.field(validator=attrs.validators.min_len(1))
    format: Literal["mbox", "jsonl"] | None = None

    def __attrs_post_init__(self) -> None:
        if self.kind not in _FORMATS:
            raise ValueError(f"'path' ends in none of {', '.join(_SUFFIXES)}: set the format, too")

    @property
    def kind(self) -> str:
        """Name of the format."""
        return self.format or _SUFFIXES.get(Path(self.path).suffix.lower(), "")


class FileChannel(Channel):
    """Appends messages to one file."""

    def __init__(self, config: FileSettings) -> None:
        """Take the settings; nothing is opened before the first message."""
        self._path = Path(config.path).expanduser()
        self._format = _FORMATS[config.kind]
        self._known = 0  # bytes that were looked through before a message was ours to send

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Append the messages, and see that the disk has them; all of them, or none.

        One that the file has already, written by a process that was thought dead, is accepted.
        """
        receipts, lines = [], {}
        for message in messages:
            try:
                lines[message.id] = self._format.encode(message, self.clock())
            except (ValueError, TypeError) as error:
                receipts.append(Receipt.refused(message, f"it cannot be written: {error}"))
        going = [message for message in messages if message.id in lines]
        try:
            self._append(lines)
        except OSError as error:
            return [*receipts, *(failed(message, error, self._path) for message in going)]
        return [*receipts, *(Receipt.accepted(message, message.id) for message in going)]

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Look messages up in the file; one that is not in it was surely not written."""
        wanted, found = set(message_ids), set()
        if self._path.exists() and not self._path.is_file():
            return {}
        try:
            with exclusive(self._path), self._path.open("rb") as file:
                found = {name for name, _ in self._format.scan(file) if name in wanted}
        except OSError:
            if self._path.exists() or not self._path.parent.is_dir():
                return {}  # it cannot be read, which proves nothing
        return {name: _settled(name, written=name in found) for name in wanted}

    def _append(self, lines: Mapping[str, bytes]) -> None:
        if not lines:
            return
        if self._path.exists() and not self._path.is_file():  # reading a device may never end
            raise FileExistsError(errno.EEXIST, "it is no file, but a folder or a device")
        with exclusive(self._path):
            if not self._path.exists():
                os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
                settle(self._path.parent)
            there, end, gap = self._look(lines)
            new = b"".join(line for name, line in lines.items() if name not in there)
            with self._path.open("r+b", buffering=0) as file:
                try:
                    file.truncate(end)
                    file.seek(end)
                    _write(file, gap + new if new else b"")
                    os.fsync(file.fileno())
                except OSError:
                    with suppress(OSError):  # as when the disk is full: take it all back
                        file.truncate(end)
                    raise
                self._known = file.tell()

    def _look(self, wanted: Collection[str]) -> tuple[set[str], int, bytes]:
        """Tell which of the messages are there, where the file is whole, and what must follow.

        Only what others wrote since the last time is looked through; the first time, everything.
        """
        with self._path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            end = file.seek(self._known if self._known <= size else 0)
            there = set()
            for name, end in self._format.scan(file):  # noqa: B007 - where the last one ends
                if name in wanted:
                    there.add(name)
            file.seek(end)
            if not self._format.ours(file.read()):
                end = size  # somebody else's: it stays, and ours begin after it
            separator = self._format.separator
            file.seek(max(0, end - len(separator)))
            tail = file.read(min(end, len(separator)))
        done = next(n for n in range(len(separator), -1, -1) if tail.endswith(separator[:n]))
        return there, end, separator[done:] if end else b""


def _write(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _settled(name: str, *, written: bool) -> Receipt:
    if written:
        return Receipt(message_id=name, outcome=ACCEPTED, provider_id=name)
    return Receipt(message_id=name, outcome=RETRY, reason="it was never written")
