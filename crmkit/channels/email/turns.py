"""Conversations over several connections in one thread, each going on where its socket is ready.

Threads would do as well, if they did not wait for each other: a thread that hears an answer is
given the interpreter only when another one, which computes, gives it up.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, closing
from selectors import DefaultSelector
from socket import socket
from typing import TypeVar

import attrs

from crmkit.contracts.channel import Work

T = TypeVar("T")
_LOOK = 0.1  # seconds between two looks for those that have waited for too long
Wait = tuple[socket, int, float]
"""What a conversation waits for: its socket, ``EVENT_READ`` or ``EVENT_WRITE``, and how long at
most, in seconds."""
Turns = Generator[Wait, None, T]
"""A conversation: it gives what it waits for, and goes on when that is there; after too long a
wait TimeoutError is raised where it waits."""


@attrs.define
class _Waiting:
    """One conversation, what it waits for, and until when by the monotonic clock."""

    turns: Turns[None]
    wait: Wait
    until: float


def nothing(_look: object = None, /) -> bool:
    """Have nothing to do meanwhile."""
    return False


def take_turns(conversations: Iterable[Turns[None]], meanwhile: Work) -> None:
    """Let conversations go on until all are over.

    Args:
        conversations: What is to go on; what one of them raises ends the others too.
        meanwhile: Does a bit of other work, and tells whether there may be more; it is called
            while nobody has anything to say. What it is given lets the conversations go on in the
            midst of it, and raises nothing.
    """
    failures: list[BaseException] = []

    def look() -> None:
        if not failures:
            try:
                _round(selector, 0)
            except BaseException as error:  # noqa: BLE001 - raised where it is no other's
                failures.append(error)

    with ExitStack() as stack:
        selector = stack.enter_context(DefaultSelector())
        for one in conversations:
            stack.enter_context(closing(one))
            _go_on(selector, one, None)
        is_more = True
        while selector.get_map():
            heard = _round(selector, 0 if is_more else _LOOK)
            if is_more:
                is_more = meanwhile(look)
                if failures:
                    raise failures[0]
            elif not heard:
                _give_up(selector)


def _round(selector: DefaultSelector, patience: float) -> bool:
    """Let those go on whose sockets are ready within some seconds; tell whether any was."""
    ready = selector.select(patience)
    for key, _ in ready:
        _go_on(selector, key.data.turns, key.data)
    return bool(ready)


def _go_on(
    selector: DefaultSelector,
    turns: Turns[None],
    before: _Waiting | None,
    error: Exception | None = None,
) -> None:
    """Let one conversation go on, and see what it waits for then."""
    try:
        wait = next(turns) if error is None else turns.throw(error)
    except StopIteration:
        if before is not None:
            selector.unregister(before.wait[0])
        return
    until = time.monotonic() + wait[2]
    if before is not None and wait is before.wait:  # as nearly always
        before.until = until
        return
    if before is not None:
        selector.unregister(before.wait[0])
    selector.register(wait[0], wait[1], _Waiting(turns, wait, until))


def _give_up(selector: DefaultSelector) -> None:
    """Tell those that have waited for too long."""
    now = time.monotonic()
    for key in [*selector.get_map().values()]:
        if key.data.until <= now:
            _go_on(selector, key.data.turns, key.data, TimeoutError())
