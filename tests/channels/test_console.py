"""The ``console`` channel: what everybody would get, where a developer sees it."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.channels.console import shape
from crmkit.channels.visible import one_line, visible
from crmkit.contracts.channel import Template
from tests.channels.opening import SPECS, message, opened, outcomes


def test_it_prints_what_everybody_would_get(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, address, subject and text are shown, a message after the other."""
    written = [
        message(name="李雷", to="l@x.cn", subject="Tea", occasion="tea", text="你好\nBye"),
        message("m2", text="", html="<p>Hi</p>"),
    ]

    assert outcomes(opened("console").send(written)) == {"m1": "accepted", "m2": "accepted"}
    assert capsys.readouterr().out == (
        "-- to 李雷 <l@x.cn> · care · tea · m1\n   Subject: Tea\n   | 你好\n   | Bye\n\n"
        "-- to c1 · care · m2\n   | <p>Hi</p>\n\n"
    )


def test_it_stands_in_for_a_colleague_and_for_a_provider() -> None:
    """The brief of a task and a provider's template are shown with all they hold."""
    text = shape(
        message(
            template=Template(code="SMS_1", signature="店", values={"name": "李"}),
            brief={"why": "birthday", "avoid": ["the divorce", "debts"]},
            owner="mei",
            due=datetime(2026, 11, 21, tzinfo=UTC),
            unsubscribe="https://x.cn/u",
            headers={"X-A": "b"},
        )
    )

    for shown in (
        "Template: SMS_1",
        "Signature: 店",
        "name: 李",
        "why: birthday",
        "avoid: the divorce; debts",
        "Owner: mei",
        "Due: 2026-11-21T00:00+00:00",
        "Unsubscribe: https://x.cn/u",
        "X-A: b",
    ):
        assert f"   {shown}\n" in text


def test_it_needs_neither_settings_nor_an_address() -> None:
    """It works without a section in the configuration, for every customer."""
    spec = SPECS["console"]

    assert spec.identity is None
    assert spec.configure({}) is None
    spec.open().close()


def test_a_terminal_gets_no_orders(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of a customer's text are shown, and a text cannot pose as a heading."""
    attack = "\x1b]0;owned\x07\x1b[2J\r\u202egnp.exe\n-- to everybody"
    opened("console").send([message(name=attack, subject=attack, text=attack)])

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\r" not in out
    assert "\u202e" not in out
    assert out.count("\n-- to") == 0
    assert "\\x1b[2J" in out


@given(st.text())
def test_nothing_but_text_lines_and_tabs_is_shown(text: str) -> None:
    """What is shown is printable, whatever it was; text without control characters is kept."""
    shown = visible(text)

    assert not [char for char in shown if category(char) in ("Cc", "Cs") and char not in "\n\t"]
    assert "\n" not in one_line(text)
    if text.isprintable():
        assert shown == text


def test_a_stream_that_knows_few_characters_gets_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console of an old code page shows what it can, and costs nobody the message."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))

    assert outcomes(opened("console").send([message(text="你 ok")])) == {"m1": "accepted"}
    assert b"\\u4f60 ok" in raw.getvalue()


@pytest.mark.parametrize("closed", [True, False])
def test_without_a_stdout_nothing_counts_as_sent(
    monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    """A program without a console, or with a closed one, is told so."""
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stdout", stream if closed else None)

    assert outcomes(opened("console").send([message()])) == {"m1": "misconfigured"}


def test_the_stream_is_looked_up_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What redirects stdout after the channel was opened gets the messages."""
    channel = opened("console")
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    channel.send([message()])

    assert "Hello" in stream.getvalue()
