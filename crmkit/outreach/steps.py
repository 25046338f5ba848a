"""Work done a little at a time, so that a channel which waits in the same thread can go on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that can be left alone for a while wherever it yields; the longest step decides how long
somebody may have to wait."""
_SOME = 20
"""Rows that are read or made in a fraction of a millisecond."""


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


class Breath:
    """Called in the midst of a long step: a channel that waits beside it goes on, if there is one.

    Attributes:
        awaited: Lets the channel go on; None: none waits beside the step.
    """

    def __init__(self) -> None:
        """Have nobody wait."""
        self.awaited: Callable[[], object] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits."""
        return self.awaited is not None

    def __call__(self) -> None:
        """Let whoever waits go on."""
        if self.awaited is not None:
            self.awaited()

    def over(self, given: Iterable[T]) -> Iterator[T]:
        """Give what is given, with a breath between one and the next now and then."""
        for number, one in enumerate(given, 1):
            yield one
            if not number % _SOME:
                self()


class Beside:
    """Works one after the other, beside a channel; what fails is told at the end."""

    def __init__(self, *works: Steps[object], breath: Breath | None = None) -> None:
        """Begin with none of them.

        Args:
            works: What is to be done.
            breath: What they call in the midst of a long step.
        """
        self._steps = chain(*works)
        self._breath = Breath() if breath is None else breath
        self._failure: Exception | None = None

    def __call__(self, look: Callable[[], object] | None = None, /) -> bool:
        """Do a step, and tell whether there may be more; raises nothing.

        Args:
            look: Lets the channel go on in the midst of the step.
        """
        self._breath.awaited = look
        try:
            next(self._steps)
        except StopIteration:
            return False
        except Exception as error:  # noqa: BLE001 - it is none of the channel's
            self._failure, self._steps = error, chain()
            return False
        finally:
            self._breath.awaited = None
        return True

    def finish(self) -> None:
        """Do what is left; raise what failed."""
        while self():
            pass
        if self._failure is not None:
            raise self._failure
