"""Laws of what comes in by webhook: forgeries, replays, and machines that follow links."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest

from crmkit.contracts.channel import Channel, Delivery, Response
from crmkit.contracts.specs import ChannelSpec
from crmkit.errors import InvalidValueError, SignatureInvalid
from crmkit.testing.channel_base import ChannelLaws
from crmkit.testing.kit import STRANGE, Incoming, needs


def read(channel: Channel, call: Incoming) -> tuple[Sequence[Delivery], Response]:
    """Hand a call to the channel, as the engine does."""
    return channel.receive(call.headers, call.body, method=call.method, url=call.url)


class CallLaws(ChannelLaws):
    """One law a test."""

    @pytest.fixture
    def call(self, channel: Channel, spec: ChannelSpec, simulator: Any) -> Incoming:
        """Give a sound call of the provider's."""
        needs(spec, "receive")
        made = self.signed_call(channel, simulator)
        if made is None:
            pytest.skip("override `signed_call`: a call as the provider signs it")
        return made

    def test_a_sound_call_is_read(self, channel: Channel, call: Incoming) -> None:
        """A rightly signed call tells what became of messages, and has an answer."""
        deliveries, response = read(channel, call)
        assert deliveries
        assert all(isinstance(delivery, Delivery) for delivery in deliveries)
        assert isinstance(response, Response)
        assert isinstance(response.body, bytes)
        for delivery in deliveries:
            known = delivery.message_id or delivery.provider_id or delivery.address
            assert known, f"nobody can tell what message this is about: {delivery}"

    def test_header_names_come_in_any_case(self, channel: Channel, call: Incoming) -> None:
        """Servers spell the names of headers as they like."""
        expected = read(channel, call)[0]
        for spelling in (str.upper, str.lower, str.title):
            headers = {spelling(name): value for name, value in call.headers.items()}
            assert list(read(channel, attrs.evolve(call, headers=headers))[0]) == list(expected)

    def test_the_same_call_again(self, channel: Channel, call: Incoming) -> None:
        """A call that comes twice tells the same twice: what is known changes nothing."""
        first, second = (read(channel, call)[0] for _ in range(2))
        assert list(first) == list(second)

    def test_a_forged_call_is_refused(self, channel: Channel, call: Incoming) -> None:
        """A call that was changed on its way raises SignatureInvalid."""
        with pytest.raises(SignatureInvalid):
            read(channel, self.forged(call))

    def test_an_unsigned_call_is_refused(self, channel: Channel, call: Incoming) -> None:
        """A call without its signature raises SignatureInvalid."""
        with pytest.raises(SignatureInvalid):
            read(channel, self.unsigned(call))

    def test_a_replayed_call_does_no_harm(self, channel: Channel, call: Incoming) -> None:
        """A call of yesterday is refused, or each of its events can be told for a known one."""
        tomorrow = channel.clock() + timedelta(days=1)
        setattr(channel, "clock", lambda: tomorrow)  # noqa: B010 - as crmkit sets it
        try:
            deliveries, _ = read(channel, call)
        except SignatureInvalid:
            return
        for delivery in deliveries:
            known = delivery.event_id or delivery.message_id or delivery.provider_id
            assert known, f"the replay would count as new: {delivery}"

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_following_a_link_changes_nothing(
        self, channel: Channel, call: Incoming, method: str
    ) -> None:
        """Machines follow links: a GET or HEAD never tells that anything happened."""
        try:
            deliveries, response = read(channel, attrs.evolve(call, method=method))
        except SignatureInvalid:
            return
        assert list(deliveries) == []
        assert isinstance(response, Response)

    @pytest.mark.parametrize("body", STRANGE, ids=lambda body: repr(body[:9]))
    def test_a_strange_body(
        self, channel: Channel, spec: ChannelSpec, simulator: Any, body: bytes
    ) -> None:
        """A body nobody can read raises SignatureInvalid or InvalidValueError, or tells nothing."""
        needs(spec, "receive")
        signed = self.signed_call(channel, simulator, body) if body else None
        sound = self.signed_call(channel, simulator)
        calls = [Incoming(headers={}, body=body)]
        calls += [attrs.evolve(sound, body=body)] if sound else []
        calls += [signed] if signed else []
        for call in calls:
            try:
                deliveries, response = read(channel, call)
            except (SignatureInvalid, InvalidValueError):
                continue
            except Exception as error:  # noqa: BLE001 - whatever it raises, it is the wrong one
                pytest.fail(f"raised {type(error).__name__}, not InvalidValueError: {error}")
            assert list(deliveries) == []
            assert isinstance(response, Response)

    def test_a_link_to_unsubscribe(self, channel: Channel, spec: ChannelSpec) -> None:
        """The link of one message tells that message, by POST only, and cannot be guessed."""
        needs(spec, "unsubscribe")
        link, other = (channel.unsubscribe_url(message) for message in ("m1", "m2"))
        if link is None:
            pytest.skip("the settings give no link to unsubscribe by")
        assert link != other
        body = b"List-Unsubscribe=One-Click"
        deliveries, _ = channel.receive({}, body, method="POST", url=link)
        assert [(d.what, d.message_id) for d in deliveries] == [("unsubscribed", "m1")]
        for method in ("GET", "HEAD"):
            assert list(channel.receive({}, b"", method=method, url=link)[0]) == []
        guess = link[:-9] + "".join("b" if letter == "a" else "a" for letter in link[-9:])
        with pytest.raises(SignatureInvalid):
            channel.receive({}, body, method="POST", url=guess)
