"""Laws of what a customer gets: each message once, and none that was said not to have gone."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from typing import Any

import pytest

from crmkit.contracts.channel import ACCEPTED, UNKNOWN, Channel
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.channel_base import ChannelLaws, one
from crmkit.testing.kit import needs

MAY_HAVE_GONE = (ACCEPTED, UNKNOWN)


class ArrivalLaws(ChannelLaws):
    """One law a test; all need to see what the provider took."""

    def test_each_message_arrives_once(
        self, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """What was accepted reached the provider, once, and nothing else did."""
        messages = self.messages(spec, min(3, spec.limits.batch))
        messages += [self.message(spec, 3, to="")] if spec.identity is not None else []
        receipts = [receipt for message in messages for receipt in channel.send([message])]
        accepted = [r.message_id for r in receipts if r.outcome == ACCEPTED]
        assert sorted(self._arrived(simulator)) == sorted(accepted)

    def test_trouble_doubles_nothing(
        self, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """What may have gone went at the most once, and what did not go reached nobody."""
        self._arrived(simulator)
        one(channel, self.message(spec, 99))
        for number, trouble in enumerate(("full", "cut")):
            self.fail(simulator, trouble)
            receipt = one(channel, self.message(spec, number))
            most = int(receipt.outcome in MAY_HAVE_GONE)
            assert self._arrived(simulator).count(f"m{number}") <= most, (trouble, receipt)

    def test_what_is_sent_again_arrives_once(
        self, channel: Channel, spec: ChannelSpec, simulator: Any
    ) -> None:
        """Where an unknown message may be sent again, the provider drops the second."""
        needs(spec, "resend")
        self._arrived(simulator)
        one(channel, self.message(spec, 99))
        self.fail(simulator, "cut")
        one(channel, self.message(spec))
        one(channel, self.message(spec))
        assert self._arrived(simulator).count("m0") == 1

    def _arrived(self, simulator: Any) -> list[str]:
        arrived = self.arrived(simulator)
        if arrived is None:
            pytest.skip("override `arrived`: which messages the provider took")
        return arrived
