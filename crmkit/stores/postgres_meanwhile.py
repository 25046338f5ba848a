"""The caller's own work, done while PostgreSQL is waited for.

A server on a core of its own takes as long to write a batch as Python takes to make the next thing
to write. No thread is needed for both: psycopg tells when it would wait, and for what.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from selectors import DefaultSelector
from typing import Any

_Waiting = Generator[int, Any, Any]
"""Yields what it waits for, in the bits that `selectors` has, and is sent what has come."""


@contextmanager
def going_on(driver: Any, work: Iterator[object]) -> Iterator[None]:
    """Go on with `work` whenever a block waits for the server.

    Args:
        driver: A connection of psycopg's.
        work: Short pieces, none of which asks this connection for anything. What they raise is
            raised at the end of the block: a statement is never left half asked. Where the block
            raises too, that goes first, unless it was Ctrl-C that ended the work.
    """
    usual, before = driver.wait, vars(driver).get("wait")
    pieces = _Pieces(work)

    def wait(waiting: _Waiting, *args: Any, **named: Any) -> Any:
        return usual(_busy(waiting, driver.fileno, pieces.go_on), *args, **named)

    driver.wait = wait
    try:
        yield
    except BaseException as error:
        if pieces.failure is not None and not isinstance(pieces.failure, Exception):
            raise pieces.failure from error  # nothing may swallow it
        raise
    finally:
        if before is None:
            del driver.wait
        else:
            driver.wait = before
    if pieces.failure is not None:
        raise pieces.failure


class _Pieces:
    """Work, done piece by piece.

    Attributes:
        failure: What it raised, kept until the server has answered.
    """

    def __init__(self, work: Iterator[object]) -> None:
        self.failure: BaseException | None = None
        self._work = work

    def go_on(self) -> bool:
        """Do one piece; False: there is none left, or one has failed."""
        if self.failure is not None:
            return False
        try:
            next(self._work)
        except StopIteration:
            return False
        except BaseException as error:  # noqa: BLE001 - kept
            self.failure = error
            return False
        return True


def _busy(waiting: _Waiting, fileno: Callable[[], int], go_on: Callable[[], bool]) -> _Waiting:
    """Wait as psycopg would, but not before there is nothing else to do."""
    ready = None
    while True:
        try:
            wanted = waiting.send(ready)
        except StopIteration as end:
            return end.value
        with DefaultSelector() as selector:
            selector.register(fileno(), wanted)
            while not selector.select(0) and go_on():
                pass
        ready = yield wanted
