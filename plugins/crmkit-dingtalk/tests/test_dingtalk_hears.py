"""What colleagues write to the robot, and calls that are not DingTalk's."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crmkit import InvalidValueError, SignatureInvalid

SECRET = "app-secret"
TOLD = {
    "msgtype": "text",
    "text": {"content": " 谁负责王女士？ "},
    "msgId": "msg0xxxxx",
    "createAt": 1803888000000,
    "conversationType": "2",
    "senderId": "$:LWCP_v1:$Ff09GIxxxxx",
    "senderStaffId": "lin01",
    "senderNick": "林",
    "chatbotUserId": "$:LWCP_v1:$Cxxxxx",
}


def headers(clock: Any, off: float = 0, secret: str = SECRET) -> dict[str, str]:
    """Sign by the steps that DingTalk's documentation gives for robots that receive."""
    stamp = str(round((clock().timestamp() + off) * 1000))
    string_to_sign_enc = f"{stamp}\n{secret}".encode()
    hmac_code = hmac.new(secret.encode(), string_to_sign_enc, digestmod=hashlib.sha256).digest()
    return {"Timestamp": stamp, "SIGN": base64.b64encode(hmac_code).decode()}


def test_what_a_colleague_wrote_is_a_reply(opened: Any, clock: Any):
    """Who, when and what; the same call twice gives the same event."""
    channel = opened(app_secret=SECRET)
    for _ in range(2):
        (heard,), response = channel.receive(headers(clock), json.dumps(TOLD).encode())
        assert (heard.what, heard.address, heard.text) == ("replied", "lin01", "谁负责王女士？")
        assert heard.event_id == "msg0xxxxx"
        assert heard.at == datetime(2027, 3, 1, 8, tzinfo=UTC)
        assert response.status == 200


FORGED = {
    "unsigned": {},
    "other secret": {"secret": "other"},
    "old": {"off": -3601},
    "early": {"off": 3601},
    "no sign": {"SIGN": ""},
    "no number": {"Timestamp": "nan"},
    "no digit": {"Timestamp": "²"},
    "endless": {"Timestamp": "9" * 5000},
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_not_dingtalks_is_refused(opened: Any, clock: Any, case: str):
    """Forged, missing, or more than an hour off."""
    wrong = dict(FORGED[case])
    made = {name: wrong.pop(name) for name in ("off", "secret") if name in wrong}
    given = {**headers(clock, **made), **wrong} if FORGED[case] else {}
    with pytest.raises(SignatureInvalid):
        opened(app_secret=SECRET).receive(given, json.dumps(TOLD).encode())


def test_without_a_secret_nothing_is_heard(opened: Any, clock: Any):
    """What cannot be checked is not believed."""
    with pytest.raises(SignatureInvalid, match="app_secret"):
        opened().receive(headers(clock), json.dumps(TOLD).encode())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_get_changes_nothing(opened: Any, clock: Any, method: str):
    """Machines follow links."""
    channel = opened(app_secret=SECRET)
    heard, response = channel.receive(headers(clock), json.dumps(TOLD).encode(), method=method)
    assert (heard, response.status) == ((), 405)


@pytest.mark.parametrize("body", [b"[]", b'{"text": 1}', b'{"text": {"content": ""}}'])
def test_what_is_no_text_is_nothing(opened: Any, clock: Any, body: bytes):
    """A picture, or something of another shape under a good signature."""
    assert opened(app_secret=SECRET).receive(headers(clock), body)[0] == ()


@pytest.mark.parametrize("body", [b"", b"\xff", b"7", b"[" * 20_000])
def test_a_body_that_is_no_json_is_told(opened: Any, clock: Any, body: bytes):
    """It is DingTalk's own, but nobody can read it."""
    with pytest.raises(InvalidValueError, match="no JSON"):
        opened(app_secret=SECRET).receive(headers(clock), body)


def test_an_instant_that_is_none_costs_no_reply(opened: Any, clock: Any):
    """What was written is told, without its time."""
    body = json.dumps({**TOLD, "createAt": 1e99}).encode()
    ((heard,), _) = opened(app_secret=SECRET).receive(headers(clock), body)
    assert (heard.text, heard.at) == ("谁负责王女士？", None)
