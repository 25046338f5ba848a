"""Sending: what each answer, or none, means for a message."""

from collections.abc import Sequence
from typing import Any

import pytest
from sms_kit import KEYS, Both, Open, Write

from crmkit.contracts.channel import Channel, Message, Receipt, Template
from crmkit.contracts.settings import Secret
from crmkit.testing.simulators import aliyun as aliyun_wire
from crmkit.testing.simulators import tencent as tencent_wire
from crmkit.testing.simulators import twilio as twilio_wire
from crmkit.testing.simulators.aliyun import AliyunSimulator
from crmkit.testing.simulators.base import Answer, Fault, Simulator, busy
from crmkit.testing.simulators.tencent import TencentSimulator
from crmkit.testing.simulators.twilio import TwilioSimulator

pytestmark = pytest.mark.row("R30")
PROVIDERS = ("aliyun", "tencent", "twilio")


@pytest.fixture(params=PROVIDERS)
def both(request: pytest.FixtureRequest) -> tuple[Simulator, Channel]:
    """Give each provider in turn, and the channel on it."""
    name = request.param
    return request.getfixturevalue(name), request.getfixturevalue(f"by_{name}")


def outcomes(receipts: Sequence[Receipt]) -> dict[str, str]:
    return {receipt.message_id: receipt.outcome for receipt in receipts}


def one(channel: Channel, message: Message) -> Receipt:
    (receipt,) = channel.send([message])
    assert receipt.message_id == message.id
    return receipt


def test_a_batch_arrives_and_every_message_has_the_providers_id(both: Both, write: Write):
    """Each message is taken once, and its receipt holds the provider's id of it."""
    simulator, channel = both
    messages = [write() for _ in range(25)]
    receipts = channel.send(messages)
    assert outcomes(receipts) == {message.id: "accepted" for message in messages}
    assert len({receipt.provider_id for receipt in receipts} - {None}) == 25
    taken = sorted(text.number[-11:] for text in simulator.taken)
    assert taken == sorted(message.to[-11:] for message in messages)


def test_half_a_batch_is_refused_alone(both: Both, write: Write):
    """Bad recipients fail alone: the others of the batch are accepted."""
    simulator, channel = both
    code = {
        "AliyunSimulator": "isv.MOBILE_NUMBER_ILLEGAL",
        "TencentSimulator": "FailedOperation.PhoneNumberInBlacklist",
        "TwilioSimulator": 21614,
    }[type(simulator).__name__]
    messages = [write(values={"name": "all the same"}) for _ in range(10)]
    for message in messages[::2]:
        bare = message.to.removeprefix("+86" if simulator.__class__ is AliyunSimulator else "")
        simulator.refusals[bare] = code
    found = outcomes(channel.send(messages))
    assert [found[message.id] for message in messages] == ["refused", "accepted"] * 5
    assert len(simulator.taken) == 5


@pytest.mark.parametrize(
    ("fault", "outcome", "after", "taken"),
    [
        pytest.param(busy(7), "retry", 7.0, 0, id="429"),
        pytest.param(busy(status=503), "retry", None, 0, id="503"),
        pytest.param(Fault(cut=True), "unknown", None, 1, id="cut after it was taken"),
        pytest.param(Fault(refuse=True), "unknown", None, 0, id="cut before"),
        pytest.param(Fault(answer=Answer(b"<html>", 502)), "unknown", None, 0, id="502"),
        pytest.param(Fault(answer=Answer(b"<html>", 200)), "unknown", None, 0, id="200 unreadable"),
        pytest.param(Fault(answer=Answer({}, 200)), "unknown", None, 0, id="200 empty"),
        pytest.param(Fault(answer=Answer([], 404)), "misconfigured", None, 0, id="404"),
        pytest.param(Fault(answer=Answer(b"", 302)), "misconfigured", None, 0, id="redirect"),
        pytest.param(Fault(wait=0.05), "accepted", None, 1, id="slow"),
    ],
)
def test_what_went_wrong_on_the_way_is_classified(
    both: Both, write: Write, fault: Fault, outcome: str, after: float | None, taken: int
):
    """Only what was surely not taken may go again; what may have been taken is unknown."""
    simulator, channel = both
    simulator.fail(fault)
    receipt = one(channel, write())
    assert (receipt.outcome, receipt.after, len(simulator.taken)) == (outcome, after, taken)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_who_is_not_there_has_not_taken_anything(
    open_channel: Open, write: Write, name: str
):
    """Where nobody listens the message was surely not sent."""
    with AliyunSimulator() as gone:
        address = gone.url
    channel = open_channel(f"{name}-sms", **KEYS[name], endpoint=address, allow_private=True)
    message = write(template=Template(code="1", signature="好店"))
    assert one(channel, message).outcome == "retry"


ERRORS = [
    ("aliyun", aliyun_wire.error(code), outcome)
    for code, outcome in {
        "isv.BUSINESS_LIMIT_CONTROL": "retry",
        "isv.DAY_LIMIT_CONTROL": "retry",
        "isp.SYSTEM_ERROR": "retry",
        "Throttling.User": "retry",
        "isv.MOBILE_NUMBER_ILLEGAL": "refused",
        "isv.BLACK_KEY_CONTROL_LIMIT": "refused",
        "isv.NEVER_HEARD_OF": "refused",
        "isv.SMS_TEMPLATE_ILLEGAL": "misconfigured",
        "isv.SMS_SIGNATURE_ILLEGAL": "misconfigured",
        "isv.TEMPLATE_MISSING_PARAMETERS": "misconfigured",
        "isv.OUT_OF_SERVICE": "misconfigured",
        "isv.AMOUNT_NOT_ENOUGH": "misconfigured",
        "isp.RAM_PERMISSION_DENY": "misconfigured",
        "Forbidden.NoPermission": "misconfigured",
    }.items()
]
ERRORS += [
    ("tencent", tencent_wire.error(code), outcome)
    for code, outcome in {
        "LimitExceeded.PhoneNumberDailyLimit": "retry",
        "RequestLimitExceeded": "retry",
        "InternalError.OtherError": "retry",
        "InternalError.Timeout": "unknown",
        "FailedOperation.PhoneNumberInBlacklist": "refused",
        "FailedOperation.MarketingSendTimeConstraint": "retry",
        "FailedOperation.SignatureIncorrectOrUnapproved": "misconfigured",
        "FailedOperation.InsufficientBalanceInSmsPackage": "misconfigured",
        "AuthFailure.SignatureFailure": "misconfigured",
        "NeverHeardOf": "misconfigured",
    }.items()
]
ERRORS += [
    ("twilio", twilio_wire.error(code, status=status), outcome)
    for code, status, outcome in (
        (21211, 400, "refused"),
        (21614, 400, "refused"),
        (21610, 400, "refused"),
        (21999, 400, "refused"),
        (21606, 400, "misconfigured"),
        (20003, 401, "misconfigured"),
        (20429, 429, "retry"),
        (20500, 500, "retry"),
        (30001, 200, "retry"),
    )
]


@pytest.mark.parametrize(("name", "answer", "outcome"), ERRORS)
def test_an_error_in_the_body_is_an_error(
    request: pytest.FixtureRequest, write: Write, name: str, answer: Answer, outcome: str
):
    """Whatever the HTTP status, the provider's own code says what it means."""
    simulator = request.getfixturevalue(name)
    simulator.fail(Fault(answer=answer))
    receipt = one(request.getfixturevalue(f"by_{name}"), write())
    assert receipt.outcome == outcome
    assert receipt.code
    assert receipt.code in receipt.reason
    assert simulator.taken == []


def test_equal_messages_share_a_call_and_others_do_not(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """One call has one set of values, numbers of one side of the border, and none twice."""
    same = [write(values={"1": "新年好"}) for _ in range(3)]
    twin = write(same[0].to, values={"1": "新年好"})
    abroad = write("+85291234567", values={"1": "新年好"})
    other = write(values={"1": "早安"})
    receipts = by_tencent.send([*same, twin, abroad, other])
    assert set(outcomes(receipts).values()) == {"accepted"}
    assert len({receipt.provider_id for receipt in receipts}) == 6
    sizes = sorted(len(call.json()["PhoneNumberSet"]) for call in tencent.calls)
    assert sizes == [1, 1, 1, 3]
    sessions = {text.number: text.session for text in tencent.taken if text.session}
    assert sessions[abroad.to] == abroad.id


def test_no_call_has_more_numbers_than_tencent_takes(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """The 201st number goes by a second call."""
    receipts = by_tencent.send([write(values={"1": "x"}) for _ in range(201)])
    assert set(outcomes(receipts).values()) == {"accepted"}
    assert sorted(len(call.json()["PhoneNumberSet"]) for call in tencent.calls) == [1, 200]


def test_a_number_the_answer_leaves_out_is_unknown(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """Silence about one number is neither yes nor no."""
    tencent.fail(Fault(answer=Answer({"Response": {"SendStatusSet": []}})))
    assert one(by_tencent, write()).outcome == "unknown"


def test_a_number_the_answer_tells_two_things_of_is_unknown(
    tencent: TencentSimulator, by_tencent: Channel, write: Write
):
    """Whichever of them is true, it is not sent again."""
    message = write()
    told = [{"PhoneNumber": message.to, "Code": code} for code in ("Ok", "LimitExceeded.Any")]
    tencent.fail(Fault(answer=Answer({"Response": {"SendStatusSet": told}})))
    assert one(by_tencent, message).outcome == "unknown"


def test_aliyun_wants_numbers_bare_at_home_and_with_their_country_abroad(
    aliyun: AliyunSimulator, by_aliyun: Channel, write: Write
):
    """A number of the mainland has no country code, any other has one without a plus."""
    home, abroad = write("+8613912345678"), write("+85291234567")
    by_aliyun.send([home, abroad])
    assert {text.out_id: text.number for text in aliyun.taken} == {
        home.id: "13912345678",
        abroad.id: "85291234567",
    }


def test_twilio_takes_texts_and_templates(
    twilio: TwilioSimulator, by_twilio: Channel, write: Write
):
    """A template is sent by its id with its values; a text as it is."""
    template, text = write("+12125550100"), write("+12125550101", template=None, text="你好 🧧")
    by_twilio.send([template])
    by_twilio.send([text])
    first, second = twilio.taken
    assert (first.template, first.values, first.body) == (
        "SMS_1",
        dict(template.template.values),
        "",
    )
    assert (second.template, second.body) == ("", "你好 🧧")


@pytest.mark.parametrize("name", ["aliyun", "tencent"])
def test_a_provider_of_templates_wants_a_template(
    request: pytest.FixtureRequest, write: Write, name: str
):
    """Free text is a matter of the configuration, and nothing is sent."""
    receipt = one(request.getfixturevalue(f"by_{name}"), write(template=None, text="hello"))
    assert receipt.outcome == "misconfigured"
    assert "provider_template" in receipt.reason
    assert request.getfixturevalue(name).calls == []


def test_the_signature_may_stand_in_the_settings(
    aliyun: AliyunSimulator, open_channel: Open, write: Write
):
    """`sign_name` signs what names no signature; without any nothing is sent."""
    settings = {**KEYS["aliyun"], "endpoint": aliyun.url, "allow_private": True}
    unsigned = write(template=Template(code="SMS_1"))
    nameless = open_channel("aliyun-sms", **settings)
    assert one(nameless, unsigned).outcome == "misconfigured"
    assert aliyun.calls == []
    named = open_channel("aliyun-sms", **settings, sign_name="好店")
    assert one(named, unsigned).outcome == "accepted"
    assert aliyun.taken[0].sign == "好店"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("aliyun", {"access_key_secret": Secret("mistyped-secret")}),
        ("aliyun", {"access_key_id": "mistyped"}),
        ("tencent", {"secret_key": Secret("mistyped-secret")}),
        ("tencent", {"secret_id": "mistyped"}),
        ("twilio", {"auth_token": Secret("mistyped-secret")}),
        ("twilio", {"account_sid": "mistyped"}),
    ],
)
def test_a_wrong_key_is_a_matter_of_the_settings(
    request: pytest.FixtureRequest,
    open_channel: Open,
    write: Write,
    name: str,
    wrong: dict[str, Any],
):
    """The provider's refusal is passed on, and no secret with it."""
    simulator = request.getfixturevalue(name)
    settings = {**KEYS[name], **wrong, "endpoint": simulator.url, "allow_private": True}
    receipt = one(open_channel(f"{name}-sms", **settings), write())
    assert (receipt.outcome, simulator.taken) == ("misconfigured", [])
    assert "secret" not in repr(receipt)


def test_a_private_address_must_be_allowed(
    twilio: TwilioSimulator, open_channel: Open, write: Write
):
    """An endpoint on this machine is not called by accident."""
    channel = open_channel(
        "twilio-sms", account_sid="AC1", auth_token=Secret("t"), sender="+1", endpoint=twilio.url
    )
    assert one(channel, write()).outcome == "misconfigured"
    assert twilio.calls == []


def test_connections_are_kept(twilio: TwilioSimulator, by_twilio: Channel, write: Write):
    """A second batch goes over the connections of the first."""
    opened = []
    accept = twilio._server.get_request

    def noted() -> Any:
        found = accept()
        opened.append(found)
        return found

    twilio._server.get_request = noted
    for _ in range(3):
        by_twilio.send([write() for _ in range(30)])
    assert len(opened) <= 8
