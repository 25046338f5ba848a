"""The robot keeps every law of a channel."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from crmkit_dingtalk import hooks
from crmkit_dingtalk.bot import sign

from crmkit.contracts.channel import Channel
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.dingtalk import DingTalk

HEARD = {"msgtype": "text", "text": {"content": "Who?"}, "msgId": "msg1", "senderStaffId": "lin"}


class TestDingTalk(ChannelSuite):
    failures = (
        (Answer({"errcode": 130101, "errmsg": "send too fast"}), "retry"),
        (Answer({"errcode": 310000, "errmsg": "sign not match"}), "misconfigured"),
        (Answer({"errcode": 40035, "errmsg": "缺少参数 json"}), "refused"),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        (spec,) = hooks.crmkit_channels()
        return spec

    @pytest.fixture
    def simulator(self) -> Iterator[DingTalk]:
        with DingTalk() as robot:
            yield robot

    @pytest.fixture
    def settings(self, simulator: DingTalk) -> Mapping[str, Any]:
        return {
            "access_token": "robot-token",
            "secret": "SECrobot",
            "app_secret": "app-secret",
            "endpoint": simulator.url,
            "allow_private": True,
        }

    def signed_call(
        self, channel: Channel, simulator: DingTalk, body: bytes | None = None
    ) -> Incoming:
        del simulator
        stamp = str(round(channel.clock().timestamp() * 1000))
        headers = {"timestamp": stamp, "sign": sign(stamp, "app-secret")}
        return Incoming(headers=headers, body=json.dumps(HEARD).encode() if body is None else body)

    def forged(self, call: Incoming) -> Incoming:
        """DingTalk signs the instant alone."""
        stamp = str(int(call.headers["timestamp"]) + 1)
        return Incoming(headers={**call.headers, "timestamp": stamp}, body=call.body)
