"""Work done a little at a time, so that a channel which waits in the same thread can go on."""

from __future__ import annotations

from collections.abc import Generator
from itertools import chain
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that can be left alone for a while wherever it yields; the longest step decides how long
somebody may have to wait."""


def finished(steps: Steps[T]) -> T:
    """Do all of it now, and give what it comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found


def nothing() -> Steps[None]:
    """Do nothing."""
    yield from ()


class Beside:
    """Works one after the other, beside a channel; what fails is told at the end."""

    def __init__(self, *works: Steps[object]) -> None:
        """Begin with none of them."""
        self._steps = chain(*works)
        self._failure: Exception | None = None

    def __call__(self) -> bool:
        """Do a step, and tell whether there may be more; raises nothing."""
        try:
            next(self._steps)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001 - it is none of the channel's
            self._failure, self._steps = error, chain()
            return False
        return True

    def finish(self) -> None:
        """Do what is left; raise what failed."""
        while self():
            pass
        if self._failure is not None:
            raise self._failure
