"""What a provider's answer makes of a message."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crmkit.contracts.answers import Codes, Meaning, failed
from crmkit.contracts.channel import Message
from crmkit.contracts.http import Forbidden, NotSent, Reply, Unclear

CODES = Codes(
    {"7": Meaning("retry", "too fast", 60), "8": Meaning("misconfigured", "key is wrong")},
    field=("errcode", "code"),
    words=("errmsg",),
)
MESSAGE = Message(id="m1", customer_id="c1", purpose="service", text="Hello")


@pytest.mark.parametrize(
    ("status", "body", "outcome", "code"),
    [
        (200, b'{"errcode": 0}', "accepted", None),
        (200, b'{"errcode": "0"}', "accepted", None),
        (200, b'{"code": 0}', "accepted", None),
        (200, b'{"errcode": 7}', "retry", "7"),
        (200, b'{"errcode": 8}', "misconfigured", "8"),
        (400, b'{"errcode": 8}', "misconfigured", "8"),
        (200, b'{"errcode": 9}', "refused", "9"),
        (200, b'{"errcode": null}', "unknown", "200"),
        (200, b'{"errcode": false}', "unknown", "200"),
        (200, b"{}", "unknown", "200"),
        (200, b"[0]", "unknown", "200"),
        (200, b"ok", "unknown", "200"),
        (200, b"", "unknown", "200"),
        (200, b"\xff\xfe", "unknown", "200"),
        (204, b"", "unknown", "204"),
        (302, b"", "misconfigured", "302"),
        (400, b"", "refused", "400"),
        (401, b"", "misconfigured", "401"),
        (404, b"<html>", "misconfigured", "404"),
        (408, b"", "unknown", "408"),
        (429, b"", "retry", "429"),
        (500, b"", "unknown", "500"),
        (500, b'{"errcode": 0}', "unknown", "0"),
        (502, b"", "unknown", "502"),
        (503, b"", "retry", "503"),
    ],
)
def test_the_code_in_the_body_counts_before_the_status(
    status: int, body: bytes, outcome: str, code: str | None
):
    """An HTTP 200 with an error in it is that error, and one that says nothing proves nothing."""
    receipt = CODES.receipt(MESSAGE, Reply(status, {}, body))
    assert (receipt.message_id, receipt.outcome, receipt.code) == ("m1", outcome, code)


def test_the_provider_says_how_long_to_wait():
    """Retry-After goes before what a code usually asks for."""
    asked = Reply(429, {"retry-after": "9"}, b'{"errcode": 7}')
    assert CODES.receipt(MESSAGE, asked).after == 9
    assert CODES.receipt(MESSAGE, Reply(200, {}, b'{"errcode": 7}')).after == 60
    assert CODES.receipt(MESSAGE, Reply(503, {"Retry-After": "5"}, b"")).after == 5


def test_a_date_to_wait_for_is_judged_by_the_clock_given():
    """Retry-After may be a date."""
    reply = Reply(503, {"Retry-After": "Sun, 01 Jun 2025 12:00:30 GMT"}, b"")
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert CODES.receipt(MESSAGE, reply, lambda: noon).after == 30


def test_both_our_words_and_the_providers_are_kept():
    """Whoever mends it reads what to look at, and what the provider said; not all of it."""
    reply = Reply(200, {}, b'{"errcode": 8, "errmsg": "invalid key' + b"!" * 5000 + b'"}')
    reason = CODES.receipt(MESSAGE, reply).reason
    assert reason.startswith("key is wrong: invalid key!")
    assert len(reason) < 400


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotSent("cannot be reached"), "retry"),
        (Unclear("broke off"), "unknown"),
        (Forbidden("'ftp://x?key=hunter2' is no address of the web"), "misconfigured"),
    ],
)
def test_a_call_that_failed_tells_whether_it_may_be_made_again(
    error: NotSent | Unclear, outcome: str
):
    """Only what surely did not leave is tried again; an address is not quoted."""
    receipt = failed(MESSAGE, error)
    assert receipt.outcome == outcome
    assert receipt.reason
    assert "hunter2" not in receipt.reason
