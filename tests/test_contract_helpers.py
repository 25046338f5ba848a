"""What the contracts give to every channel: one way to look at lines, numbers and bodies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.answers import Codes, Meaning, one_by_one, plain
from crmkit.contracts.channel import Message, Receipt
from crmkit.contracts.http import Reply
from crmkit.contracts.lines import breaks, joined, written
from crmkit.contracts.numbers import e164
from crmkit.contracts.reading import form, instant, mapping, posted, rows, text
from crmkit.errors import InvalidValueError

MESSAGE = Message(id="m1", customer_id="c1", purpose="service", text="Hello")


@given(st.text())
def test_a_joined_text_has_no_break(any_text: str) -> None:
    """Whatever a program takes for a line break is none after that, and it stays as it is."""
    one = joined(any_text)
    assert not breaks(one)
    assert len(one.splitlines()) <= 1
    assert joined(one) == one


@pytest.mark.parametrize("sign", ["\r", "\n", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_a_break_is_seen_wherever_it_stands(sign: str) -> None:
    """At the end, too, where a pattern with ``$`` would not see it."""
    for broken in (f"{sign}Ann", f"An{sign}n", f"Ann{sign}"):
        assert breaks(broken)
        assert breaks(None, "Ann", broken)
    assert not breaks("Ann Lee", "李雷", "A\tB", "", None)


@given(st.text(st.characters()))
def test_whatever_is_written_can_be_encoded(any_text: str) -> None:
    """Half letters become question marks; nothing else changes."""
    assert len(written(any_text).encode().decode()) == len(any_text)


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("+8613800138000", True),
        ("+1234567", True),
        ("+123456", False),
        ("+0138001380", False),
        ("8613800138000", False),
        ("+8613800138000\n", False),
        ("+８６１３８００１３８０００", False),
        ("+1234567890123456", False),
    ],
)
def test_numbers_have_one_spelling(number: str, fits: bool) -> None:
    """In ASCII, with a plus, and nothing before or after."""
    assert e164(number) is fits


@pytest.mark.parametrize("body", [b"", b"7", b"null", b'"x"', b"\xff", b"{", b"[" * 100_000])
def test_a_body_that_is_none_is_an_invalid_value(body: bytes) -> None:
    """Nested without end, too."""
    with pytest.raises(InvalidValueError, match="no JSON object or list"):
        posted(body)


def test_parts_of_another_shape_are_empty() -> None:
    """Nobody need look before he reads."""
    odd: list[Any] = [None, 7, "x", [], {"a": None}, {"a": 7}, {"a": ["x", {"b": 1}]}]
    assert [mapping(one, "a") for one in odd] == [{}] * len(odd)
    assert [rows(one, "a") for one in odd] == [[]] * 6 + [[{"b": 1}]]
    assert [text(one) for one in ("", "\0", 7, None, "a\ud800\0b")] == [None] * 4 + ["a?b"]


def test_instants_of_both_spellings() -> None:
    """Seconds, as number or text, and ISO 8601 with its offset; without one it is no instant."""
    noon = datetime(2027, 1, 4, 12, tzinfo=UTC)
    seconds = noon.timestamp()
    for told in (seconds, str(int(seconds)), noon.isoformat(), "2027-01-04T20:00:00+08:00"):
        assert instant(told) == noon
    assert [instant(odd) for odd in ("2027-01-04T12:00", "", "x", None, 1e99, [])] == [None] * 6


def test_forms_of_both_kinds() -> None:
    """Files are left out, and nothing breaks on what is no form."""
    assert form("application/x-www-form-urlencoded", b"a=1&b=") == {"a": "1", "b": ""}
    part = b'--x\r\nContent-Disposition: form-data; name="a"%b\r\n\r\n1\r\n'
    body = part % b"" + part % b'; filename="f"' + b"--x--\r\n"
    assert form("multipart/form-data; boundary=x", body) == {"a": "1"}
    assert form("multipart/form-data", b"\xff") == {}


CODES = Codes(
    {"21": Meaning("retry", after=9)},
    families=[("2", Meaning("refused", "he cannot be reached"))],
    otherwise=Meaning("misconfigured", "see to the account"),
)


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("21", 200, "retry"),
        ("22", 400, "refused"),
        ("22", 500, "refused"),
        ("3", 400, "misconfigured"),
        ("3", 500, "unknown"),
        ("3", 429, "retry"),
    ],
)
def test_a_code_that_nobody_listed_is_told_by_its_family(
    code: str, status: int, outcome: str
) -> None:
    """Without one, the status tells where it is the provider's own trouble."""
    reply = Reply(status, {}, json.dumps({"code": code}).encode())
    for receipt in (CODES.receipt(MESSAGE, reply), CODES.error(MESSAGE, code, "no", reply)):
        assert (receipt.outcome, receipt.code) == (outcome, code)
        assert receipt.reason
        assert (receipt.after is not None) == (code == "21")


def test_a_status_alone_is_a_receipt() -> None:
    """It is its own code."""
    receipt = plain(MESSAGE, Reply(503, {"Retry-After": "7"}, b""))
    assert (receipt.outcome, receipt.code, receipt.after) == ("retry", "503", 7)


def test_who_goes_too_fast_waits_with_the_rest() -> None:
    """After a retry nothing is called any more: it would prolong the ban."""
    called: list[str] = []

    def send(message: Message) -> Receipt:
        called.append(message.id)
        return (
            Receipt.retry(message, "slowly", after=60)
            if message.id == "1"
            else Receipt.accepted(message)
        )

    batch = [Message(id=str(n), customer_id="c", purpose="care") for n in range(4)]
    receipts = one_by_one(batch, send)
    assert called == ["0", "1"]
    assert [(one.message_id, one.outcome) for one in receipts] == [
        ("0", "accepted"),
        *((str(n), "retry") for n in (1, 2, 3)),
    ]
