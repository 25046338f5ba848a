"""Writers of one process take turns, instead of polling the database for its lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crmkit.errors import StoreBusy, StoreError


class Turns:
    """A lock that tells a thread that it would wait for itself, and survives a fork."""

    def __init__(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for a turn."""
        self.timeout = timeout
        self._renew()

    def _renew(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._holder: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock for a block.

        Raises:
            StoreError: this very thread holds it already: a write inside a write.
            StoreBusy: the others did not let go in time.
        """
        if self._pid != os.getpid():  # a thread of the parent, which is not here, may hold it
            self._renew()
        me = threading.get_ident()
        if self._holder == me:
            message = "A write is open in this thread already: end it before you open another"
            raise StoreError(message)
        lock = self._lock
        if not lock.acquire(timeout=self.timeout):
            message = (
                f"Another thread has been writing for {self.timeout:g} s: try again, and keep "
                "transactions short"
            )
            raise StoreBusy(message)
        self._holder = me
        try:
            yield
        finally:
            self._holder = None
            lock.release()
