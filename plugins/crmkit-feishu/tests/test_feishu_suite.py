"""The bot keeps every law of a channel."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from crmkit_feishu import hooks

from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite
from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.feishu import Feishu


class TestFeishu(ChannelSuite):
    failures = (
        (Answer({"code": 11232, "msg": "frequency limited"}), "retry"),
        (Answer({"code": 19021, "msg": "sign match fail"}), "misconfigured"),
        (Answer({"code": 9499, "msg": "Bad Request"}), "refused"),
        (Answer({"StatusCode": 19001, "StatusMessage": "old"}), "misconfigured"),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        (spec,) = hooks.crmkit_channels()
        return spec

    @pytest.fixture
    def simulator(self) -> Iterator[Feishu]:
        with Feishu() as bot:
            yield bot

    @pytest.fixture
    def settings(self, simulator: Feishu) -> Mapping[str, Any]:
        return {
            "token": "hook-token",
            "secret": "feishu-secret",
            "endpoint": simulator.url,
            "allow_private": True,
        }
