"""Laws of asking the provider: finding what was sent, and fetching what became of it."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from typing import Any

import pytest

from crmkit.contracts.channel import ACCEPTED, RETRY, Channel, Delivery, Poll, Receipt
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.channel_base import ChannelLaws, Open
from crmkit.testing.kit import needs

TURNS = 20


class LookupLaws(ChannelLaws):
    """One law a test."""

    def test_finding_what_was_sent(
        self, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """What was accepted is found by our ids, and nothing that was never sent."""
        needs(spec, "find")
        messages = self.messages(spec, min(2, spec.limits.batch))
        sent = [r.message_id for r in channel.send(messages) if r.outcome == ACCEPTED]
        assert sent
        self.happen(channel, simulator)
        found = channel.find([*sent, "never-sent"])
        if not found:
            pytest.skip("nothing is found with these settings, or before you override `happen`")
        assert set(sent) <= set(found) <= {*sent, "never-sent"}
        for key, receipt in found.items():
            assert isinstance(receipt, Receipt)
            assert receipt.message_id == key
        assert {key: found[key].outcome for key in sent} == dict.fromkeys(sent, ACCEPTED)
        if "never-sent" in found:
            assert found["never-sent"].outcome == RETRY, found

    def test_finding_only_what_was_asked_for(self, channel: Channel, spec: ChannelSpec) -> None:
        """An id that nobody asked for is not given, and asking for none gives none."""
        needs(spec, "find")
        messages = self.messages(spec, min(2, spec.limits.batch))
        channel.send(messages)
        assert set(channel.find([messages[0].id])) <= {messages[0].id}
        assert dict(channel.find([])) == {}

    def test_a_cut_message_is_found(
        self, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """What the provider took before the connection broke can be looked up."""
        needs(spec, "find")
        if simulator is None:
            pytest.skip("override the fixture `simulator`: the laws of faults need one")
        channel.send([self.message(spec, 99)])
        self.fail(simulator, "cut")
        message = self.message(spec)
        channel.send([message])
        self.happen(channel, simulator)
        found = channel.find([message.id])
        if not found:
            pytest.skip("nothing is found with these settings, or before you override `happen`")
        assert [receipt.outcome for receipt in found.values()] == [ACCEPTED]

    def test_polling_goes_on(
        self, opened: Open, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """Cursor by cursor nothing comes twice, also after the channel was opened anew."""
        needs(spec, "poll")
        channel.send(self.messages(spec, min(2, spec.limits.batch)))
        self.happen(channel, simulator)
        fetched, cursor = self._drain(channel, None)
        if not fetched:
            pytest.skip("nothing was fetched: override `happen`")
        assert _twice(fetched) == []
        again, _ = self._drain(opened(), cursor)
        assert _twice([*fetched, *again]) == []

    def test_polling_where_nothing_is_new(self, channel: Channel, spec: ChannelSpec) -> None:
        """The first look, and one where nothing happened since, give a Poll."""
        needs(spec, "poll")
        _, cursor = self._drain(channel, None)
        assert self._drain(channel, cursor)[0] == []

    def _drain(self, channel: Channel, cursor: str | None) -> tuple[list[Delivery], str | None]:
        """Poll until nothing comes any more."""
        fetched: list[Delivery] = []
        for _ in range(TURNS):
            found = channel.poll(cursor)
            assert isinstance(found, Poll)
            assert found.cursor is None or isinstance(found.cursor, str)
            fetched += found.deliveries
            cursor = cursor if found.cursor is None else found.cursor
            if not found.deliveries:
                return fetched, cursor
        pytest.fail(f"{TURNS} polls, and still something new: does the cursor go on?")


def _twice(deliveries: list[Delivery]) -> list[Delivery]:
    return [one for place, one in enumerate(deliveries) if one in deliveries[:place]]
