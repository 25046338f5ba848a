"""The suite that every channel passes."""

# ruff: noqa: E402 - the modules below must be named to pytest before they are imported
from __future__ import annotations

import pytest

pytest.register_assert_rewrite(  # a law that breaks then shows what it compared
    *(
        f"crmkit.testing.channel_{part}"
        for part in ("arrivals", "calls", "contents", "faults", "lookups", "opening", "sends")
    )
)

from crmkit.testing.channel_arrivals import ArrivalLaws
from crmkit.testing.channel_calls import CallLaws
from crmkit.testing.channel_contents import ContentLaws
from crmkit.testing.channel_faults import FaultLaws
from crmkit.testing.channel_lookups import LookupLaws
from crmkit.testing.channel_opening import OpeningLaws
from crmkit.testing.channel_sends import SendLaws


class ChannelSuite(
    SendLaws, ContentLaws, FaultLaws, ArrivalLaws, LookupLaws, CallLaws, OpeningLaws
):
    r"""Every law of `crmkit.contracts.channel`, each as one test.

    Subclass it and override the fixtures ``spec`` and ``settings``; with ``simulator`` the
    provider's faults are tried too. What else may be overridden stands in
    `crmkit.testing.channel_base.ChannelLaws`: the address and the message that are sent, the
    provider's own errors, and a signed call of his. A law that needs what was not given is
    skipped, and says what to give: read them with ``pytest -rs``.

    Example:
        >>> import pytest
        >>> from crmkit.contracts.channel import Channel, Receipt
        >>> from crmkit.contracts.specs import ChannelSpec
        >>> class Pigeon(Channel):
        ...     def __init__(self, config):
        ...         self.flown = []
        ...     def send(self, messages):
        ...         return [self.fly(message) for message in messages]
        ...     def fly(self, message):
        ...         if not message.to or {"\r", "\n"} & {*message.to, *message.name}:
        ...             return Receipt.refused(message, "no pigeon flies there")
        ...         self.flown.append(message)
        ...         return Receipt.accepted(message)
        >>> class TestPigeon(ChannelSuite):
        ...     @pytest.fixture
        ...     def spec(self):
        ...         return ChannelSpec(name="pigeon", identity="email", open=Pigeon)

    A new version of crmkit may bring new laws: run the suite against each.
    """
