"""Messages to customers: entered once each, for the right colleague, under a token that holds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from crmkit_wecom import hooks

from crmkit import ConfigError
from crmkit.contracts.channel import Message
from crmkit.contracts.http import Http
from crmkit.testing.plugins import check_installed
from crmkit.testing.simulators.base import Answer, Fault, busy
from crmkit.testing.simulators.wecom import WeCom

Make = Callable[..., Message]


def test_it_works_as_it_is_installed():
    """The entry point is found, the module loads, and the hook answers as it should."""
    assert check_installed("crmkit-wecom").hooks == ("crmkit_channels",)


def test_a_colleague_carries_it_out():
    """So working days and capacities hold, and what became of it is fetched."""
    found = {spec.name: spec for spec in hooks.crmkit_channels()}
    assert {"person", "poll"} <= found["wecom"].capabilities
    assert found["wecom"].identity == "wecom"
    assert (found["wecom-bot"].capabilities, found["wecom-bot"].identity) == ({"staff"}, None)


@pytest.mark.row("R31")
def test_each_message_waits_for_its_own_colleague(opened: Any, company: WeCom, message: Make):
    """The account manager's, the default sender's, or whom WeCom picks."""
    named = opened(employees={"lin": "LinUserId"}, sender="FrontDesk")
    free = opened()
    receipts = [
        *named.send([message("wmA", owner="lin"), message("wmB", owner="chen"), message("wmC")]),
        *free.send([message("wmD", owner="lin")]),
    ]
    assert [receipt.outcome for receipt in receipts] == ["accepted"] * 4
    tasks = [company.tasks[receipt.provider_id] for receipt in receipts]
    assert [task.sender for task in tasks] == ["LinUserId", "FrontDesk", "FrontDesk", "LinUserId"]
    assert [list(task.customers) for task in tasks] == [["wmA"], ["wmB"], ["wmC"], ["wmD"]]
    assert "sender" not in company.calls[-1].json()


@pytest.mark.parametrize("text", ["生日快乐🎂", "עברית", "one\r\ntwo", "警" * 1333])
def test_a_text_arrives_as_it_was_written(opened: Any, company: WeCom, message: Make, text: str):
    """Every script, and up to 4,000 bytes."""
    (receipt,) = opened().send([message(text=text)])
    assert company.tasks[receipt.provider_id].text == text


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ""},
        {"to": " "},
        {"to": "wmA\r\nwmB"},
        {"text": ""},
        {"text": "\r\n"},
        {"text": "警" * 1334},
        {"text": "x" * 1_000_000},
        {"text": "\ud83d"},
    ],
)
def test_what_does_not_fit_is_refused_here(
    opened: Any, company: WeCom, message: Make, wrong: dict[str, str]
):
    """A message to a customer is never cut; nothing is called for it, and the others go."""
    receipts = opened().send([message(**wrong), message("wmB", number=2)])
    assert [receipt.outcome for receipt in receipts] == ["refused", "accepted"]
    assert receipts[0].reason
    assert len(company.tasks) == 1


def test_a_customer_who_is_lost_fails_alone(opened: Any, company: WeCom, message: Make):
    """Whom WeCom lists as failed is refused, under the same HTTP 200 and errcode 0."""
    company.lost = {"wmB"}
    sent = [message(to, number=number) for number, to in enumerate(("wmA", "wmB", "wmC"))]
    outcomes = [receipt.outcome for receipt in opened().send(sent)]
    assert outcomes == ["accepted", "refused", "accepted"]


@pytest.mark.row("R30")
@pytest.mark.parametrize(
    ("code", "outcome", "after"),
    [
        (40003, "refused", None),
        (40096, "refused", None),
        (84061, "refused", None),
        (45009, "retry", 60),
        (45033, "retry", 60),
        (40001, "misconfigured", None),
        (48002, "misconfigured", None),
        (60020, "misconfigured", None),
        (999999, "refused", None),
    ],
)
def test_an_error_under_http_200_is_one(
    opened: Any, company: WeCom, message: Make, code: int, outcome: str, after: float | None
):
    """The code in the body counts."""
    company.fail(Fault(), Fault(answer=Answer({"errcode": code, "errmsg": "no"})))
    (receipt,) = opened().send([message()])
    assert (receipt.outcome, receipt.code, receipt.after) == (outcome, str(code), after)
    assert company.tasks == {}


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"corpid": "ww-other"}, "40013"), ({"corpsecret": "hunter2"}, "40001")],
)
def test_wrong_credentials_are_misconfigured_and_never_shown(
    opened: Any, company: WeCom, message: Make, settings: dict[str, str], code: str
):
    """What gettoken says is the message's receipt."""
    (receipt,) = opened(**settings).send([message()])
    assert (receipt.outcome, receipt.code) == ("misconfigured", code)
    assert not [word for word in ("hunter2", "corp-secret") if word in repr(receipt)]
    assert [call.path for call in company.calls] == ["/cgi-bin/gettoken"]


@pytest.mark.parametrize(
    ("faults", "outcome", "entered"),
    [
        ([Fault(), Fault(cut=True)], "unknown", 1),
        ([Fault(), Fault(answer=Answer(b"ok"))], "unknown", 0),
        ([Fault(), busy(7)], "retry", 0),
        ([Fault(cut=True)], "retry", 0),
        ([Fault(answer=Answer({}, 502))], "retry", 0),
    ],
)
def test_a_message_that_had_not_left_may_go_later(
    opened: Any, company: WeCom, message: Make, faults: list[Fault], outcome: str, entered: int
):
    """A token that did not come costs nothing; a message without an answer nobody knows of."""
    company.fail(*faults)
    (receipt,) = opened().send([message()])
    assert (receipt.outcome, len(company.tasks)) == (outcome, entered)


def test_who_answers_too_late_leaves_it_unknown(opened: Any, company: WeCom, message: Make):
    """A message is not sent again because WeCom was slow."""
    channel = opened()
    channel._api._http = Http(allow_private=True, timeout=0.3)
    company.fail(Fault(), Fault(wait=0.6))
    assert [receipt.outcome for receipt in channel.send([message()])] == ["unknown"]


def test_a_token_is_kept_as_long_as_it_holds(
    opened: Any, company: WeCom, message: Make, clock: Any
):
    """It is asked for once in two hours, and before it ends."""
    channel = opened()
    for _ in range(3):
        channel.send([message(), message("wmB")])
    assert company.tokens == 1
    clock.at += timedelta(seconds=7190)
    channel.send([message()])
    assert company.tokens == 2
    assert len(company.tasks) == 7


def test_a_token_that_ended_early_is_renewed_once(opened: Any, company: WeCom, message: Make):
    """The message goes, and a token that WeCom never takes is no endless loop."""
    channel = opened()
    channel.send([message()])
    company.forget_token()
    assert [receipt.outcome for receipt in channel.send([message()])] == ["accepted"]
    assert company.tokens == 2
    stale = Fault(answer=Answer({"errcode": 40014, "errmsg": "invalid access_token"}))
    company.fail(stale, Fault(), stale)
    assert [receipt.outcome for receipt in channel.send([message()])] == ["misconfigured"]
    assert company.tokens == 3


def test_eight_threads_renew_one_token_once(opened: Any, company: WeCom, message: Make):
    """Whoever finds the token stale takes the one that another thread just got."""
    channel = opened()
    channel.send([message()])
    company.forget_token()
    with ThreadPoolExecutor(8) as pool:
        batches = [[message(f"wm{number}", number=number)] for number in range(40)]
        outcomes = {receipt.outcome for (receipt,) in pool.map(channel.send, batches)}
    assert outcomes == {"accepted"}
    assert company.tokens == 2
    assert len(company.tasks) == 41


def test_after_too_many_calls_the_rest_waits(opened: Any, company: WeCom, message: Make):
    """Once WeCom asks to wait, the batch makes no further call."""
    company.fail(Fault(), Fault(answer=Answer({"errcode": 45009, "errmsg": "no"})))
    receipts = opened().send([message("wmA"), message("wmB", number=2)])
    assert [(receipt.message_id, receipt.outcome) for receipt in receipts] == [
        ("m1", "retry"),
        ("m2", "retry"),
    ]
    assert len(company.calls) == 2


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"encoding_aes_key": "tooshort"}, "encoding_aes_key"),
        ({"days": 31}, "days"),
        ({"employees": ["LinUserId"]}, "employees"),
        ({"corp_id": "ww"}, "corp_id"),
    ],
)
def test_a_wrong_setting_is_one_line(opened: Any, settings: dict[str, Any], named: str):
    """A typing error names the setting, and shows no secret."""
    with pytest.raises(ConfigError, match=named) as caught:
        opened(**settings)
    assert "tooshort" not in str(caught.value)
