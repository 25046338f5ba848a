"""Files that several processes write, and that a power cut leaves whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

_threads = RLock()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Keep every other process, and thread, that asks for the same path out meanwhile.

    The lock is on a file of its own beside it, so that the path may be renamed or replaced; the
    system lets go of it when a process is killed. Where the system has no ``flock``, as on
    Windows, only the threads of this process are kept out.

    Raises:
        OSError: the folder is not there, or may not be written to.
    """
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _threads:
            _lock(handle)
            yield
    finally:
        os.close(handle)  # and with it the lock


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep every other process and thread away from a path, and wait for none.

    As `exclusive`, but for work that may take hours: whoever comes second is refused.

    Raises:
        BlockingIOError: somebody has it.
        OSError: the folder is not there, or may not be written to.
    """
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle, wait=False)
        yield
    finally:
        os.close(handle)


def replace(path: Path, content: bytes, mode: int = 0o640) -> None:
    """Write a file so that a reader sees the old one or the new one, and never a part.

    By default the owner's group may read it, and others may not; `mode` says otherwise. `settle`
    the folder when all is written.

    Raises:
        OSError: it could not be written; the old one is as it was.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def settle(folder: Path) -> None:
    """See that the disk has which files are in a folder, where the system can be asked to."""
    with suppress(OSError):  # not on Windows
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(handle: int, *, wait: bool = True) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
