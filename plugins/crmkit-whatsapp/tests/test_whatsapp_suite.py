"""The laws of every channel, held by this one."""

from collections.abc import Mapping
from typing import Any

import pytest
from crmkit_whatsapp import hooks

from crmkit.contracts.channel import MISCONFIGURED, RETRY, Channel, Message, Template
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.whatsapp import WhatsApp


class TestWhatsApp(ChannelSuite):
    """Free text, inside the window."""

    bad_address = "+8613800139999"
    template = Template(code="hello", values={"name": "Ann"})
    failures = (
        (Answer({"error": {"code": 190}}), MISCONFIGURED),
        (Answer({"error": {"code": 130429}}), RETRY),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        (offered,) = hooks.crmkit_channels()
        return offered

    @pytest.fixture
    def simulator(self, meta: WhatsApp) -> WhatsApp:
        meta.refuses["8613800139999"] = 131026
        meta.wrote |= {f"861380013{number:04}" for number in range(10_000)}
        meta.templates["hello", "en"] = 1
        return meta

    @pytest.fixture
    def settings(self, simulator: WhatsApp) -> Mapping[str, Any]:
        return {
            "phone_number_id": simulator.phone_number_id,
            "access_token": simulator.access_token,
            "app_secret": simulator.app_secret,
            "verify_token": simulator.verify_token,
            "endpoint": simulator.url,
            "allow_private": True,
        }

    @pytest.fixture
    def channel(self, opened: Any) -> Channel:
        channel: Channel = opened()
        return channel

    def message(self, spec: ChannelSpec, number: int = 0, **changes: Any) -> Message:
        return super().message(spec, number, **{"session": True, **changes})

    def arrived(self, simulator: Any) -> list[str]:
        return [body["biz_opaque_callback_data"] for body in simulator.sent]

    def signed_call(
        self, channel: Channel, simulator: Any, body: bytes | None = None
    ) -> Incoming | None:
        at = str(int(channel.clock().timestamp()))
        text = {"from": "8613800138000", "id": "wamid.in", "timestamp": at, "type": "text"}
        call = simulator.posted((), [{**text, "text": {"body": "hi"}}])
        headers, signed = call if body is None else simulator.signed(body)
        return Incoming(headers=headers, body=signed)
