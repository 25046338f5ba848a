"""Python's search for reference cycles, put off while objects are made by the hundred thousand."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 500_000
"""New objects between two searches: a few batches' worth, so that nothing piles up without end."""


@contextmanager
def collecting_later() -> Iterator[None]:
    """Search seldom for a while: looking again and again took a sixth of the time of a capture.

    Nothing that a batch makes is in a cycle. It is put off and not turned off, since a stream of
    the host's own may wait for its next record for days. Of several threads the one that found
    the host's setting brings it back.
    """
    young, *older = gc.get_threshold()
    if not 0 < young < _MANY:  # 0: never
        yield
        return
    gc.set_threshold(_MANY, *older)
    try:
        yield
    finally:
        if gc.get_threshold()[0] == _MANY:  # else the host has set another meanwhile
            gc.set_threshold(young, *older)
