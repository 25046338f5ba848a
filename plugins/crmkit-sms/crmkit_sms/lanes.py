"""Several calls at the same time, over connections that are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Lanes:
    """A few threads that stay, since each keeps its own connection to the provider."""

    def __init__(self, count: int) -> None:
        """Prepare `count` threads; none is started before it is needed."""
        self._count = count
        self._pool: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do the work for every item, and give what it gave, in their order."""
        if len(items) <= 1 or self._count == 1:
            return [work(item) for item in items]
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="crmkit-sms")
            waiting = [self._pool.submit(work, item) for item in items]
        return [one.result() for one in waiting]

    def close(self) -> None:
        """End the threads, and with them their connections."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
