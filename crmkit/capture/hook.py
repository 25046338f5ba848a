"""Touchpoints as a by-product of the host's own functions: nobody types anything (R55, R56)."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, ParamSpec, Protocol, TypeVar

import attrs

from crmkit.arguments import ID_LIMIT, callback, optional_text, refuse
from crmkit.clock import Clock
from crmkit.model.touchpoint import CaptureReport, Touchpoint

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger("crmkit.captures")


class CaptureRecords(Protocol):
    """``crm.capture``."""

    def __call__(self, records: Iterable[Any], source: str | None = None) -> CaptureReport:
        """Take records in."""
        ...


@attrs.define
class Captures:
    """Makes the decorator ``crm.captures(kind=...)``.

    What the function gives back becomes a touchpoint after it has returned: a mapping or a
    `Touchpoint`, or a list of them; None and everything else is nothing to capture, and a
    generator or a coroutine, which would be used up, counts as failed. What the record leaves out
    is filled in: `kind` and `source` from the decorator, `at` from the clock.
    The function itself is never broken or changed: a record that is rejected, or a store that
    fails, is counted and logged by the function's name: the first, the 10th, the 100th and so on
    of each function, so that what fails neither fills the log nor hides behind what failed before.

    Attributes:
        capture: Takes records in.
        clock: Gives the present instant.
        failed: Records that were rejected or could not be stored.
    """

    capture: CaptureRecords
    clock: Clock
    failed: int = 0
    _lock: Any = attrs.field(factory=Lock, repr=False)

    def __call__(
        self, kind: str | None = None, *, source: str | None = None
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Give the decorator.

        Args:
            kind: Kind of the touchpoints whose record names none.
            source: Source of those whose record names none; None: the function's full name, or
                that of the class whose object is called.

        Raises:
            InvalidValueError: `kind` is no text, as where ``@crm.captures`` lacks its parentheses.
        """
        if callable(kind):
            refuse("kind", "is no function: write @crm.captures(), with its parentheses")
        optional_text("kind", kind, ID_LIMIT)
        optional_text("source", source, ID_LIMIT)

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            callback("function", function)
            name = _named(function)
            sink = _Sink(self, kind, source or name, name)
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def coroutine(*args: P.args, **kwargs: P.kwargs) -> Any:
                    result = await function(*args, **kwargs)
                    await sink.take_aside(result)
                    return result

                return coroutine  # type: ignore[return-value]

            @functools.wraps(function)
            def plain(*args: P.args, **kwargs: P.kwargs) -> R:
                result = function(*args, **kwargs)
                sink.take(result)
                return result

            return plain

        return decorate

    def count(self, failed: int, sink: _Sink) -> bool:
        """Count what a function lost; tell whether that is to be logged."""
        with self._lock:
            self.failed += failed
            before, sink.lost = sink.lost, sink.lost + failed
        return not before or len(str(sink.lost)) > len(str(before))


@attrs.define
class _Sink:
    """Takes what one function gives back."""

    _captures: Captures
    _kind: str | None
    _source: str
    _name: str
    lost: int = 0

    def take(self, result: Any) -> None:
        """Capture a result; never raises."""
        records: list[Any] = []
        try:
            records = [self._filled(one) for one in _listed(result)]
            if not records:
                return
            report = self._captures.capture(records, self._source)
        except Exception as error:  # noqa: BLE001 - the host's function must go on
            self._failed(max(len(records), 1), repr(error))
        else:
            if report.rejections:
                first = report.rejected[0] if report.rejected else None
                self._failed(report.rejections, f"{first.field} {first.reason}" if first else "")

    async def take_aside(self, result: Any) -> None:
        """Capture a result in a thread, so that the event loop goes on meanwhile."""
        import asyncio  # noqa: PLC0415 - only for asyncio hosts

        if result is not None:
            await asyncio.to_thread(self.take, result)

    def _filled(self, record: Any) -> Any:
        if isinstance(record, Touchpoint):
            return record
        given = dict(record)
        if self._kind is not None:
            given.setdefault("kind", self._kind)
        if given.get("at") is None:
            given["at"] = self._now()
        return given

    def _now(self) -> datetime:
        return self._captures.clock()

    def _failed(self, count: int, why: str) -> None:
        if self._captures.count(count, self):
            message = "%s gave a record that could not be captured (%s lost by now): %s"
            log.warning(message, self._name, self.lost, why)


def _named(function: Callable[..., Any]) -> str:
    whole = getattr(function, "func", function)  # of functools.partial
    named = whole if hasattr(whole, "__qualname__") else type(whole)
    return f"{named.__module__}.{named.__qualname__}"


def _listed(result: Any) -> list[Any]:
    if isinstance(result, (Mapping, Touchpoint)):
        return [result]
    if isinstance(result, (list, tuple)):
        return [one for one in result if isinstance(one, (Mapping, Touchpoint))]
    if isinstance(result, (Iterator, AsyncIterator)):
        raise TypeError("a generator cannot be looked into without using it up: return a list")
    if isinstance(result, Awaitable):
        raise TypeError("what is to be awaited gives its result once: decorate the async function")
    return []
