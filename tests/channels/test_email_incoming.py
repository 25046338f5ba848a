"""What comes back: bounces, complaints and replies find their message, forgeries find nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmkit.channels.email.channel import EmailChannel
from crmkit.channels.email.mailboxes import MailboxError
from tests.channels.email_kit import close_all, message, opened
from tests.channels.email_returned import bounce, complaint, reply
from tests.channels.email_server import serving

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def closing():
    yield
    close_all()


@pytest.fixture
def maildir(tmp_path: Path):
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.fixture
def channel(maildir: Path):
    return opened(bounces=f"maildir:{maildir}", secret="s3cret")


def put(maildir: Path, *mails: bytes, start: int = 1_800_000_000) -> None:
    for number, raw in enumerate(mails):
        (maildir / "new" / f"{start + number}.M{number}P1.host").write_bytes(raw)


def told(channel: EmailChannel, maildir: Path, *mails: bytes):
    put(maildir, *mails)
    return list(channel.poll(None).deliveries)


def return_path(channel: EmailChannel, number: int = 7):
    return channel._writer.return_path.of(str(number))


def test_a_bounce_finds_its_message_by_the_return_path(channel: EmailChannel, maildir: Path):
    """The signed token is enough: what the bounce gives back may be anything."""
    path = return_path(channel)
    (one,) = told(channel, maildir, bounce(to=path, id="<else@where.example>"))
    assert (one.what, one.message_id, one.permanent) == ("bounced", "7", True)
    assert (one.code, one.address, one.at) == ("5.1.1", "li@example.com", AT)
    assert "User unknown" in one.reason


def test_a_bounce_of_an_address_beyond_ascii(channel: EmailChannel, maildir: Path):
    """Servers that speak SMTPUTF8 report it in a form of its own (RFC 6533)."""
    plain = bounce(
        to="news@shop.example", recipient="用户@例子.公司", form="message/global-headers"
    )
    plain = plain.replace(b"message/delivery", b"message/global-delivery")
    (one,) = told(channel, maildir, plain.replace(b"rfc822;", b"utf-8;"))
    assert (one.what, one.message_id, one.permanent) == ("bounced", "7", True)
    assert one.address == "用户@例子.公司"


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_a_return_path_is_found_in_any_case_and_place(
    channel: EmailChannel, maildir: Path, header: str
):
    """Servers fold its case and write it into headers of their own."""
    raw = bounce(id="<x@y.example>").replace(b"news@shop.example\r\n", b"other@shop.example\r\n")
    line = f"{header}: <{return_path(channel).upper()}>\r\n".encode()
    (one,) = told(channel, maildir, line + raw)
    assert one.message_id == "7"


@pytest.mark.parametrize("form", ["text/rfc822-headers", "message/rfc822"])
def test_a_bounce_finds_its_message_by_what_it_gives_back(
    channel: EmailChannel, maildir: Path, form: str
):
    """Where the return path was lost, the Message-ID in the returned headers tells."""
    (one,) = told(channel, maildir, bounce(form=form))
    assert (one.what, one.message_id) == ("bounced", "7")


@pytest.mark.parametrize(
    ("status", "diagnostic", "permanent", "code"),
    [
        ("5.1.1", "550 no", True, "5.1.1"),
        ("5.1.10", "556 null MX", True, "5.1.10"),
        ("5.1.0", "550 address rejected", True, "5.1.0"),
        ("5.0.0", "550 5.1.1 no such user", True, "5.1.1"),
        ("5.0.0", "550 no", False, "5.0.0"),
        ("5.7.1", "550 5.7.1 spam", False, "5.7.1"),
        ("5.2.2", "552 5.2.2 full", False, "5.2.2"),
        ("4.4.7", "delivery time expired", False, "4.4.7"),
    ],
)
def test_only_an_address_nobody_has_is_dead(
    channel: EmailChannel, maildir: Path, status: str, diagnostic: str, permanent: bool, code: str
):
    """A full mailbox and a policy are no reason to give an address up."""
    (one,) = told(channel, maildir, bounce(status=status, diagnostic=diagnostic))
    assert (one.what, one.permanent, one.code) == ("bounced", permanent, code)


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("failed", ["bounced"]),
        ("Delivered", ["delivered"]),
        ("delayed", []),
        ("relayed", []),
        ("expanded", []),
        ("nonsense", []),
    ],
)
def test_what_is_only_delayed_is_not_over(
    channel: EmailChannel, maildir: Path, action: str, what: list[str]
):
    """A delay and a hand-over tell nothing yet."""
    found = told(channel, maildir, bounce(action=action, status="2.0.0"))
    assert [one.what for one in found] == what


@pytest.mark.parametrize(
    ("kind", "what"),
    [("abuse", "complained"), ("fraud", "complained"), ("opt-out", "unsubscribed")],
)
def test_a_complaint_finds_its_message(
    channel: EmailChannel, maildir: Path, kind: str, what: list[str]
):
    """A feedback loop's report names it by the headers it gives back."""
    (one,) = told(channel, maildir, complaint(kind=kind))
    assert (one.what, one.message_id, one.address) == (what, "7", "li@example.com")


def test_the_opposite_of_a_complaint_is_none(channel: EmailChannel, maildir: Path):
    """``not-spam`` is good news."""
    assert told(channel, maildir, complaint(kind="not-spam")) == []


@pytest.mark.row("R29", "R30", "R31")
def test_a_reply_comes_in_with_its_text(channel: EmailChannel, maildir: Path):
    """It is about the message it answers, and tells who wrote what of his own."""
    (one,) = told(channel, maildir, reply())
    assert (one.what, one.message_id, one.address) == ("replied", "7", "li@example.com")
    assert one.text == "两罐，谢谢！"
    assert (one.provider_id, one.at) == ("re1@example.com", AT)


def test_a_reply_finds_its_message_further_up_the_thread(maildir: Path):
    """By the references, and by a Reply-To with a token."""
    more = "In-Reply-To: <x@y.example>\nReferences: <a@b.example>\n <crmkit.8@shop.example>\n"
    marked = opened(
        bounces=f"maildir:{maildir}", secret="s3cret", reply_to="care+{token}@shop.example"
    )
    to = marked._writer.reply_to.of("9")
    found = told(marked, maildir, reply(more=more), reply(more="", to=to, name="re2"))
    assert [one.message_id for one in found] == ["8", "9"]


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated; x=y\n",
        "Precedence: bulk\n",
        "X-Autoreply: yes\n",
    ],
)
def test_an_answer_of_a_machine_is_no_reply(channel: EmailChannel, maildir: Path, more: str):
    """Who is away on holiday has not answered."""
    threaded = "In-Reply-To: <crmkit.7@shop.example>\n"
    assert told(channel, maildir, reply(more=threaded + more)) == []
    human = reply(more=threaded + "Auto-Submitted: no\n", name="human")
    put(maildir, human, start=1_800_000_500)
    assert len(channel.poll(None).deliveries) == 1


def test_what_comes_to_a_return_path_and_is_no_report_wrote_a_machine(
    channel: EmailChannel, maildir: Path
):
    """People answer to the sender; an answer while away goes where bounces go (RFC 3834)."""
    assert told(channel, maildir, reply(to=return_path(channel))) == []


def test_a_forgery_is_about_nothing(channel: EmailChannel, maildir: Path):
    """A wrong token spoils the whole mail, and a foreign Message-ID is none of ours."""
    good = return_path(channel)
    wrong = good.replace(good[6:10], "aaaa")
    other = opened(bounces="maildir:/none", secret="other")
    assert wrong != good
    mails = [
        bounce(to=wrong),
        bounce(to=return_path(other)),
        bounce(id="<crmkit.7@elsewhere.example>"),
        bounce(id="<7@shop.example>"),
        complaint(id="<x@y.example>"),
        complaint(to=wrong),
        reply(more=""),
        reply(more="In-Reply-To: <crmkit.7@shop.example.evil.example>\n"),
        reply(to=wrong),
    ]
    assert told(channel, maildir, *mails) == []


def test_rubbish_does_not_keep_the_others_from_being_read(channel: EmailChannel, maildir: Path):
    """Whatever strangers write, the next mail is read."""
    mails = [
        b"",
        b"\0" * 1000,
        b"\xff\xfe broken",
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n",
        bounce().replace(b"Original-Recipient: rfc822;li@", b"Original-Recipient: \xff;\xfe@"),
        bounce(name="cut")[:900],
        b"From: " + b"(" * 5000 + b"\r\n\r\nx",
        reply().replace(b"utf-8", b"no-such-charset"),
        bounce(name="last", id="<crmkit.99@shop.example>"),
    ]
    assert "99" in [one.message_id for one in told(channel, maildir, *mails)]


def test_a_bounce_of_the_archive_is_about_no_customer(maildir: Path):
    """The blind copy shares the return path; that it could not be filed kills no address."""
    channel = opened(
        bounces=f"maildir:{maildir}",
        secret="s3cret",
        archive="maildir:/none",
        archive_address="Archive@shop.example",
    )
    path = return_path(channel)
    found = told(
        channel,
        maildir,
        bounce(to=path, recipient="archive@shop.example"),
        bounce(to=path, name="dsn2"),
    )
    assert [one.address for one in found] == ["li@example.com"]


def test_blind_copies_in_the_same_mailbox_are_no_replies(maildir: Path):
    """What we sent ourselves comes back from nobody."""
    with serving() as server:
        channel = opened(port=server.port, bounces=f"maildir:{maildir}", secret="s3cret")
        channel.send([message(7, headers={"In-Reply-To": "<crmkit.6@shop.example>"})])
    assert told(channel, maildir, server.taken[0].data) == []


def test_a_cursor_goes_on_where_it_was(channel: EmailChannel, maildir: Path):
    """No mail is read twice, also when it is moved and flagged meanwhile; none is deleted."""
    put(maildir, bounce(), reply())
    first = channel.poll(None)
    assert len(first.deliveries) == 2
    assert list(channel.poll(first.cursor).deliveries) == []
    for file in list((maildir / "new").iterdir()):
        file.rename(maildir / "cur" / f"{file.name}:2,S")
    again = channel.poll(first.cursor)
    assert list(again.deliveries) == []
    put(maildir, bounce(id="<crmkit.8@shop.example>"), start=1_800_000_000 - 60)  # a little late
    put(maildir, bounce(id="<crmkit.9@shop.example>"), start=1_800_009_000)
    later = channel.poll(again.cursor)
    assert [one.message_id for one in later.deliveries] == ["8", "9"]
    assert list(channel.poll(later.cursor).deliveries) == []
    assert len(list((maildir / "new").iterdir())) + len(list((maildir / "cur").iterdir())) == 4


def test_the_same_mail_read_again_is_the_same_event(channel: EmailChannel, maildir: Path):
    """Two bounces are two events, one bounce read twice is one."""
    put(maildir, bounce(), bounce(name="dsn2"))
    first, second = channel.poll(None).deliveries
    assert first.event_id != second.event_id
    assert [one.event_id for one in channel.poll(None).deliveries] == [
        first.event_id,
        second.event_id,
    ]


def test_a_maildir_that_is_not_there_is_said():
    """It is no empty mailbox."""
    channel = opened(bounces="maildir:/no/such", archive="maildir:/no/such", secret="s3cret")
    for ask in (lambda: channel.poll(None), lambda: channel.find(["1"])):
        with pytest.raises(MailboxError, match="/no/such"):
            ask()


def test_what_was_taken_is_found_in_the_archive(maildir: Path):
    """Each blind copy, filed by a server, tells that its message was taken; others do not."""
    with serving() as server:
        settings = {"archive": f"maildir:{maildir}", "archive_address": "archive@shop.example"}
        channel = opened(port=server.port, **settings)
        channel.send([message(n) for n in (1, 2)])
        put(maildir, *(mail.data for mail in server.taken))
        found = channel.find(["1", "2", "3"])
        assert {name: one.outcome for name, one in found.items()} == {
            "1": "accepted",
            "2": "accepted",
        }
        assert found["1"].provider_id == "crmkit.1@shop.example"
        channel.send([message(3)])
        put(maildir, server.taken[-1].data, start=1_800_000_100)
        assert set(channel.find(["3", "4"])) == {"3"}
