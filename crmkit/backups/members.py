"""The bytes of a backup: gzip members one behind the other, each of them whole lines.

``zcat`` reads such a file. What gzip itself leaves open is fixed here: every member has the same
head, so that no byte of a file may change without being noticed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import IO, Any

from crmkit.errors import BackupError

HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""RFC 1952: deflated, without a name or a time, from no system in particular."""
TAIL = 8
SIZE = 1 << 20
"""Bytes of lines from which a member is closed."""
LONGEST = 1 << 28
"""Bytes of lines that no member reaches: one that claims to is not ours."""
_LEVEL = 1  # the next ones take half as long again, and give a tenth
_CHUNK = 1 << 18


class Pen:
    """Writes lines as members; counts and hashes the bytes of the file."""

    def __init__(self, file: IO[bytes]) -> None:
        """Write into `file`, from where it stands."""
        self._file = file
        self._waiting: list[bytes] = []
        self._size = 0
        self.hash = sha256()
        self.bytes = 0

    def write(self, lines: bytes) -> None:
        """Add whole lines to the member that is open."""
        self._waiting.append(lines)
        self._size += len(lines)
        if self._size >= SIZE:
            self.close_member()

    def close_member(self, make: Callable[[bytes], bytes] | None = None) -> None:
        """End the member that is open, if any; `make` packs it in a way of its own."""
        if not self._size:
            return
        member = (make or _deflated)(b"".join(self._waiting))
        self._file.write(member)
        self.hash.update(member)
        self.bytes += len(member)
        self._waiting, self._size = [], 0


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return HEAD + deflate.compress(data) + deflate.flush() + _tail(data)


def stored(data: bytes) -> bytes:
    """Make a member of a short line that can look in one way only: nothing is packed."""
    return HEAD + b"\x01" + struct.pack("<HH", len(data), 0xFFFF ^ len(data)) + data + _tail(data)


def _tail(data: bytes) -> bytes:
    return struct.pack("<II", zlib.crc32(data), len(data))


class Members:
    """Reads the members of a backup; counts and hashes the bytes of those that are behind it."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Read from the beginning of `file`, which messages call `name`."""
        self._file = file
        self._name = name
        self._taken: list[bytes] = []
        self.hash = sha256()
        self.bytes = 0

    @property
    def raw(self) -> bytes:
        """The bytes of the member that was given last."""
        return b"".join(self._taken)

    def __iter__(self) -> Iterator[bytes]:
        """Give the lines of each member.

        Raises:
            BackupError: a member is cut short or damaged, or it is no backup at all.
        """
        rest = b""
        while True:
            while len(rest) < len(HEAD) and (more := self._file.read(_CHUNK)):
                rest += more
            if not rest:
                return
            if not rest.startswith(HEAD):
                raise self._odd(rest)
            data, self._taken, rest = _inflated(self._file, rest, self._name)
            yield data
            for part in self._taken:
                self.hash.update(part)
                self.bytes += len(part)

    def _odd(self, start: bytes) -> BackupError:
        """Give the error for what does not begin as a member does."""
        if HEAD.startswith(start):
            return cut_short(self._name)
        if not self.bytes:
            return none_at_all(self._name)
        return damaged(self._name, "a part of it does not begin as it must")


def _inflated(file: IO[bytes], start: bytes, name: str) -> tuple[bytes, list[bytes], bytes]:
    """Unpack one member: its lines, its own bytes, and what was read behind it."""
    inflate: Any = zlib.decompressobj(-zlib.MAX_WBITS)
    taken, unpacked, size, given = [start], [], 0, start[len(HEAD) :]
    while not inflate.eof:
        try:
            unpacked.append(inflate.decompress(given, LONGEST))
        except zlib.error as error:
            raise damaged(name, "a part of it cannot be unpacked") from error
        size += len(unpacked[-1])
        if size >= LONGEST:
            raise damaged(name, "a part of it is longer than any that crmkit writes")
        if not inflate.eof:
            given = file.read(_CHUNK)
            if not given:
                raise cut_short(name)
            taken.append(given)
    rest = inflate.unused_data
    while len(rest) < TAIL and (more := file.read(_CHUNK)):
        rest += more
        taken.append(more)
    if len(rest) < TAIL:
        raise cut_short(name)
    data, behind = b"".join(unpacked), rest[TAIL:]
    if rest[:TAIL] != _tail(data):
        raise damaged(name, "what a part of it holds is not what was written")
    if behind:
        whole = b"".join(taken)
        taken = [whole[: -len(behind)]]
    return data, taken, behind


def none_at_all(name: str) -> BackupError:
    """Give the error for another kind of file."""
    return BackupError(f"{name} is no backup of crmkit", file=name)


def cut_short(name: str) -> BackupError:
    """Give the error for a backup without an end."""
    return BackupError(
        f"{name} is cut short: its end is missing. Nothing was touched; take another backup",
        file=name,
    )


def damaged(name: str, how: str) -> BackupError:
    """Give the error for a backup that is not as it was written."""
    return BackupError(
        f"{name} is damaged: {how}. Nothing was touched; take another backup", file=name
    )
