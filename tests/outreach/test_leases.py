"""A channel that is slower than a lease: what one dispatcher lost to another he does not send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crmkit.contracts.channel import Message, Receipt
from crmkit.model.outreach import Counts
from tests.outreach.sink import LEASE, NOW, Sink, enter, fill, lines, opened

PEOPLE = 12


class Slow:
    """Two dispatchers on one file, and a clock that goes on while the first one sends."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, thread_safe: bool) -> None:
        """Enter messages; nothing is sent yet."""
        self.now, self.calls, self.sink = NOW, 0, folder / "sink"
        self.took: list[Counts] = []
        self.before: Callable[[int], object] = lambda _: None
        self.after: Callable[[int], object] = lambda _: None
        how: dict[str, Any] = {"clock": lambda: self.now, "on_unknown": "resend", "batch": PEOPLE}
        how["thread_safe"] = thread_safe
        self.first, self.second = (
            opened(f"sqlite:///{folder / 'crm.db'}", self.sink, **how) for _ in range(2)
        )
        enter(self.first, fill(self.first, PEOPLE))
        send = Sink.send

        def slowly(sink: Sink, messages: Sequence[Message]) -> Sequence[Receipt]:
            self.calls = call = self.calls + 1
            self.before(call)
            receipts = send(sink, messages)
            self.after(call)
            return receipts

        monkeypatch.setattr(Sink, "send", slowly)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def take_over(self) -> None:
        """Let the other dispatcher do all that it can."""
        after, self.after = self.after, lambda _: None
        self.second.outreach.reconcile()
        self.took.append(self.second.outreach.dispatch())
        self.after = after

    def sent(self) -> list[str]:
        """Give the addresses that got a message."""
        return sorted(to for _, to, _, _ in lines(self.sink))


@pytest.fixture(params=[False, True], ids=["alone", "beside"])
def slow(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Slow(tmp_path, monkeypatch, thread_safe=request.param)
    yield made
    made.first.close()
    made.second.close()


def assert_each_got_one(slow: Slow) -> None:
    assert slow.sent() == sorted(f"c{number}@example.com" for number in range(PEOPLE))
    assert {row.state for row in slow.first.outreach.ledger()} == {"accepted"}


def test_a_lease_is_taken_anew_while_its_holder_lives(slow: Slow):
    """Who takes longer than a lease over all, but not over one call, keeps what he claimed."""

    def after(_: int) -> None:
        slow.wait(0.4 * LEASE)
        slow.take_over()

    slow.after = after
    slow.first.outreach.dispatch()
    assert slow.took == [Counts()] * (PEOPLE // 3)
    assert_each_got_one(slow)


def test_what_another_took_over_is_his(slow: Slow):
    """Who comes back after his lease sends nothing that the other has sent meanwhile."""

    def after(call: int) -> None:
        if call == 2:
            slow.wait(LEASE + 1)
            slow.take_over()

    slow.after = after
    slow.first.outreach.dispatch()
    assert_each_got_one(slow)


def test_what_nobody_took_over_goes_on(slow: Slow):
    """What was called unknown, and was never handed to the channel, its holder still sends."""

    def after(call: int) -> None:
        if call == 2:
            slow.wait(LEASE + 1)
            slow.took.append(slow.second.outreach.dispatch())

    slow.after = after
    slow.first.outreach.dispatch()
    (took,) = slow.took  # what was answered before may still be on its way into the ledger
    assert (set(took), took["unknown"] >= PEOPLE - 3) == ({"unknown"}, True)
    assert_each_got_one(slow)


def test_who_knows_better_is_believed(slow: Slow):
    """A message that is to go again, since nobody knew, goes no more once its channel answers."""

    def before(call: int) -> None:
        if call == 1:
            slow.wait(LEASE + 1)
            slow.took.append(slow.second.outreach.reconcile())

    slow.before = before
    slow.first.outreach.dispatch()
    assert slow.took == [Counts({"planned": PEOPLE})]
    slow.second.outreach.dispatch()
    assert_each_got_one(slow)
