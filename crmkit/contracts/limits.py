"""How often a service may be called: so many at once, in any second, and in a day."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from math import ceil, inf
from threading import BoundedSemaphore, Lock
from typing import Any

import attrs


def _some(_limits: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Refuse what is no limit: zero, endless, no number."""
    if value is not None and not 0 < value < inf:
        raise ValueError(f"{attribute.name} must be above 0 and finite, got {value!r}")


_MOMENT = 0.001
"""Least seconds to sleep: shorter ones may not move a clock at all."""
_GLANCE = 0.02
"""Seconds between two looks at calls that are still on their way."""


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

    per_second: float | None = attrs.field(default=None, validator=_some)
    burst: int | None = attrs.field(default=None, validator=_some)
    per_day: int | None = attrs.field(default=None, validator=_some)
    concurrent: int | None = attrs.field(default=None, validator=_some)
    wait: float = attrs.field(
        default=1.0, validator=[attrs.validators.ge(0), attrs.validators.lt(inf)]
    )

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

    A lane has a window of its own, for services that count each interface by itself. A call is
    counted from its beginning until a whole window after its end, since nobody knows when in
    between it arrived: the service never sees more calls in a window than it takes, however long
    some are on their way.
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
        self._lanes: dict[str, _Lane] = defaultdict(_Lane)
        self._room = BoundedSemaphore(limits.concurrent) if limits.concurrent else None

    @contextmanager
    def turn(self, lane: str = "") -> Iterator[None]:
        """Wait until one call more may be made, and hold its place while it is being made."""
        with self._room or nullcontext(), self._counted(lane):
            yield

    @contextmanager
    def _counted(self, lane: str) -> Iterator[None]:
        if self._limits.window is None:
            yield
            return
        calls, span = self._limits.window
        while (wait := self._enter(lane, calls, span)) > 0:
            self._sleep(wait)
        try:
            yield
        finally:
            with self._lock:
                self._lanes[lane].leave(self._monotonic())

    def _enter(self, lane: str, calls: int, span: float) -> float:
        """Count a call in, or give the seconds until it may be tried again."""
        with self._lock:
            return self._lanes[lane].enter(calls, span, self._monotonic())


@attrs.define
class _Lane:
    """The calls of one window: how many are on their way, and when the others ended."""

    under_way: int = 0
    ended: deque[float] = attrs.field(factory=deque)

    def enter(self, calls: int, span: float, now: float) -> float:
        while self.ended and self.ended[0] + span <= now:
            self.ended.popleft()
        if self.under_way + len(self.ended) < calls:
            self.under_way += 1
            return 0.0
        return max(_MOMENT, self.ended[0] + span - now) if self.ended else _GLANCE

    def leave(self, now: float) -> None:
        self.under_way -= 1
        self.ended.append(now)
