"""Files opened to be read: what is no text is named, and a pipe is read as it comes."""

from __future__ import annotations

import gzip
import io
import os
import select
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crmkit.errors import MappingError

_GZIP = b"\x1f\x8b"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LOOKED_AT = 1 << 16
_PATIENCE = 30
"""Seconds that a pipe may keep silent before its first byte."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[io.BufferedReader[Any], bytes]]:
    """Open a file, unpacked where it is gzipped, and give it with its first bytes.

    Args:
        path: The file, or a pipe that somebody writes into.

    Raises:
        MappingError: it is empty, a workbook, damaged, or no file at all.
        OSError: it cannot be opened.
    """
    with io.BufferedReader(_raw(path), _LOOKED_AT) as raw:
        try:
            start = raw.peek(_LOOKED_AT)
            if start.startswith(_GZIP):
                with io.BufferedReader(gzip.GzipFile(fileobj=raw), _LOOKED_AT) as unpacked:
                    yield unpacked, _checked(unpacked.peek(_LOOKED_AT), path)
            else:
                yield raw, _checked(start, path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            cure = "import a whole copy of it; what came in of this one is known then"
            message = f"{path.name} is damaged ({error}): {cure}"
            raise MappingError(message, field="file") from None


def _checked(start: bytes, path: Path) -> bytes:
    """Refuse what is no text by its first bytes."""
    if not start:
        raise MappingError(f"{path.name} is empty", field="file")
    if start.startswith(_WORKBOOKS):
        message = f"{path.name} is an Excel workbook or an archive: save it as CSV (UTF-8)"
        raise MappingError(message, field="file")
    return start[:_LOOKED_AT]


def _raw(path: Path) -> io.FileIO:
    """Open the file; of a pipe wait for the first byte, but not for ever."""
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return io.FileIO(path)  # which refuses a folder
    if not stat.S_ISFIFO(mode):
        raise MappingError(f"{path.name} is no file", field="file")
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not select.select([number], [], [], _PATIENCE)[0]:
        os.close(number)
        message = f"{path.name} is a pipe, and nobody wrote into it for {_PATIENCE} seconds"
        raise MappingError(message, field="file")
    os.set_blocking(number, True)
    return io.FileIO(number)
