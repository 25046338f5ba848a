"""The plugin's tests: every law of a channel, against a modem on 127.0.0.1. Run with pytest."""

from collections.abc import Iterator, Mapping
from typing import Any

import crmkit_modem
import pytest

from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite
from crmkit.testing.plugins import manager_for
from crmkit.testing.simulators.base import Answer, Call, Simulator

PASSWORD, NOBODY = "hunter2", "+8613800000000"


class OfficeModem(Simulator):
    """The modem: it says 200 to a number that is none."""

    def answer(self, call: Call) -> Answer:
        """Queue a text message."""
        if call.json()["password"] != PASSWORD:
            return Answer({"status": "who are you?"}, status=401)
        if call.json()["to"] == NOBODY:
            return Answer({"status": "bad number"})
        return Answer({"status": "queued", "id": len(self.calls)})


class TestModem(ChannelSuite):
    """The laws; `failures` are the modem's own words, and what each must come to."""

    bad_address = NOBODY
    failures = (
        (Answer({"status": "who are you?"}, status=401), "misconfigured"),
        (Answer({"status": "no signal"}), "unknown"),
    )

    @pytest.fixture
    def simulator(self) -> Iterator[OfficeModem]:
        """Start a modem."""
        with OfficeModem() as modem:
            yield modem

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        """Give what the plugin offers."""
        return manager_for(crmkit_modem).channels()["modem"]

    @pytest.fixture
    def settings(self, simulator: OfficeModem) -> Mapping[str, Any]:
        """Give the settings a user would write."""
        return {"endpoint": simulator.url, "password": PASSWORD}
