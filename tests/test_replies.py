"""Mail that customers write back: their own words, and in a time that strangers cannot stretch."""

from __future__ import annotations

import pytest

from crmkit.contracts.replies import automatic, own_words, text_of_html


@pytest.mark.parametrize(
    "text",
    [
        "STOP\n\nOn Mon, 4 Jan 2027 at 10:00 Shop <a@shop.example> wrote:\n> Reply STOP to stop",
        "STOP\n\nOn Mon, 4 Jan 2027 at 10:00 Shop\n<a@shop.example> wrote:\n\n> Reply 9",
        "STOP\r\n\r\n-----Original Message-----\r\nFrom: Shop",
        "STOP\n\n在 2027年1月4日，Shop 写道：\n> 您好",
        "STOP\n发件人: Shop",
        "STOP\n\nAm 4. Januar 2027 um 10:00 schrieb Shop <a@shop.example>:\n> Hallo",
        "STOP\n\nLe 4 janv. 2027, Shop a écrit :\n> Bonjour",
        "STOP\n-- \nLi Lei",
        "STOP\nFrom: Shop <a@shop.example>\nSent: today",
        "> Reply STOP\n> to stop\nSTOP",
        "\n  STOP  \n",
    ],
)
def test_what_is_quoted_is_not_his(text: str) -> None:
    """Whatever the mail program calls it, above his words or below them."""
    assert own_words(text) == "STOP"


def test_words_that_only_look_like_a_quotation_stay() -> None:
    """A sentence that begins with On is his, and so is a greater-than sign within a line."""
    text = "On Monday I shall come.\n3 > 2\n----\nLe thé vert"
    assert own_words(text) == text


def test_html_is_read_as_lines() -> None:
    """Blocks are lines, cells apart; what nobody sees is no word, and what is quoted is marked."""
    page = (
        "<html><head><title>Re</title><style>p {color: red}</style></head><body><!-- x -->"
        "<div>Two <b>tins</b>,\nthank&nbsp;you &amp; bye</div><table><tr><td>a</td><td>b</td></tr>"
        "</table><blockquote>Reply STOP</blockquote></body></html>"
    )
    assert text_of_html(page) == "Two tins, thank you & bye\na b\n> Reply STOP"
    assert own_words(text_of_html(page)) == "Two tins, thank you & bye\na b"


@pytest.mark.parametrize("part", ["<", "<!--", "<a ", "<script>", "<style></style", '<a b="', "&#"])
def test_html_that_never_ends_is_read_at_once(part: str) -> None:
    """A stranger's mail must not keep the others waiting: no part is looked at twice."""
    assert len(text_of_html(part * 100_000)) <= len(part) * 100_000


@pytest.mark.parametrize(
    "part",
    [
        "\n",
        " ",
        "> \n",
        "On a",
        "On the day\n",
        "在",
        "-",
        "From: a",
        f"On a{'wrote ' * 48}\n",
        f"On aaaa\n{'schrieb ' * 12}\n",
    ],
)
def test_words_that_never_end_are_read_at_once(part: str) -> None:
    """Nor must a text of blank lines."""
    assert own_words((part * 100_000)[:200_000] + "\nx").endswith("x")


@pytest.mark.parametrize(
    ("header", "value", "machine"),
    [
        ("Auto-Submitted", "auto-replied; x=y", True),
        ("auto-submitted", "No", False),
        ("Precedence", "Bulk", True),
        ("LIST-ID", "<a.b>", True),
        ("Return-Path", "<>", True),
        ("Return-Path", "<li@example.com>", False),
    ],
)
def test_a_machine_is_known_by_its_headers(header: str, value: str, machine: bool) -> None:
    """In whatever case it writes them (RFC 3834)."""
    assert automatic({header: value}) is machine
