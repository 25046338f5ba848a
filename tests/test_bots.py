"""What the robots of all providers have in common: cutting, waiting, and what is never known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.contracts.answers import Codes, Meaning
from crmkit.contracts.bots import CUT, StaffBot, fit
from crmkit.contracts.channel import Message
from crmkit.contracts.http import Http, Reply
from crmkit.testing.simulators.base import Answer, Call, Fault, Simulator, busy


def in_bytes(text: str) -> int:
    return len(text.encode())


class Board(Simulator):
    """Takes anything, and remembers it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def answer(self, call: Call) -> Answer:
        self.texts.append(call.json())
        return Answer({"code": 0})


@attrs.frozen
class Config:
    endpoint: str
    allow_private: bool = True


class Bot(StaffBot):
    codes = Codes({"5": Meaning("retry", "too fast", 600)})
    longest = 100

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.url = config.endpoint

    def post(self, text: str, message: Message) -> Reply:
        del message
        return self.http.call("POST", self.url, json_body=text)


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as running:
        yield running


@pytest.fixture
def bot(board: Board) -> Iterator[Bot]:
    opened = Bot(Config(board.url))
    yield opened
    opened.close()
    opened.close()


def alert(text: str, number: int = 1) -> Message:
    return Message(id=f"m{number}", customer_id="", purpose="service", text=text)


@pytest.mark.parametrize(
    "text", ["报警", "🧑‍🚒🔥", "שלום عالم", "one\r\ntwo\x00", '"\\', "x" * 100]
)
def test_a_text_arrives_as_it_was_written(bot: Bot, board: Board, text: str):
    """Every script, and every line break: it is JSON."""
    (receipt,) = bot.send([alert(text)])
    assert (receipt.outcome, receipt.reason) == ("accepted", "")
    assert board.texts == [text]


@pytest.mark.parametrize("text", ["", "  ", "\r\n"])
def test_an_empty_text_is_not_posted(bot: Bot, board: Board, text: str):
    """There is nothing to say."""
    assert [receipt.outcome for receipt in bot.send([alert(text)])] == ["refused"]
    assert board.calls == []


def test_a_text_that_is_too_long_is_cut_and_the_receipt_says_so(bot: Bot, board: Board):
    """Of a megabyte arrives what the provider takes, marked, and nobody is deceived."""
    (receipt,) = bot.send([alert("警" * 350_000)])
    assert board.texts == ["警" * 32 + CUT]
    assert receipt.outcome == "accepted"
    assert receipt.reason == "cut: 32 of its 350,000 characters were posted"


def test_half_a_character_is_not_put_on_the_wire(bot: Bot, board: Board):
    """Half of a surrogate pair cannot be written in UTF-8."""
    assert [receipt.outcome for receipt in bot.send([alert("a\ud83d")])] == ["accepted"]
    assert board.texts == ["a?"]


def test_after_too_much_haste_the_rest_waits(bot: Bot, board: Board):
    """Once the provider asks to wait, the batch makes no further call."""
    board.fail(Fault(), Fault(answer=Answer({"code": 5})))
    receipts = bot.send([alert(str(number), number) for number in range(4)])
    assert [receipt.outcome for receipt in receipts] == ["accepted", "retry", "retry", "retry"]
    assert [receipt.message_id for receipt in receipts] == ["m0", "m1", "m2", "m3"]
    assert {receipt.after for receipt in receipts[1:]} == {600}
    assert len(board.calls) == 2


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (busy(30), "retry"),
        (Fault(answer=Answer(b"<html>")), "unknown"),
        (Fault(answer=Answer({}, 502)), "unknown"),
        (Fault(cut=True), "unknown"),
        (Fault(wait=1), "unknown"),
        (Fault(answer=Answer({}, 302, {"Location": "http://127.0.0.1/"})), "misconfigured"),
    ],
)
def test_what_went_wrong_is_told_apart(bot: Bot, board: Board, fault: Fault, outcome: str):
    """What may have been posted is never called surely lost."""
    bot.http = Http(allow_private=True, timeout=0.3)
    board.fail(fault)
    receipts = bot.send([alert("one"), alert("two", 2)])
    assert receipts[0].outcome == outcome
    assert receipts[1].outcome == ("retry" if outcome == "retry" else "accepted")


def test_an_unreachable_provider_is_tried_again(bot: Bot, board: Board):
    """Where nobody listens nothing was taken."""
    with Board() as gone:
        bot.url = gone.url
    assert [receipt.outcome for receipt in bot.send([alert("one")])] == ["retry"]
    assert board.calls == []


@pytest.mark.parametrize("url", ["", "qyapi.weixin.qq.com/?key=hunter2", "file:///?key=hunter2"])
def test_an_endpoint_that_is_none_is_not_quoted(bot: Bot, url: str):
    """An address may hold the credential."""
    bot.url = url
    (receipt,) = bot.send([alert("one")])
    assert receipt.outcome == "misconfigured"
    assert "hunter2" not in receipt.reason


def test_a_private_address_is_called_only_where_it_is_allowed(board: Board):
    """An endpoint from a configuration must not lead into the own network by accident."""
    closed = Bot(Config(board.url, allow_private=False))
    assert [receipt.outcome for receipt in closed.send([alert("one")])] == ["misconfigured"]
    assert board.calls == []


@given(text=st.text(max_size=60), longest=st.integers(3, 80))
def test_what_was_cut_fits_and_is_the_beginning(text: str, longest: int):
    """For any text and limit: it fits, no character is halved, and not one too many is lost."""
    cut = fit(text, longest, in_bytes)
    assert in_bytes(cut) <= longest
    if cut != text:
        kept = cut.removesuffix(CUT)
        assert in_bytes(text) > longest
        assert text.startswith(kept)
        assert in_bytes(text[: len(kept) + 1] + CUT) > longest


@pytest.mark.parametrize("outcome", ["sent", "", None])
def test_a_meaning_is_one_of_the_outcomes(outcome: Any):
    """A misspelt outcome is found when the table is made."""
    with pytest.raises(ValueError, match="outcome"):
        Meaning(outcome)
