"""Conversations over several sockets in one thread: nobody waits for anybody else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from selectors import EVENT_READ

import pytest

from crmkit.channels.email.turns import Turns, nothing, take_turns

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    with ExitStack() as stack:
        made = [socket.socketpair() for _ in range(2)]
        for pair in made:
            for one in pair:
                stack.enter_context(one)
        yield made


def heard(sock: socket.socket, found: list[bytes], patience: float = 10.0) -> Turns[None]:
    """Wait for a word, and note it."""
    yield sock, EVENT_READ, patience
    found.append(sock.recv(10))


def test_who_is_answered_goes_on(pairs: list[Pair]):
    """The first conversation is answered by the second, which is answered by the work."""
    (first, first_end), (second, second_end) = pairs
    found: list[bytes] = []

    def answers() -> Turns[None]:
        yield from heard(second, found)
        first_end.send(b"one")

    def work(_: object) -> bool:
        second_end.send(b"two")
        return False

    take_turns([heard(first, found), answers()], work)
    assert found == [b"two", b"one"]


def test_work_is_done_while_nobody_speaks(pairs: list[Pair]):
    """It is called until it has done all, then no more."""
    (first, end), _ = pairs
    done: list[int] = []

    def work(_: object) -> bool:
        done.append(len(done))
        if len(done) == 5:
            end.send(b"one")
        return len(done) < 5

    take_turns([heard(first, [])], work)
    assert done == [0, 1, 2, 3, 4]


def test_who_is_answered_goes_on_in_the_midst_of_work(pairs: list[Pair]):
    """The work asks for it, and sees it done."""
    (first, end), _ = pairs
    found: list[bytes] = []

    def work(look: Callable[[], object]) -> bool:
        end.send(b"one")
        look()
        assert found == [b"one"]
        return False

    take_turns([heard(first, found)], work)


def test_what_one_raises_is_not_raised_in_the_work(pairs: list[Pair]):
    """It is done to the end of its step; then all hear of it."""
    (first, end), _ = pairs
    done: list[str] = []

    def fails() -> Turns[None]:
        yield first, EVENT_READ, 10.0
        raise LookupError("the first")

    def work(look: Callable[[], object]) -> bool:
        end.send(b"one")
        look()
        look()
        done.append("a step")
        return True

    with pytest.raises(LookupError):
        take_turns([fails()], work)
    assert done == ["a step"]


def test_who_waits_for_too_long_is_told(pairs: list[Pair]):
    """He gets a TimeoutError where he waits, and may go on; the others know nothing of it."""
    (first, _), (second, end) = pairs
    found: list[bytes] = []

    def patient() -> Turns[None]:
        try:
            yield from heard(first, found, patience=0.01)
        except TimeoutError:
            end.send(b"late")

    take_turns([patient(), heard(second, found)], nothing)
    assert found == [b"late"]


def test_what_one_raises_ends_the_others(pairs: list[Pair]):
    """They hear of it, so that they can give back what they have in hand."""
    (first, _), (second, end) = pairs
    ended: list[str] = []

    def waits() -> Turns[None]:
        try:
            yield first, EVENT_READ, 10.0
        finally:
            ended.append("the first")

    def fails() -> Turns[None]:
        yield second, EVENT_READ, 10.0
        raise LookupError("the second")

    end.send(b"go")
    with pytest.raises(LookupError):
        take_turns([waits(), fails()], nothing)
    assert ended == ["the first"]
