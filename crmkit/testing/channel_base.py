"""What every part of the channel suite builds on: what the author gives, and what he may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import pytest

from crmkit.contracts.channel import Channel, Message, Receipt, Template
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.kit import Forgeries, Incoming
from crmkit.testing.kit_opening import KitLaws
from crmkit.testing.simulators.base import Answer, Fault, Simulator, busy

Open = Callable[[], Channel]
AFTER = 7.0
"""Seconds that a provider who is busy asks to wait, in the suite."""


class ChannelLaws(KitLaws, Forgeries):
    """What the author overrides; the laws stand in the subclasses."""

    contract = Channel
    methods: ClassVar[Mapping[str, str]] = {
        "poll": "poll",
        "find": "find",
        "receive": "receive",
        "unsubscribe": "unsubscribe_url",
        "meanwhile": "send_meanwhile",
    }

    bad_address: ClassVar[str | None] = None
    """An address the provider himself refuses; None: only the empty one is tried."""
    template: ClassVar[Template | None] = None
    """A template that the provider (or his simulator) has, for the capability ``template``."""
    failures: ClassVar[Sequence[tuple[Answer, str]]] = ()
    """What the provider says when he fails, and the outcome it means: errors in an HTTP 200."""
    any_answer_is_success: ClassVar[bool] = False
    """Whether every 2xx means success, whatever its body says: so it is with plain webhooks."""

    breaks_are_escaped: ClassVar[bool] = False
    """Whether names and subjects go out escaped, as in JSON, to who makes no header of them."""

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        """Override: give the `ChannelSpec` that the hook offers."""
        raise NotImplementedError("Override the fixture spec: see crmkit.testing.ChannelSuite")

    @pytest.fixture
    def channel(self, opened: Open) -> Channel:
        """Give the opened channel."""
        return opened()

    def address(self, spec: ChannelSpec, number: int = 0) -> str:
        """Give a good address; another one for each number. Override it for other identities."""
        if spec.identity in (None, "email", "phone"):
            known = {"email": f"ann{number}@example.com", "phone": f"+861380013{number:04}"}
            return known.get(spec.identity or "", "")
        raise NotImplementedError(f"Override address: what is a good {spec.identity}?")

    def message(self, spec: ChannelSpec, number: int = 0, **changes: Any) -> Message:
        """Make a message that the channel can send; override it where yours needs more."""
        facts: dict[str, Any] = {
            "id": f"m{number}",
            "customer_id": f"c{number}",
            "to": self.address(spec, number),
            "purpose": "care",
            "occasion": "the-suite",
            "subject": "A word from the shop",
            "text": "Good morning. Your order is ready.",
            "name": "Ann",
            "language": "en",
        }
        return Message(**{**facts, **changes})

    def messages(self, spec: ChannelSpec, count: int) -> list[Message]:
        """Make so many messages, each to its own address."""
        return [self.message(spec, number) for number in range(count)]

    def fail(self, simulator: Any, trouble: str) -> None:
        """Make the provider's next call go wrong; override it for what is no `Simulator`.

        Args:
            simulator: What the fixture gave.
            trouble: ``busy`` (asks to wait `AFTER` seconds), ``full`` (is busy, and does not say
                for how long), ``cut`` (takes the message and breaks off before he answers) or
                ``slow`` (is silent for a second). Skip what your provider cannot do.
        """
        if not isinstance(simulator, Simulator):
            pytest.skip("no simulator, or no `fail` for it: the laws of faults need one")
        faults = {
            "busy": busy(AFTER),
            "full": busy(),
            "cut": Fault(cut=True),
            "slow": Fault(wait=1.0),
        }
        simulator.fail(faults[trouble])

    def wire(self, simulator: Any) -> bytes | None:
        """Give all that the provider was sent; None: it cannot be seen. Override as `fail`."""
        if not isinstance(simulator, Simulator):
            return None
        parts: list[bytes] = []
        for call in simulator.calls:
            head = "\n".join(f"{name}: {value}" for name, value in call.headers.items())
            parts += [call.target.encode(), head.encode(), call.body]
        return b"\n".join(parts)

    def arrived(self, simulator: Any) -> list[str] | None:  # noqa: ARG002
        """Override: give our id of each message the provider took, as often as he took it."""
        return None

    def signed_call(
        self,
        channel: Channel,  # noqa: ARG002
        simulator: Any,  # noqa: ARG002
        body: bytes | None = None,  # noqa: ARG002
    ) -> Incoming | None:
        """Override for ``receive``: give a call as the provider makes it, rightly signed.

        Args:
            channel: The opened channel; its clock says when the call was made.
            simulator: What the fixture gave.
            body: To be sent instead, signed all the same; give None where that cannot be.
        """
        return None

    def happen(self, channel: Channel, simulator: Any) -> None:
        """Override for ``poll`` and ``find``: let come what comes of messages, or of an archive."""


def one(channel: Channel, message: Message) -> Receipt:
    """Send one message and give its one receipt."""
    (receipt,) = channel.send([message])
    return receipt
