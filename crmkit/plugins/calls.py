"""One call of one plugin: isolated, timed, traced, and remembered where it failed.

Nothing here knows which hooks there are. Implementations are called one at a time, since pluggy's
own relay ends at the first that raises and loses what the others answered.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, TypeVar

from crmkit.plugins.records import Failure, Plugin, cause_of

T = TypeVar("T")
TRACE = "CRMKIT_TRACE_PLUGINS"
_logger = logging.getLogger("crmkit.plugins")


class Calls:
    """Calls plugins and keeps the first failure of each hook of each plugin."""

    def __init__(self, *, strict: bool = False) -> None:
        """Start with no failures.

        Args:
            strict: Raise the first failure instead of keeping it, as a plugin's own tests want it.
        """
        self.strict = strict
        self.trace = os.environ.get(TRACE, "") not in ("", "0")
        self._failures: dict[tuple[str, str | None], Failure] = {}

    def call(self, plugin: Plugin, hook: str | None, do: Callable[[], T]) -> T | Failure:
        """Give what `do` gives, or the failure it ended in.

        Everything but Ctrl-C is contained: a plugin that calls ``sys.exit`` or raises a
        BaseException of its own must not end the host.

        Raises:
            PluginError: it failed, and the calls are strict.
        """
        try:
            with self._traced(plugin, hook):
                return do()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - see above
            return self.failed(plugin, hook, cause_of(error), error)

    def demand(self, plugin: Plugin, hook: str, do: Callable[[], T], consequence: str) -> T:
        """Give what `do` gives, where nothing may go on without it; contains as much as `call`.

        Raises:
            PluginError: it failed; names the plugin, the hook, the cause and the consequence.
        """
        try:
            with self._traced(plugin, hook):
                return do()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failure = self.failed(plugin, hook, cause_of(error), error)
            raise failure.error(consequence) from error

    @contextmanager
    def _traced(self, plugin: Plugin, hook: str | None) -> Iterator[None]:
        """Write a line about a call where that is asked for."""
        start = perf_counter()
        try:
            yield
        finally:
            if self.trace:
                took = (perf_counter() - start) * 1e3
                line = f"crmkit: {hook or 'load'} {plugin.distribution}:{plugin.name} {took:.2f} ms"
                sys.stderr.write(line + "\n")

    def failed(
        self, plugin: Plugin, hook: str | None, cause: str, error: BaseException | None = None
    ) -> Failure:
        """Remember and log that a plugin failed; a second time at the same hook says nothing."""
        failure = Failure(
            plugin=plugin.name,
            distribution=plugin.distribution,
            version=plugin.version,
            hook=hook,
            cause=cause,
        )
        if self.strict:
            raise failure.error() from error
        # setdefault is atomic: of two threads that fail at once, one logs
        if self._failures.setdefault((plugin.key, hook), failure) is failure:
            _logger.warning("%s", failure, extra={"plugin": plugin.name, "hook": hook})
            _logger.debug("where it was raised", exc_info=error)
        return failure

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Everything that failed so far, in that order."""
        return tuple(self._failures.values())

    def of(self, plugin: Plugin) -> tuple[Failure, ...]:
        """What one plugin did wrong."""
        return tuple(f for (key, _), f in list(self._failures.items()) if key == plugin.key)


def run(implementation: Any, arguments: dict[str, Any]) -> Any:
    """Call one pluggy implementation with those of the arguments it takes."""
    return implementation.function(*(arguments[name] for name in implementation.argnames))


def done(answer: object) -> None:
    """See that what a function was called for is done, and not only promised.

    Raises:
        TypeError: the function is async, or a generator: nobody runs what it gave.
    """
    if isinstance(answer, Coroutine):
        answer.close()  # one that is let go would warn in words of its own
    if isinstance(answer, (Awaitable, Iterator, AsyncIterator)):
        message = (
            f"has done nothing, it gave a {type(answer).__name__} that nobody runs: "
            "make it a plain function, without async or yield"
        )
        raise TypeError(message)
