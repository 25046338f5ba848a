"""A channel that lets the engine work while it waits, in the thread that dispatches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import Message, Receipt, Work
from crmkit.contracts.specs import ChannelSpec
from tests.outreach.kit import Censor
from tests.outreach.test_ahead import BATCH, SIZE, Post, Shop


class Waiting(Post):
    """It waits for its provider as long as there is work."""

    def __init__(self) -> None:
        super().__init__()
        self.patient = True
        self.steps: list[int] = []

    def send_meanwhile(self, messages: Sequence[Message], work: Work) -> Sequence[Receipt]:
        steps = 0
        while self.patient and work():
            steps += 1
        self.steps.append(steps)
        return self.send(messages)


class Office(Shop):
    """A shop whose mail is such a channel."""

    def __init__(self, **how: Any) -> None:
        self.waiting = Waiting()
        super().__init__("memory://", self.waiting, **how)

    def _spec(self, name: str, channel: Any, *rest: Any) -> ChannelSpec:  # type: ignore[override]
        found = super()._spec(name, channel, *rest)
        extra = {"meanwhile"} if name == "mail" else set()
        return attrs.evolve(found, capabilities=found.capabilities | extra)


def raising(error: BaseException) -> Callable[[Any], None]:
    """Give what raises it."""

    def raises(_: Any) -> None:
        raise error

    return raises


@pytest.mark.parametrize("patient", [True, False])
def test_all_is_sent_and_settled(patient: bool):
    """In the thread that dispatches, whether the channel lets the engine work or not."""
    office = Office()
    office.waiting.patient = patient
    assert office.dispatch() == {"accepted": SIZE}
    assert office.waiting.to == office.names
    assert set(office.waiting.in_main) == {True}
    assert all(steps > 0 for steps in office.waiting.steps[:-1]) is patient


def test_what_was_sent_is_settled_where_the_work_fails():
    """The channel hears nothing of it: its batch goes, and is told."""
    censor = Censor()
    office = Office(plugins=[censor])
    office.once(lambda _: setattr(censor, "broken", RuntimeError("no idea")))
    with pytest.raises(Exception, match="no idea"):
        office.dispatch()
    states = [row.state for row in office.rows()]
    assert states.count("accepted") == len(office.waiting.sent) in (BATCH, 2 * BATCH)
    assert states.count("planned") == SIZE - len(office.waiting.sent)


@pytest.mark.parametrize("ends", [SystemExit, KeyboardInterrupt])
def test_who_breaks_it_off_is_heard(ends: type[BaseException]):
    """What went before is settled, and nobody knows what became of the batch in hand."""
    office = Office()

    def second(_: Sequence[Message]) -> None:
        office.once(raising(ends()))

    office.once(second)
    with pytest.raises(ends):
        office.dispatch()
    states = [row.state for row in office.rows()]
    assert states.count("accepted") == BATCH
    assert states.count("unknown") == BATCH
    assert states.count("planned") == SIZE - 2 * BATCH


def test_what_the_channel_raises_is_its_own():
    """Nobody knows what it sent, and the channel is left alone; nothing of it is raised."""
    office = Office()
    office.once(raising(LookupError("it broke")))
    office.dispatch()
    states = [row.state for row in office.rows()]
    assert states.count("unknown") == BATCH
    assert states.count("planned") == SIZE - BATCH
