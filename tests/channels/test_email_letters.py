"""A message as bytes: read back by the stdlib, it says what it was made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.channels.email.addresses import BadAddress, address
from crmkit.channels.email.letters import Letter, Unsendable, Writer
from crmkit.channels.email.settings import EmailSettings
from crmkit.contracts.channel import Message
from crmkit.contracts.lines import joined, written
from crmkit.contracts.settings import Secret
from tests.channels.email_kit import SENDER, message, parsed, unstuffed

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
LONGEST = 998
ANY = st.text(max_size=300)
LINES = st.text(
    st.one_of(st.characters(), st.sampled_from("\r\n.=- \t\0?_é你😀\u202e\u2028")), max_size=400
)


def writer(**settings: object) -> Writer:
    given = {"host": "localhost", "sender": SENDER} | settings
    return Writer(EmailSettings(**given))  # type: ignore[arg-type]


def wrote(one: Message, **settings: object) -> Letter:
    return writer(**settings).write(one, NOW)


def lines_of(text: str) -> list[str]:
    """Give the lines of a text, however they end; half characters cannot be sent."""
    clean = text.encode("utf-8", "replace").decode()
    return clean.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def content(part: object) -> list[str]:
    raw = part.get_payload(decode=True)  # type: ignore[attr-defined]
    return lines_of(raw.decode())


def well_formed(letter: Letter) -> None:
    """Every line is short enough and ends as SMTP wants it."""
    data = letter.data
    assert data.replace(b"\r\n", b"").count(b"\r") == 0
    assert data.replace(b"\r\n", b"").count(b"\n") == 0
    assert b"\0" not in data
    assert max(map(len, data.split(b"\r\n"))) <= LONGEST
    assert letter.wide or data.isascii()


@given(LINES)
@example(".\n..\n.\r.")
@example("x" * 3000)
@example("你" * 2000)
@example("\ud800 half a character")
@example("--=_crmkit_83dcefb7\n")
@example("From here\nFrom there")
@example("trailing  \n\ttabs\t\n=3D")
def test_a_text_arrives_as_it_was_written(text: str):
    """Whatever its script, its line ends and the length of its lines."""
    letter = wrote(message(text=text))
    well_formed(letter)
    assert content(parsed(unstuffed(letter))) == lines_of(text)


@given(LINES, LINES.filter(bool))
@example("--=_crmkit_83dcefb7--", "<p>--=_crmkit_83dcefb7--</p>")
def test_text_and_html_are_alternatives(text: str, html: str):
    """A mail with both has two parts, and nothing in one can end it early."""
    letter = wrote(message(text=text or "x", html=html))
    well_formed(letter)
    mail = parsed(unstuffed(letter))
    assert mail.get_content_type() == "multipart/alternative"
    plain, rich = mail.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert content(plain) == lines_of(text or "x")
    assert content(rich) == lines_of(html)


@given(ANY)
@example("Your order\r\nBcc: all@example.com")
@example("=?utf-8?B?aGk=?=")
@example("a" * 200)
@example("many   spaces " * 20)
@example("a word and another " * 30)
@example("😀" * 60)
@example("נו, שלום\u202e")
def test_a_subject_arrives_on_one_line(subject: str):
    """Line breaks are stripped from it, and nothing else."""
    letter = wrote(message(subject=subject))
    well_formed(letter)
    mail = parsed(unstuffed(letter))
    assert str(mail["Subject"]) == joined(written(subject))
    assert mail["Bcc"] is None
    assert content(mail) == ["Hello 1"]


@given(st.text(st.characters(exclude_categories=("Cc", "Zl", "Zp", "Cs")), max_size=80))
@example('Li "Tea" Ming, Dr. <x@y.example>')
@example("back\\slash")
@example("=?utf-8?B?aGk=?=")
@example("欧阳" * 30)
def test_a_name_arrives_beside_its_address(name: str):
    """Quotes, commas and angle brackets in a name make no second recipient."""
    letter = wrote(message(name=name))
    well_formed(letter)
    to = parsed(unstuffed(letter))["To"]
    assert [one.addr_spec for one in to.addresses] == ["li1@example.com"]
    # spaces apart: the stdlib of Python 3.11 reads one between two encoded words of a name
    assert "".join(to.addresses[0].display_name.split()) == "".join(name.split())


def test_the_headers_are_those_of_an_honest_mail():
    """From, To, Date, Message-ID and one-click unsubscribing say what they should."""
    link = "https://shop.example/u?token=abc"
    one = message(7, subject="新茶到了", name="李明", unsubscribe=link, language="zh-CN")
    mail = parsed(unstuffed(wrote(one)))
    assert mail["From"].addresses[0].display_name == "小店"
    assert mail["From"].addresses[0].addr_spec == "news@shop.example"
    assert str(mail["To"]) == "李明 <li7@example.com>"
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"] == "<crmkit.7@shop.example>"
    assert mail["MIME-Version"] == "1.0"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Content-Language"] == "zh-CN"


def test_a_second_try_has_the_same_message_id_and_return_path():
    """So what comes back for either is about the same message."""
    settings = {"secret": Secret("s3cret"), "bounces": Secret("maildir:m")}
    first, second = (wrote(message(7), **settings) for _ in range(2))
    assert first == second
    assert first.sender.startswith("news+")


@pytest.mark.parametrize("strange", ["a b", "x@y", "中", "..", "a>b", "a\r\nb"])
def test_any_id_makes_a_message_id_that_leads_back(strange: str):
    """An id with odd characters is quoted in the Message-ID, and read from it again."""
    ids = writer().ids
    assert ids.of(strange).isascii()
    assert "\r" not in ids.of(strange)
    assert ids.read(f"References: {ids.of(strange)}") == strange


def test_a_return_path_too_long_for_a_server_carries_no_token():
    """64 octets are allowed before the @; the Message-ID still tells the message."""
    settings = {"secret": Secret("s3cret"), "bounces": Secret("maildir:m")}
    assert wrote(message("7" * 60), **settings).sender == "news@shop.example"


def test_only_html_gets_a_text_with_the_links_in_it():
    """Who reads plain text can follow them, too."""
    html = (
        "<html><head><title>no</title><style>p {}</style></head><body><h1>New tea</h1>"
        '<p>Dear Li,<br>see <a href="https://shop.example/t?a=1&amp;b=2">the teas</a> &amp; more.'
        '</p><ul><li>one</li><li>two</li></ul><a href="https://x.example">https://x.example</a>'
        "<script>alert(1)</script></body></html>"
    )
    plain = next(parsed(unstuffed(wrote(message(text="", html=html)))).iter_parts())
    assert "\n".join(content(plain)) == (
        "New tea\n\nDear Li,\nsee the teas <https://shop.example/t?a=1&b=2> & more.\n\n"
        "- one\n\n- two\n\nhttps://x.example"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"to": "li@example.com\r\nRCPT TO:<x@y.example>"}, "line break"),
        ({"to": "li@example.com\n"}, "line break"),
        ({"to": "li@-bad-.com"}, "DNS"),
        ({"to": "li@nowhere"}, "DNS"),
        ({"to": "li@exam_ple.com"}, "DNS"),
        ({"to": "li@example.123"}, "DNS"),
        ({"to": f"li@{'a' * 64}.com"}, "DNS"),
        ({"to": "a..b@example.com"}, "before its @"),
        ({"to": "a b@example.com"}, "before its @"),
        ({"to": "<li>@example.com"}, "before its @"),
        ({"to": f"{'a' * 65}@example.com"}, "64 octets"),
        ({"to": "li"}, "none"),
        ({"to": ""}, "none"),
        ({"name": "Li\r\nBcc: all@example.com"}, "name"),
        ({"name": "Li\x00"}, "name"),
        ({"name": "Li\u2028Bcc: x"}, "name"),
        ({"unsubscribe": "https://x.example/\r\nBcc: a@b.c"}, "unsubscribe"),
        ({"unsubscribe": "https://x.example/>,<mailto:a@b.c"}, "unsubscribe"),
        ({"headers": {"X-A": "b\r\nBcc: a@b.c"}}, "X-A"),
        ({"headers": {"X-A: b\r\nBcc": "a@b.c"}}, "name"),
        ({"headers": {"from": "boss@bank.example"}}, "own"),
        ({"headers": {"Content-Type": "text/html"}}, "own"),
        ({"headers": {"LIST-UNSUBSCRIBE-POST": "x"}}, "own"),
    ],
)
def test_what_would_inject_something_is_refused(changes: dict[str, Any], why: str):
    """No line break, and none of the channel's own headers, comes in from outside."""
    with pytest.raises(Unsendable, match=why):
        wrote(message(**changes))


def test_further_headers_go_along():
    """What the caller adds stands in the mail, encoded where it must be."""
    mail = parsed(unstuffed(wrote(message(headers={"X-Campaign": "新年 2027", "X-Key": "a"}))))
    assert (str(mail["X-Campaign"]), mail["X-Key"]) == ("新年 2027", "a")


def test_addresses_of_any_script():
    """A domain is written in ASCII; a local part that is not needs SMTPUTF8."""
    assert address("li@bücher.example").text == "li@xn--bcher-kva.example"
    assert not address("li@bücher.example").wide
    assert address("李明@例子.中国").text == "李明@xn--fsqu00a.xn--fiqs8s"
    assert address("李明@例子.中国").wide
    assert address('"a b"@example.com').text == '"a b"@example.com'
    with pytest.raises(BadAddress):
        address("li\u200b ming@example.com")
    letter = wrote(message(to="李明@例子.中国", name="李明"))
    well_formed(letter)
    assert letter.wide
    assert "<李明@xn--fsqu00a.xn--fiqs8s>".encode() in letter.data


def test_a_megabyte_is_a_mail_like_another():
    """Bodies of 1 MB arrive whole, in any script."""
    for text in ("x" * 1_000_000, "新茶\n" * 200_000, "😀é=" * 100_000):
        letter = wrote(message(text=text, html=f"<p>{text}</p>"))
        well_formed(letter)
        plain, rich = parsed(unstuffed(letter)).iter_parts()
        assert content(plain) == lines_of(text)
        assert content(rich) == lines_of(f"<p>{text}</p>")
