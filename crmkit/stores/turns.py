"""Writers of one process take turns, instead of polling the database for its lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crmkit.errors import StoreBusy, StoreError


class Turns:
    """Tells a thread that it would wait for itself, and survives a fork."""

    def __init__(self, timeout: float, *, one: bool = True) -> None:
        """Give turns.

        Args:
            timeout: Seconds to wait for a turn.
            one: Whether one thread has a turn at a time; else nobody waits for another here.
        """
        self.timeout = timeout
        self._one = one
        self._renew()

    def _renew(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._holders: set[int] = set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a turn for a block.

        Raises:
            StoreError: this very thread holds one already: a write inside a write.
            StoreBusy: the others did not let go in time.
        """
        if self._pid != os.getpid():  # a thread of the parent, which is not here, may hold it
            self._renew()
        me, holders, lock = threading.get_ident(), self._holders, self._lock
        if me in holders:
            message = "A write is open in this thread already: end it before you open another"
            raise StoreError(message)
        if self._one and not lock.acquire(timeout=self.timeout):
            message = (
                f"Another thread has been writing for {self.timeout:g} s: try again, and keep "
                "transactions short"
            )
            raise StoreBusy(message)
        holders.add(me)
        try:
            yield
        finally:
            holders.discard(me)
            if self._one:
                lock.release()
