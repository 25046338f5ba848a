"""Laws of the spec, the settings, opening and closing."""

# ruff: noqa: S101 - a law is an assertion
from __future__ import annotations

from crmkit.contracts.channel import Channel
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing.channel_base import ChannelLaws
from crmkit.testing.channel_sends import fits


class OpeningLaws(ChannelLaws):
    """One law a test, beside those of all that is opened."""

    def use(self, opened: Channel, spec: ChannelSpec, turn: int = 0) -> None:
        """Send a message."""
        message = self.message(spec, turn)
        fits([message], opened.send([message]))

    def test_the_spec_is_sound(self, spec: ChannelSpec) -> None:
        """Identity and limits are such as others can work with."""
        assert isinstance(spec, ChannelSpec)
        assert spec.identity is None or spec.identity.strip() == spec.identity != ""
        for limit in (spec.limits.per_second, spec.limits.per_day, spec.limits.text):
            assert limit is None or limit > 0
