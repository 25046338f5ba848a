"""Aliyun, Tencent and Twilio keep every law of a channel."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest
from crmkit_sms import hooks
from sms_kit import CALLBACK, KEYS, TOKEN, URL

from crmkit.contracts.channel import Channel, Message, Template
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.simulators import aliyun, tencent, twilio
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.tencent import TencentSimulator
from crmkit.testing.simulators.twilio import TwilioSimulator

SPECS = {spec.name: spec for spec in hooks.crmkit_channels()}
NOBODY = "+8613800000000"
QUEUES = {
    "report_queue": "Alicom-Queue-1-SmsReport",
    "reply_queue": "Alicom-Queue-1-SmsUp",
}


class SmsLaws(ChannelSuite):
    """What the three have in common."""

    bad_address = NOBODY
    template = Template(code="SMS_1", signature="好店", values={"name": "Wang Fang"})


class PushLaws(SmsLaws):
    """Aliyun and Tencent sign no call: the secret stands in the address."""

    def message(self, spec: ChannelSpec, number: int = 0, **changes: Any) -> Message:
        return super().message(spec, number, **{"template": self.template, "text": "", **changes})

    def forged(self, call: Incoming) -> Incoming:
        return attrs.evolve(call, url=call.url[:-1])


class TestAliyun(PushLaws):
    failures = (
        (aliyun.error("isv.BUSINESS_LIMIT_CONTROL"), "retry"),
        (aliyun.error("isv.MOBILE_NUMBER_ILLEGAL"), "refused"),
        (aliyun.error("isv.SMS_SIGNATURE_ILLEGAL"), "misconfigured"),
        (aliyun.error("SignatureDoesNotMatch", status=400), "misconfigured"),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["aliyun-sms"]

    @pytest.fixture
    def simulator(self) -> Iterator[AliyunSimulator]:
        with AliyunSimulator() as running:
            running.refusals[NOBODY[3:]] = "isv.MOBILE_NUMBER_ILLEGAL"
            yield running

    @pytest.fixture
    def settings(self, simulator: AliyunSimulator) -> Mapping[str, Any]:
        places = ("endpoint", "token_endpoint", "queue_endpoint")
        return {
            **KEYS["aliyun"],
            **QUEUES,
            **dict.fromkeys(places, simulator.url),
            "receipt_token": TOKEN,
            "allow_private": True,
        }

    def arrived(self, simulator: AliyunSimulator) -> list[str]:
        return [text.out_id for text in simulator.taken]

    def happen(self, channel: Channel, simulator: AliyunSimulator) -> None:
        del channel
        simulator.queue(QUEUES["report_queue"], simulator.report(simulator.taken))
        simulator.queue(QUEUES["reply_queue"], simulator.reply("13800130000", "R"))

    def signed_call(
        self, channel: Channel, simulator: AliyunSimulator, body: bytes | None = None
    ) -> Incoming:
        del channel
        told = simulator.reply("13800130000", "R") if body is None else body
        return Incoming(headers={}, body=told, url=URL)


class TestTencent(PushLaws):
    failures = (
        (tencent.error("LimitExceeded.PhoneNumberDailyLimit"), "retry"),
        (tencent.error("FailedOperation.PhoneNumberInBlacklist"), "refused"),
        (tencent.error("AuthFailure.SignatureFailure"), "misconfigured"),
        (tencent.error("InternalError.Timeout"), "unknown"),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["tencent-sms"]

    @pytest.fixture
    def simulator(self) -> Iterator[TencentSimulator]:
        with TencentSimulator() as running:
            running.refusals[NOBODY] = "FailedOperation.PhoneNumberInBlacklist"
            yield running

    @pytest.fixture
    def settings(self, simulator: TencentSimulator) -> Mapping[str, Any]:
        given = {"receipt_token": TOKEN, "endpoint": simulator.url, "allow_private": True}
        return {**KEYS["tencent"], **given}

    def arrived(self, simulator: TencentSimulator) -> list[str]:
        return [text.session for text in simulator.taken]

    def happen(self, channel: Channel, simulator: TencentSimulator) -> None:
        del channel
        simulator.report(simulator.taken)
        simulator.reply("+8613800130000", "R")

    def signed_call(
        self, channel: Channel, simulator: TencentSimulator, body: bytes | None = None
    ) -> Incoming:
        del channel
        told = simulator.reply("+8613800130000", "R") if body is None else body
        return Incoming(headers={}, body=told, url=URL)


class TestTwilio(SmsLaws):
    failures = (
        (twilio.error(20429, status=429), "retry"),
        (twilio.error(21614), "refused"),
        (twilio.error(20003, status=401), "misconfigured"),
        (twilio.error(20504, status=504), "unknown"),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return SPECS["twilio-sms"]

    @pytest.fixture
    def simulator(self) -> Iterator[TwilioSimulator]:
        with TwilioSimulator() as running:
            running.refusals[NOBODY] = 21614
            yield running

    @pytest.fixture
    def settings(self, simulator: TwilioSimulator) -> Mapping[str, Any]:
        given = {"status_callback": CALLBACK, "endpoint": simulator.url, "allow_private": True}
        return {**KEYS["twilio"], **given}

    def arrived(self, simulator: TwilioSimulator) -> list[str]:
        return [re.sub(r".*=", "", text.callback) for text in simulator.taken]

    def signed_call(
        self, channel: Channel, simulator: TwilioSimulator, body: bytes | None = None
    ) -> Incoming | None:
        del channel
        if body is not None:
            return None  # what is signed are the fields of a form, not its bytes
        push = simulator.incoming(CALLBACK, "+8613800130000", "STOP", OptOutType="STOP")
        return Incoming(headers=push.headers, body=push.body, url=push.url)
