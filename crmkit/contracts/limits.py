"""How often a service may be called: so many at once, in any second, and in a day."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from threading import BoundedSemaphore, Lock

import attrs

_SOME = attrs.validators.optional(attrs.validators.gt(0))


@attrs.frozen(kw_only=True)
class CallLimits:
    """What a service takes, as ``limits = { ... }`` of a connector's section; None: no limit.

    Attributes:
        per_second: Calls in a second, on average over `burst` calls.
        burst: Calls that may follow each other at once: 100 with ``per_second = 5`` is 100 calls
            in any 20 seconds. None: those of one second.
        per_day: Calls in 24 hours.
        concurrent: Calls at the same time.
        wait: Seconds to wait after the service said "too many" without saying how long; doubled
            each further time.
    """

    per_second: float | None = attrs.field(default=None, validator=_SOME)
    burst: int | None = attrs.field(default=None, validator=_SOME)
    per_day: int | None = attrs.field(default=None, validator=_SOME)
    concurrent: int | None = attrs.field(default=None, validator=_SOME)
    wait: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))

    @property
    def window(self) -> tuple[int, float] | None:
        """Calls in any span of so many seconds; None: as many as one likes."""
        if self.per_second is None:
            return None
        calls = self.burst or max(1, ceil(self.per_second))
        return calls, calls / self.per_second

    def seconds(self, calls: int) -> float:
        """Give the least time, in seconds, that so many calls take one after the other."""
        if self.window is None or calls <= 0:
            return 0.0
        together, span = self.window
        return (ceil(calls / together) - 1) * span


class Pace:
    """Keeps calls within `CallLimits`; safe to use from several threads.

    A lane has a window of its own, for services that count each interface by itself.
    """

    def __init__(
        self,
        limits: CallLimits,
        *,
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Count from nothing."""
        self._limits, self._sleep, self._monotonic = limits, sleep, monotonic
        self._lock = Lock()
        self._made: dict[str, deque[float]] = defaultdict(deque)
        self._room = BoundedSemaphore(limits.concurrent) if limits.concurrent else None

    @contextmanager
    def turn(self, lane: str = "") -> Iterator[None]:
        """Wait until one call more may be made, and hold its place while it is being made."""
        if self._room is None:
            self._wait(lane)
            yield
            return
        with self._room:
            self._wait(lane)
            yield

    def _wait(self, lane: str) -> None:
        if self._limits.window is None:
            return
        calls, span = self._limits.window
        with self._lock:  # a place in the row is taken now, and waited for outside
            made = self._made[lane]
            now = self._monotonic()
            at = now if len(made) < calls else max(now, made[0] + span)
            made.append(at)
            if len(made) > calls:
                made.popleft()
        if at > now:
            self._sleep(at - now)
