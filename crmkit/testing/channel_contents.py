"""Laws of what goes out: the whole text of each message, in its own letters, to whom it is for."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

import binascii
import quopri
import re
from contextlib import suppress
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import ACCEPTED, REFUSED, Channel, Message
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.channel_base import ChannelLaws, one
from crmkit.testing.kit import needs, spellings

WORDS = 10
"""Words in a line of the long texts: short enough that mail leaves it as it is."""
BASE64 = re.compile(rb"\r\n\r\n([A-Za-z0-9+/=\r\n]+)")
"""A part of a mail, as most programs write letters beyond ASCII."""
SCRIPTS = {"han": "您好", "accents": "Ångström", "right to left": "שלום", "emoji": "🎉"}


class ContentLaws(ChannelLaws):
    """One law a test; all of them need `wire`."""

    @pytest.mark.parametrize("lines", [1, 10, 100, 1000])
    def test_a_text_is_never_cut_unsaid(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, lines: int
    ) -> None:
        """A text that is too long is refused; only one for colleagues is cut, and that is told."""
        message = self._written(spec)
        words = [f"w{number:04}" for number in range(lines * WORDS)]
        text = "\n".join(" ".join(words[n : n + WORDS]) for n in range(0, len(words), WORDS))
        receipt = one(channel, attrs.evolve(message, text=text, html=None))
        assert receipt.outcome in (ACCEPTED, REFUSED), receipt
        if receipt.outcome == ACCEPTED:
            wire = self._seen(simulator)
            lost = [word for word in words if word.encode() not in wire]
            told = "staff" in spec.capabilities and receipt.reason.strip()
            assert not lost or told, f"of {len(words)} words {len(lost)} are lost, from {lost[0]}"

    @pytest.mark.parametrize("word", SCRIPTS.values(), ids=SCRIPTS.keys())
    def test_every_script_goes_out(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, word: str
    ) -> None:
        """Letters of any script are sent as they are, or the message is refused."""
        receipt = one(channel, attrs.evolve(self._written(spec), text=f"a {word} z", html=None))
        assert receipt.outcome in (ACCEPTED, REFUSED), receipt
        assert receipt.outcome == REFUSED or _holds(self._seen(simulator), word)

    @pytest.mark.parametrize("field", ["to", "text", "subject", "html", "unsubscribe"])
    def test_each_gets_his_own(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, field: str
    ) -> None:
        """Each message of a batch goes out with its own address, text and whatever it may have."""
        if field in ("subject", "html", "unsubscribe"):
            needs(spec, field)
        if field == "text":
            self._written(spec)
        if field == "to" and spec.identity not in ("email", "phone"):
            pytest.skip("how its addresses are spelt is between the channel and the provider")
        messages = [self._marked(one) for one in self.messages(spec, min(3, spec.limits.batch))]
        receipts = channel.send(messages)
        assert {receipt.outcome for receipt in receipts} == {ACCEPTED}, receipts
        wire = self._seen(simulator)
        for message in messages:
            value = getattr(message, field)
            # A provider may want a number without its country, or in groups of digits.
            found = value[-8:] if field == "to" and spec.identity == "phone" else value
            assert _holds(wire, found), f"{field} of {message.id} was not sent: {value}"

    def _written(self, spec: ChannelSpec) -> Message:
        """Give a message that has a text of its own."""
        message = self.message(spec)
        if message.template is not None:
            pytest.skip("its messages are templates of the provider's")
        return message

    def _marked(self, message: Message) -> Message:
        """Give the message with texts that no other one has, nor another field of it."""
        return attrs.evolve(
            message,
            text=f"text-for-{message.id}-alone",
            subject=f"subject-for-{message.id}-alone",
            html=f"<p>html-for-{message.id}-alone</p>",
            unsubscribe=f"https://shop.example.com/link-for-{message.id}-alone",
        )

    def _seen(self, simulator: Any) -> bytes:
        """Give what went out, with what mail and calendars fold and encode made plain again."""
        wire = self.wire(simulator)
        if wire is None:
            pytest.skip("override `wire`: what was the provider sent?")
        parts = [wire, wire.replace(b"\r\n ", b""), quopri.decodestring(wire)]
        for block in BASE64.findall(wire):
            with suppress(binascii.Error):
                parts.append(binascii.a2b_base64(block))
        return b"\n".join(parts)


def _holds(wire: bytes, text: str) -> bool:
    return any(spelt.lower() in wire.lower() for spelt in spellings(text))
