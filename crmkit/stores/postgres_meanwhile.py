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
            raised at the end of the block: a statement is never left half asked.
    """
    usual, before = driver.wait, vars(driver).get("wait")
    failed: list[BaseException] = []

    def go_on() -> bool:
        """Do one piece; False: there is none left, or one has failed."""
        if failed:
            return False
        try:
            next(work)
        except StopIteration:
            return False
        except BaseException as error:  # noqa: BLE001 - raised once the server has answered
            failed.append(error)
            return False
        return True

    def wait(waiting: _Waiting, *args: Any, **named: Any) -> Any:
        return usual(_busy(waiting, driver.fileno, go_on), *args, **named)

    driver.wait = wait
    try:
        yield
    finally:
        if before is None:
            del driver.wait
        else:
            driver.wait = before
    for error in failed:
        raise error


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
