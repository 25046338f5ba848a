"""The laws of every channel, held by these three."""

import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from crmkit_esp import hooks

from crmkit.contracts.channel import MISCONFIGURED, RETRY, Channel, Template
from crmkit.contracts.specs import ChannelSpec
from crmkit.testing import ChannelSuite, Incoming
from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.mailgun import Mailgun
from crmkit.testing.simulators.sendgrid import SendGrid
from crmkit.testing.simulators.ses import Ses, Topic

COMMON = {
    "sender": "Shop <hello@shop.example>",
    "allow_private": True,
    "unsubscribe_url": "https://shop.example/u",
    "secret": "link-secret",
}


def offered(name: str) -> ChannelSpec:
    return next(spec for spec in hooks.crmkit_channels() if spec.name == name)


class TestMailgun(ChannelSuite):
    """Mailgun, whose signature stands in the body and covers none of the rest."""

    bad_address = "no@example.com"
    template = Template(code="hello", values={"name": "Ann"})
    failures = ((Answer("Forbidden", 401), MISCONFIGURED),)

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return offered("mailgun")

    @pytest.fixture
    def simulator(self, mailgun: Mailgun) -> Mailgun:
        mailgun.refuses.add("no@example.com")
        return mailgun

    @pytest.fixture
    def settings(self, simulator: Mailgun) -> Mapping[str, Any]:
        return {
            **COMMON,
            "domain": simulator.domain,
            "api_key": simulator.api_key,
            "webhook_signing_key": simulator.webhook_signing_key,
            "endpoint": simulator.url,
        }

    def arrived(self, simulator: Any) -> list[str]:
        return [form["v:crmkit_id"] for form in simulator.sent]

    def signed_call(
        self, channel: Channel, simulator: Any, body: bytes | None = None
    ) -> Incoming | None:
        if body is not None:
            return None
        at = channel.clock().timestamp()
        event = {"event": "delivered", "id": "e1", "recipient": "ann@example.com"}
        headers, signed = simulator.posted(event, at)
        return Incoming(headers=headers, body=signed)

    def forged(self, call: Incoming) -> Incoming:
        return attrs.evolve(call, body=call.body.replace(b'"signature": "', b'"signature": "0'))

    def unsigned(self, call: Incoming) -> Incoming:
        event = {"event-data": json.loads(call.body)["event-data"]}
        return attrs.evolve(call, body=json.dumps(event).encode())


class TestSendGrid(ChannelSuite):
    """SendGrid, whose whole answer is the status 202."""

    bad_address = "no@example.com"
    template = Template(code="d-hello", values={"name": "Ann"})
    failures = ((Answer({"errors": []}, 401), MISCONFIGURED),)

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return offered("sendgrid")

    @pytest.fixture
    def simulator(self, sendgrid: SendGrid) -> SendGrid:
        sendgrid.refuses.add("no@example.com")
        return sendgrid

    @pytest.fixture
    def settings(self, simulator: SendGrid, verification_key: str) -> Mapping[str, Any]:
        return {
            **COMMON,
            "api_key": simulator.api_key,
            "webhook_verification_key": verification_key,
            "endpoint": simulator.url,
        }

    def arrived(self, simulator: Any) -> list[str]:
        return [body["personalizations"][0]["custom_args"]["crmkit_id"] for body in simulator.sent]

    def signed_call(
        self, channel: Channel, simulator: Any, body: bytes | None = None
    ) -> Incoming | None:
        at = int(channel.clock().timestamp())
        event = {"event": "delivered", "sg_event_id": "e1", "email": "ann@example.com"}
        sent = json.dumps([event]).encode() if body is None else body
        headers, signed = simulator.signed(sent, at, "application/json")
        return Incoming(headers=headers, body=signed)


class TestSes(ChannelSuite):
    """SES, whose signature stands in the body."""

    bad_address = "no@example.com"
    template = Template(code="hello", values={"name": "Ann"})
    failures = (
        (Answer({}, 400, {"x-amzn-ErrorType": "TooManyRequestsException"}), RETRY),
        (Answer({}, 400, {"x-amzn-ErrorType": "AccountSuspendedException"}), MISCONFIGURED),
    )

    @pytest.fixture
    def spec(self) -> ChannelSpec:
        return offered("ses")

    @pytest.fixture
    def simulator(self, ses: Ses) -> Ses:
        ses.refuses["no@example.com"] = "MessageRejected"
        return ses

    @pytest.fixture
    def settings(self, simulator: Ses, topic: Topic) -> Mapping[str, Any]:
        self.topic = topic
        return {
            **COMMON,
            "region": simulator.region,
            "access_key_id": simulator.access_key_id,
            "secret_access_key": simulator.secret_access_key,
            "topics": [topic.arn],
            "endpoint": simulator.url,
        }

    def arrived(self, simulator: Any) -> list[str]:
        return [body["EmailTags"][0]["Value"] for body in simulator.sent]

    def signed_call(
        self, channel: Channel, simulator: Any, body: bytes | None = None
    ) -> Incoming | None:
        del simulator
        channel.sns.get = self.topic.get  # type: ignore[attr-defined]
        if body is None:
            event = {"eventType": "Delivery", "delivery": {"recipients": ["ann@example.com"]}}
            return Incoming(headers={}, body=self.topic.posted(event, channel.clock()))
        said = {"Type": "Notification", "Message": body.decode("latin-1")}
        return Incoming(headers={}, body=self.topic.signed(said, channel.clock()))

    def unsigned(self, call: Incoming) -> Incoming:
        posted = json.loads(call.body)
        del posted["Signature"]
        return attrs.evolve(call, body=json.dumps(posted).encode())
