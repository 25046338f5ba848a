"""The calls that Twilio makes: statuses, answers, forgeries."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sms_kit import CALLBACK, Write

import crmkit
from crmkit.contracts.channel import Channel, Delivery
from crmkit.testing.simulators.base import Fault
from crmkit.testing.simulators.twilio import Push, TwilioSimulator

pytestmark = pytest.mark.row("R30")


def called(channel: Channel, push: Push) -> Sequence[Delivery]:
    deliveries, response = channel.receive(push.headers, push.body, url=push.url)
    assert response.status == 200
    assert b"<Response>" in response.body
    return deliveries


def test_twilio_tells_what_became_of_a_message(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """Each status is an event of its own, and names our id even out of order."""
    message = write("+12125550100")
    (receipt,) = by_twilio.send([message])
    (text,) = twilio.taken
    statuses = ["delivered", "queued", "sent", "delivered"]
    found = [one for status in statuses for one in called(by_twilio, twilio.status(text, status))]
    assert [one.what for one in found] == ["delivered", "sent", "delivered"]
    assert found[0].event_id == found[2].event_id != found[1].event_id
    assert {one.message_id for one in found} == {message.id}
    assert {one.provider_id for one in found} == {receipt.provider_id}


@pytest.mark.parametrize(
    ("status", "code", "what", "permanent"),
    [
        ("undelivered", 30005, "bounced", True),
        ("undelivered", 30003, "failed", False),
        ("undelivered", 30007, "failed", False),
        ("failed", 21610, "unsubscribed", False),
        ("failed", 30001, "failed", False),
    ],
)
def test_twilios_failures_are_told_apart(
    twilio: TwilioSimulator,
    by_twilio: Channel,
    write: Write,
    status: str,
    code: int,
    what: str,
    permanent: bool,
):
    """A number that is gone is dead; one that is off is not; STOP is a withdrawal."""
    by_twilio.send([write("+12125550100")])
    (found,) = called(by_twilio, twilio.status(twilio.taken[0], status, code))
    assert (found.what, found.permanent, found.code) == (what, permanent, str(code))


def test_a_lost_answer_is_made_good_by_the_receipt(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """Twilio took the message and the answer was lost: its receipt still names our id."""
    message = write("+12125550100")
    twilio.fail(Fault(cut=True))
    assert by_twilio.send([message])[0].outcome == "unknown"
    (found,) = called(by_twilio, twilio.status(twilio.taken[0], "delivered"))
    assert (found.what, found.message_id) == ("delivered", message.id)


def test_twilio_brings_answers(twilio: TwilioSimulator, by_twilio: Channel):
    """What somebody wrote comes as it is; a word that Twilio knows for STOP is a withdrawal."""
    (found,) = called(by_twilio, twilio.incoming(CALLBACK, "+12125550100", "好的 🧧\r\n"))
    assert (found.what, found.address, found.text) == ("replied", "+12125550100", "好的 🧧\r\n")
    stop = twilio.incoming(CALLBACK, "+12125550100", "arrêt", OptOutType="STOP")
    assert [one.what for one in called(by_twilio, stop)] == ["replied", "unsubscribed"]


def _changed(push: Push, **more: Any) -> Push:
    return Push(**{"url": push.url, "headers": push.headers, "body": push.body, **more})


def test_a_call_that_twilio_did_not_sign_is_refused(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """Another body, address, key or no signature at all: nothing is believed."""
    by_twilio.send([write("+12125550100")])
    push = twilio.status(twilio.taken[0], "delivered")
    other = TwilioSimulator(auth_token="another")
    with other:
        stranger = other.status(twilio.taken[0], "delivered")
    headers: Mapping[str, str] = {"X-Twilio-Signature": "é"}
    json_body = {**push.headers, "Content-Type": "application/json"}
    forged = [
        _changed(push, body=push.body + b"&ErrorCode=21610"),
        _changed(push, body=b""),
        _changed(push, url=push.url + "1"),
        _changed(push, url=push.url.replace("https", "http")),
        _changed(push, url=""),
        _changed(push, url="https://[broken"),
        _changed(push, url="https://crm.example:99999/"),
        _changed(push, headers={}),
        _changed(push, headers=headers),
        _changed(push, headers=json_body),
        stranger,
    ]
    for one in forged:
        with pytest.raises(crmkit.SignatureInvalid):
            by_twilio.receive(one.headers, one.body, url=one.url)
    assert called(by_twilio, push)


def test_the_address_may_come_without_its_host(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """A program behind a proxy knows path and query; the rest stands in the settings."""
    by_twilio.send([write("+12125550100")])
    push = twilio.status(twilio.taken[0], "delivered")
    lower = {name.lower(): value for name, value in push.headers.items()}
    path = push.url.removeprefix("https://crm.example")
    assert called(by_twilio, Push(path, lower, push.body))
