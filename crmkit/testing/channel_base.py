"""What every part of the channel suite builds on: what the author gives, and what he may."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus

import attrs
import pytest

from crmkit.contracts.channel import Channel, Message, Receipt, Template
from crmkit.contracts.settings import Secret
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.simulators.base import Answer, Fault, Simulator, busy

Open = Callable[[], Channel]
AFTER = 7.0
"""Seconds that a provider who is busy asks to wait, in the suite."""


@attrs.frozen(kw_only=True)
class Incoming:
    """A call of the provider's webhook, as `Channel.receive` gets it.

    Attributes:
        headers: Headers of the call.
        body: Its body, as it came.
        method: HTTP method.
        url: The whole address that was called.
    """

    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"
    url: str = ""


class ChannelLaws:
    """What the author overrides; the laws stand in the subclasses."""

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
    def simulator(self) -> Any:
        """Override: give the provider on 127.0.0.1, started; the laws of faults are for it."""
        return None

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        """Override: give the settings a user would write, `type` left out."""
        return {}

    @pytest.fixture
    def opened(self, spec: ChannelSpec, settings: Mapping[str, Any]) -> Iterator[Open]:
        """Give a function that opens the channel; what it opened is closed after the test."""
        with ExitStack() as stack:

            def open_one() -> Channel:
                channel = spec.open(spec.configure(settings))
                stack.callback(channel.close)
                return channel

            yield open_one

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

    def forged(self, call: Incoming) -> Incoming:
        """Change what was signed; override it where the body is not part of that."""
        for place in reversed(range(len(call.body))):
            if chr(call.body[place]).isalnum():
                other = b"1" if call.body[place : place + 1] == b"0" else b"0"
                body = call.body[:place] + other + call.body[place + 1 :]
                return attrs.evolve(call, body=body)
        pytest.skip("the call has no body to change: override `forged`")

    def unsigned(self, call: Incoming) -> Incoming:
        """Take the signature off; override it where it stands in the body."""
        kept = {k: v for k, v in call.headers.items() if k.lower() == "content-type"}
        bare = attrs.evolve(call, headers=kept, url=call.url.partition("?")[0])
        if bare == call:
            pytest.skip("the signature stands in the body: override `unsigned`")
        return bare

    def happen(self, channel: Channel, simulator: Any) -> None:
        """Override for ``poll`` and ``find``: let come what comes of messages, or of an archive."""


def one(channel: Channel, message: Message) -> Receipt:
    """Send one message and give its one receipt."""
    (receipt,) = channel.send([message])
    return receipt


def needs(spec: ChannelSpec, capability: str) -> None:
    """Skip the law where the channel does not say that it can do that."""
    if capability not in spec.capabilities:
        pytest.skip(f"the spec does not declare the capability {capability!r}")


def secrets(configured: Any) -> list[str]:
    """Give the texts of all secrets in the settings, those long enough to be told apart."""
    if isinstance(configured, Secret):
        text = configured.reveal() if configured else ""
        return [text] if len(text) > 3 else []  # noqa: PLR2004 - "key" stands in many words
    if attrs.has(type(configured)):
        fields = attrs.fields(type(configured))
        return [s for field in fields for s in secrets(getattr(configured, field.name))]
    if isinstance(configured, Mapping):
        return [text for value in configured.values() for text in secrets(value)]
    if isinstance(configured, (tuple, list, frozenset, set)):
        return [text for value in configured for text in secrets(value)]
    return []


def spellings(text: str) -> tuple[bytes, ...]:
    """Give the ways in which a text may stand on the wire: escaped by JSON, by a URL, or not."""
    escaped = (text, json.dumps(text)[1:-1], quote(text, safe=""), quote_plus(text))
    return tuple(spelt.encode() for spelt in escaped)
