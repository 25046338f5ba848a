"""Processes that begin warm: forked from the one that runs the tests, and killed where it hurts."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from itertools import count
from typing import Any

Work = Callable[[], object]


def _child(work: Work) -> int:
    """Do something in a process of its own, which ends without a word to the tests' own exits."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - nobody else tells what it was
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def in_processes(*works: Work) -> None:
    """Do works at once, each in a process of its own."""
    wait, go = os.pipe()

    def begin(work: Work) -> None:
        os.close(go)
        os.read(wait, 1)  # ends for all of them at once
        work()

    children = [_child(lambda work=work: begin(work)) for work in works]
    os.close(wait)
    os.close(go)
    codes = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children]
    assert codes == [0] * len(works)


def _watch(look: Any) -> None:
    """Look at each call and return, in this thread and in those it starts."""
    threading.setprofile(look)
    sys.setprofile(look)


class Killed:
    """Runs works in processes that kill themselves after so many calls and returns of functions.

    The same place is met again each time: nothing depends on how fast the machine is.
    """

    def __init__(self, work: Callable[[Work], object]) -> None:
        """Take a work, which is handed a function that begins the counting."""
        self._work = work

    def steps(self) -> int:
        """Tell how many places there are."""
        told, tell = os.pipe()

        def run() -> None:
            seen = count()
            self._work(lambda: _watch(lambda *_: next(seen) and None))
            _watch(None)
            os.write(tell, str(next(seen)).encode())

        child = _child(run)
        os.close(tell)
        with os.fdopen(told) as pipe:
            found = int(pipe.read())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return found

    def at(self, step: int) -> None:
        """Let it be killed at a place; one that it does not come to lets it end."""
        seen = count(1)

        def strike(*_: Any) -> None:
            if next(seen) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        child = _child(lambda: self._work(lambda: _watch(strike)))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL)
