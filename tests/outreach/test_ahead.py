"""While a channel sends, what comes next is prepared; and nothing goes by what was so before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.specs import ChannelSpec, Limits
from crmkit.contracts.tables import SUPPRESSION
from crmkit.outreach.preparing import prepared as steps_of
from tests.outreach.kit import BOTH, HOUR, MINUTE, Censor, Fake, Firm

BATCH = 5
SIZE = 30
LOOKS = SIZE // BATCH + 3
"""Batches, and looks that find nothing: ahead, and before and after the last part is settled."""


class Post(Fake):
    """A channel that several threads may use; it does something while a batch is with it."""

    def __init__(self) -> None:
        super().__init__()
        self.while_sending: Callable[[Sequence[Message]], Any] = lambda _: None
        self.in_main: list[bool] = []

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        self.in_main.append(current_thread() is main_thread())
        self.while_sending(messages)
        return super().send(messages)


class Shop(Firm):
    """A firm whose mail is such a channel, and goes in small batches."""

    def __init__(self, url: str, post: Post | None = None, **how: Any) -> None:
        self.post = post or Post()
        super().__init__(url, outreach={"batch": BATCH}, **how)
        self.mail = self.post
        self.names = [self.save(f"c{number:02}") for number in range(SIZE)]
        self.enqueue(*self.names)

    def _spec(self, name: str, channel: Any, *rest: Any) -> ChannelSpec:  # type: ignore[override]
        found = Firm._spec(name, self.post if name == "mail" else channel, *rest)
        return attrs.evolve(found, thread_safe=name == "mail", limits=Limits(batch=BATCH))

    def once(self, do: Callable[[Sequence[Message]], Any]) -> None:
        """Do something while the first batch is with the channel, once."""

        def first(messages: Sequence[Message]) -> None:
            self.post.while_sending = lambda _: None
            do(messages)

        self.post.while_sending = first


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/shop.db"
    found = Shop(url)
    yield found
    found.crm.close()


BOTH_SHOPS = pytest.mark.parametrize("shop", ["memory", "sqlite"], indirect=True)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Give an event for each batch that is prepared, in their order."""
    events: list[Event] = [Event() for _ in range(3 * SIZE)]
    done = iter(events)

    def told(*args: Any, **how: Any) -> Any:
        batch = yield from steps_of(*args, **how)
        next(done).set()
        return batch

    monkeypatch.setattr("crmkit.outreach.dispatching.prepared", told)
    return events


@BOTH_SHOPS
def test_the_next_batch_is_prepared_while_one_is_sent(shop: Shop, prepared: list[Event]):
    """The channel waits for the second batch to be ready before it takes the first."""
    seen: list[bool] = []
    shop.once(lambda _: seen.append(prepared[1].wait(10)))
    assert shop.dispatch() == {"accepted": SIZE}
    assert seen == [True]
    assert shop.post.to == shop.names
    assert len([one for one in prepared if one.is_set()]) == LOOKS


def _withdraw(shop: Shop) -> None:
    shop.crm.consents.withdraw("c07", "care", None, source="phone")


def _unreachable(shop: Shop) -> None:
    shop.crm.customers.save(attrs.evolve(shop.crm.customers.get("c07"), unreachable=True))


def _suppress(shop: Shop) -> None:
    with shop.crm.session.store.write() as writer:
        writer.append(SUPPRESSION, [("hash", None, 0, "complained", "test")])


@BOTH_SHOPS
@pytest.mark.parametrize(("change", "reason"), [(_withdraw, "consent"), (_unreachable, "channel")])
def test_what_is_decided_meanwhile_holds(
    shop: Shop, prepared: list[Event], change: Callable[[Shop], None], reason: str
):
    """It was ready to go; then the customer wanted no more."""

    def meanwhile(_: Any) -> None:
        assert prepared[1].wait(10)
        change(shop)

    shop.once(meanwhile)
    assert shop.dispatch() == {"accepted": SIZE - 1, "refused": 1}
    assert "c07" not in shop.post.to
    (row,) = (row for row in shop.rows() if row.customer_id == "c07")
    assert row.reason == reason


@BOTH_SHOPS
@pytest.mark.parametrize("passes", [0, 1])
def test_a_judgement_goes_stale(shop: Shop, prepared: list[Event], passes: int):
    """An hour later, or with another address suppressed, a batch is prepared anew."""

    def meanwhile(_: Any) -> None:
        assert prepared[1].wait(10)
        if passes:
            shop.now += HOUR
        else:
            _suppress(shop)

    shop.once(meanwhile)
    with pytest.MonkeyPatch.context() as patch:  # what is suppressed cannot be told without a key
        patch.setattr("crmkit.outreach.gate.Suppressions", lambda *_: {})
        assert shop.dispatch() == {"accepted": SIZE}
    assert len([one for one in prepared if one.is_set()]) == LOOKS + 1


@BOTH
def test_a_channel_for_one_thread_is_used_by_one(found: Callable[..., Firm]):
    firm = found(limits=Limits(batch=BATCH), outreach={"batch": BATCH})
    firm.mail.answer = lambda message: (
        Receipt.accepted(message) if current_thread() is main_thread() else None
    )
    firm.enqueue(*(firm.save(f"c{number}") for number in range(SIZE)))
    assert firm.dispatch() == {"accepted": SIZE}


def test_another_thread_sends():
    shop = Shop("memory://")
    shop.dispatch()
    assert set(shop.post.in_main) == {False}


def test_what_was_sent_is_settled_where_preparing_fails():
    """A plugin breaks while the first batch is with its channel: that one went, and is told."""
    censor = Censor()
    shop = Shop("memory://", plugins=[censor])
    shop.once(lambda _: setattr(censor, "broken", RuntimeError("no idea")))
    with pytest.raises(Exception, match="no idea"):
        shop.dispatch()
    states = [row.state for row in shop.rows()]
    assert states.count("accepted") == len(shop.post.sent) in (BATCH, 2 * BATCH)
    assert states.count("planned") == SIZE - len(shop.post.sent)


def test_a_refusal_is_settled_before_more_is_claimed(tmp_path: Path) -> None:
    """A cap that a refused message used up is free for the next one of the same customer."""
    shop = Shop(f"sqlite:///{tmp_path}/shop.db")
    shop.dispatch()
    shop.post.answer = lambda m: (
        Receipt.refused(m, "no") if m.occasion == "first" else Receipt.accepted(m)
    )
    capped = shop.connect(outreach={"batch": BATCH, "caps": {"all": {"max": 2, "per": "day"}}})
    for occasion in ("first", "second"):
        shop.enqueue(*shop.names[:BATCH], occasion=occasion)
        shop.now += MINUTE  # the second batch
    with shop.crm, capped:
        assert capped.outreach.dispatch().to_dict() == {"accepted": BATCH, "refused": BATCH}
