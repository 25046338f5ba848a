"""Messages to customers and the bot keep every law of a channel."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
from crmkit_wecom import hooks
from wechatpy.enterprise.crypto import WeChatCrypto

from crmkit.contracts.channel import Channel, Message
from crmkit.contracts.sealed import signature
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.wecom import WeCom

TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
SPECS = {spec.name: spec for spec in hooks.crmkit_channels()}
FAILURES = (
    (Answer({"errcode": -1, "errmsg": "system busy"}), "retry"),
    (Answer({"errcode": 45009, "errmsg": "api freq out of limit"}), "retry"),
    (Answer({"errcode": 60020, "errmsg": "not allow to access from your ip"}), "misconfigured"),
    (Answer({"errcode": 40058, "errmsg": "invalid Request Parameter"}), "refused"),
)
DELETED = (
    "<xml><CreateTime>{at}</CreateTime><Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[del_follow_user]]></ChangeType><UserID><![CDATA[Lin]]></UserID>"
    "<ExternalUserID><![CDATA[wm1]]></ExternalUserID></xml>"
)


class WeComLaws(ChannelSuite):
    """What both have in common."""

    @pytest.fixture
    def simulator(self) -> Iterator[WeCom]:
        with WeCom() as company:
            company.lost.add("wm-nobody")
            yield company


class TestWeCom(WeComLaws):
    bad_address = "wm-nobody"
    failures = FAILURES

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["wecom"]

    @pytest.fixture
    def settings(self, simulator: WeCom) -> Mapping[str, Any]:
        return {
            "corpid": "ww-corp",
            "corpsecret": "corp-secret",
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "endpoint": simulator.url,
            "allow_private": True,
        }

    def address(self, spec: ChannelSpec, number: int = 0) -> str:
        del spec
        return f"wm{number}"

    def message(self, spec: ChannelSpec, number: int = 0, **changes: Any) -> Message:
        return super().message(spec, number, **{"text": f"Your order {number}.", **changes})

    def arrived(self, simulator: WeCom) -> list[str]:
        texts = [task.text for task in simulator.tasks.values() if task.customers]
        return ["m" + re.sub(r"\D", "", text) for text in texts]

    def happen(self, channel: Channel, simulator: WeCom) -> None:
        del channel
        for msgid in simulator.tasks:
            simulator.confirm(msgid)

    def signed_call(
        self, channel: Channel, simulator: WeCom, body: bytes | None = None
    ) -> Incoming:
        del simulator
        stamp = str(int(channel.clock().timestamp()))
        crypto = WeChatCrypto(TOKEN, AES_KEY, "ww-corp")
        inner = DELETED.format(at=stamp) if body is None else body.decode("latin-1")
        sealed = crypto.encrypt_message(inner, "nonce", stamp)
        found = re.search(r"<Encrypt><!\[CDATA\[(.*?)\]\]>", sealed)
        sign = signature(TOKEN, stamp, "nonce", found[1] if found else "")
        query = urlencode({"msg_signature": sign, "timestamp": stamp, "nonce": "nonce"})
        return Incoming(headers={}, body=sealed.encode(), url=f"https://crm.example/wecom?{query}")

    def forged(self, call: Incoming) -> Incoming:
        """Exchange a letter of what was sealed."""
        before, mark, sealed = call.body.partition(b"<Encrypt><![CDATA[")
        other = b"A" if sealed[:1] != b"A" else b"B"
        return attrs.evolve(call, body=before + mark + other + sealed[1:])


class TestWeComBot(WeComLaws):
    failures = (*FAILURES, (Answer({"errcode": 93000, "errmsg": "no url"}), "misconfigured"))

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["wecom-bot"]

    @pytest.fixture
    def settings(self, simulator: WeCom) -> Mapping[str, Any]:
        return {"key": "bot-key", "endpoint": simulator.url, "allow_private": True}
