"""Laws of sending: one receipt a message, one bad recipient alone, hostile text."""

# ruff: noqa: S101, PLR2004 - a law is an assertion, and its numbers are its point
from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, get_ident
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import (
    ACCEPTED,
    MISCONFIGURED,
    OUTCOMES,
    REFUSED,
    RETRY,
    Channel,
    Message,
    Receipt,
)
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.channel_base import ChannelLaws, one
from crmkit.testing.kit import needs, spellings

MARK = "X-Crmkit-Injected"
RAW = re.compile(rb"[\r\n]" + MARK.encode(), re.IGNORECASE)
ESCAPED = re.compile(rb"(?:\\r|\\n|%0[ad])" + MARK.encode(), re.IGNORECASE)
BREAKS = pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"], ids=["crlf", "lf", "cr"])
ODD = (" ", "\t", "\0", "nobody", "a b c", "@", "ann@", "+", "+860", "x" * 10_000, "💌", "\ud800")
TEXTS = {
    "emoji": "👩\u200d👩\u200d👧 🎉 💌",
    "right to left": "שלום \u202eمرحبا\u202c",
    "han": "您好,您的订单已备好。𠮷",
    "combining": "e\u0301 A\u030a \u200b\ufeff",
    "markup": "<script>alert('&amp;')</script> %s {x} ${y} \\n",
    "control": "a\0b\x1bc\x7f",
    "half a letter": "a\ud800b",
    "nothing": "",
    "one megabyte": "0123456789abcdef\n" * 60_000,
}
THREADS = 4
WORK, LOOKS = 20, 5


def fits(messages: Sequence[Message], receipts: Sequence[Receipt]) -> None:
    """Hold that every message has its one receipt, and each receipt is sound."""
    assert sorted(receipt.message_id for receipt in receipts) == sorted(m.id for m in messages)
    for receipt in receipts:
        assert isinstance(receipt, Receipt)
        assert receipt.outcome in OUTCOMES
        if receipt.outcome != ACCEPTED:
            assert receipt.reason.strip(), f"no reason is given for {receipt}"
        assert receipt.after is None or receipt.after >= 0


def outcomes(receipts: Sequence[Receipt]) -> dict[str, str]:
    """Give the outcome of each message by its id."""
    return {receipt.message_id: receipt.outcome for receipt in receipts}


class SendLaws(ChannelLaws):
    """One law a test."""

    def test_a_good_message_is_accepted(self, channel: Channel, spec: ChannelSpec) -> None:
        """What is sound goes out: without this no other law would say anything."""
        receipt = one(channel, self.message(spec))
        assert receipt.outcome == ACCEPTED, receipt

    @pytest.mark.parametrize("size", [0, 1, 2, 7, "limit"])
    def test_one_receipt_a_message(
        self, channel: Channel, spec: ChannelSpec, size: int | str
    ) -> None:
        """A batch of any size, the empty and the largest too, gives each message one receipt."""
        count = min(spec.limits.batch, 200) if size == "limit" else int(size)
        messages = self.messages(spec, min(count, spec.limits.batch))
        fits(messages, channel.send(messages))

    def test_a_receipt_stays_as_it_is(self, channel: Channel, spec: ChannelSpec) -> None:
        """Nobody rewrites what a provider said."""
        receipt = one(channel, self.message(spec))
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            receipt.outcome = "delivered"  # type: ignore[misc]

    def test_a_message_stays_as_it_is(self, channel: Channel, spec: ChannelSpec) -> None:
        """The channel changes nothing in what it was given: the engine keeps it."""
        message = self.message(spec, headers={"X-Shop": "1"}, brief={"why": "x", "about": ["y"]})
        before = copy.deepcopy(message)
        channel.send([message])
        assert message == before

    def test_two_messages_to_one_address(self, channel: Channel, spec: ChannelSpec) -> None:
        """Two messages to one person in one batch each have their own receipt."""
        if spec.limits.batch < 2:
            pytest.skip("the channel takes one message at a time")
        messages = [
            self.message(spec, number, to=self.address(spec), text=f"Number {number}.")
            for number in range(2)
        ]
        fits(messages, channel.send(messages))

    def test_the_same_message_again(self, channel: Channel, spec: ChannelSpec) -> None:
        """A later try carries the same id, and is answered as any other."""
        message = self.message(spec)
        fits([message], channel.send([message]))
        fits([message], channel.send([message]))

    def test_one_bad_recipient_fails_alone(self, channel: Channel, spec: ChannelSpec) -> None:
        """A refused recipient, wherever he stands, leaves the others of the batch accepted."""
        bad = self._bad(spec)
        for place in range(min(3, spec.limits.batch)):
            messages = self.messages(spec, min(3, spec.limits.batch))
            messages[place] = self.message(spec, place, to=bad)
            receipts = channel.send(messages)
            fits(messages, receipts)
            expected = {m.id: REFUSED if m.to == bad else ACCEPTED for m in messages}
            assert outcomes(receipts) == expected

    def test_no_address_is_refused(self, channel: Channel, spec: ChannelSpec) -> None:
        """A message to nowhere is refused, not raised."""
        if spec.identity is None:
            pytest.skip("the channel needs no address")
        receipt = one(channel, self.message(spec, to=""))
        assert receipt.outcome == REFUSED, receipt

    @pytest.mark.parametrize("to", ODD, ids=lambda to: ascii(to[:9]))
    def test_an_odd_address_raises_nothing(
        self, channel: Channel, spec: ChannelSpec, to: str
    ) -> None:
        """Whatever stands where an address should, the receipt tells; no exception does."""
        message = self.message(spec, to=to)
        fits([message], channel.send([message]))

    @BREAKS
    def test_a_line_break_in_an_address(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, ending: str
    ) -> None:
        """An address with a line break is refused, and reaches no wire."""
        if spec.identity is None:
            pytest.skip("the channel needs no address")
        for to in (f"{self.address(spec)}{ending}{MARK}: 1", f"{self.address(spec)}{ending}"):
            receipt = one(channel, self.message(spec, to=to))
            assert receipt.outcome == REFUSED, receipt
            assert not self._on_the_wire(simulator, MARK)

    @BREAKS
    def test_a_line_break_in_a_name(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, ending: str
    ) -> None:
        """A name with a line break is refused; only who sends no name at all may accept it."""
        receipt = one(channel, self.message(spec, name=f"Ann{ending}{MARK}: 1"))
        if receipt.outcome == ACCEPTED:
            seen = self.breaks_are_escaped or self.wire(simulator) is not None
            assert seen, "it was accepted, and nobody can see that the name was not sent"
            self._no_header(simulator)
            assert self.breaks_are_escaped or not self._on_the_wire(simulator, MARK)
        else:
            assert receipt.outcome == REFUSED, receipt
            assert not self._on_the_wire(simulator, MARK)

    @BREAKS
    def test_a_line_break_in_a_subject(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, ending: str
    ) -> None:
        """A subject is one line: a break in it is taken out, or the message is refused."""
        receipt = one(channel, self.message(spec, subject=f"Hello{ending}{MARK}: 1"))
        assert receipt.outcome in (ACCEPTED, REFUSED), receipt
        self._no_header(simulator)

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_any_text(self, channel: Channel, spec: ChannelSpec, text: str) -> None:
        """Text of any script and length, in every field that holds some, raises nothing."""
        short = text[:200]
        message = self.message(spec, text=text, html=f"<p>{text}</p>", subject=short, name=short)
        fits([message], channel.send([message]))

    def test_a_provider_s_template(
        self, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """A template goes out with its values, and one the provider lacks is told of."""
        needs(spec, "template")
        if self.template is None:
            pytest.skip("set `template` to one that the provider has")
        receipt = one(channel, self.message(spec, template=self.template, text=""))
        assert receipt.outcome == ACCEPTED, receipt
        wire = self.wire(simulator)
        for value in self.template.values.values() if wire is not None else ():
            assert any(spelt in (wire or b"") for spelt in spellings(value)), value

    def test_a_message_without_a_template(self, channel: Channel, spec: ChannelSpec) -> None:
        """Where a template is needed and missing, nobody is to blame but the settings."""
        needs(spec, "template")
        message = self.message(spec, template=None)
        (receipt,) = channel.send([message])
        fits([message], [receipt])
        assert receipt.outcome in (ACCEPTED, REFUSED, MISCONFIGURED), receipt

    def test_threads_get_their_own_receipts(self, channel: Channel, spec: ChannelSpec) -> None:
        """Several threads send by one channel at once, where it says that they may."""
        if not spec.thread_safe:
            pytest.skip("the spec does not declare thread_safe")
        start = Barrier(THREADS)

        def work(thread: int) -> None:
            start.wait()
            for turn in range(5):
                first = thread * 1000 + turn * 10
                size = min(3, spec.limits.batch)
                messages = [self.message(spec, first + number) for number in range(size)]
                receipts = channel.send(messages)
                fits(messages, receipts)
                assert set(outcomes(receipts).values()) <= {ACCEPTED, RETRY}  # it may be throttled

        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(work, thread) for thread in range(THREADS)]:
                done.result()

    def test_work_is_done_meanwhile(self, channel: Channel, spec: ChannelSpec) -> None:
        """What the engine does meanwhile, looking up now and then, changes nothing."""
        needs(spec, "meanwhile")
        messages = [self.message(spec, number) for number in range(min(3, spec.limits.batch))]
        threads: list[int] = []

        def work(look: Callable[[], object] | None = None, /) -> bool:
            threads.append(get_ident())
            if look is not None:
                for _ in range(LOOKS):
                    look()
            return len(threads) < WORK

        receipts = channel.send_meanwhile(messages, work)
        fits(messages, receipts)
        assert set(outcomes(receipts).values()) == {ACCEPTED}
        assert len(threads) <= WORK, "work was asked for after it had said that there is no more"
        assert set(threads) <= {get_ident()}, "another thread did the engine's work"

    def _bad(self, spec: ChannelSpec) -> str:
        if spec.identity is None and self.bad_address is None:
            pytest.skip("the channel needs no address: no recipient is bad")
        return "" if self.bad_address is None else self.bad_address

    def _no_header(self, simulator: Any) -> None:
        """Hold that no line of its own begins with the mark, be it escaped."""
        wire = self.wire(simulator) or b""
        assert not RAW.search(wire)
        assert self.breaks_are_escaped or not ESCAPED.search(wire)

    def _on_the_wire(self, simulator: Any, text: str) -> bool:
        return text.lower().encode() in (self.wire(simulator) or b"").lower()
