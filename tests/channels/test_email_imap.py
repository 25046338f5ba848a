"""Bounces and the archive on an IMAP server: read, never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.channels.email.mailboxes import MailboxError
from crmkit.contracts.channel import Poll
from tests.channels.email_certificate import certificate
from tests.channels.email_imap import ImapServer, imap
from tests.channels.email_kit import close_all, opened
from tests.channels.email_returned import bounce, reply


@pytest.fixture(autouse=True)
def closing():
    yield
    close_all()


def place(
    server: ImapServer, scheme: str = "imap", login: str = "lin:p%40ss%2Fw", folder: str = ""
) -> str:
    return f"{scheme}://{login}@127.0.0.1:{server.port}{folder}"


def ids(poll: Poll):
    return [one.message_id for one in poll.deliveries]


@pytest.mark.parametrize("tells_next", [True, False])
def test_what_came_in_is_read_once(tells_next: bool):
    """The cursor goes on behind the last mail; nothing is marked or deleted."""
    with imap() as server:
        server.tells_next = tells_next
        channel = opened(bounces=place(server), secret="s3cret")
        assert channel.poll(None).deliveries == []
        server.put(bounce())
        server.put(reply(name="re2", more="In-Reply-To: <crmkit.8@shop.example>\n"))
        first = channel.poll(None)
        assert ids(first) == ["7", "8"]
        assert ids(channel.poll(first.cursor)) == []
        server.put(bounce(id="<crmkit.9@shop.example>"), uid=50_000)
        later = channel.poll(first.cursor)
        assert ids(later) == ["9"]
        assert channel.poll(later.cursor).cursor == later.cursor
        assert sum("LOGIN" in one for one in server.commands) == 1
        assert not any("SELECT" in one or "STORE" in one for one in server.commands)
        channel.close()


def test_a_renumbered_folder_is_read_anew():
    """Where the server numbers its mails again, old numbers mean nothing."""
    with imap() as server:
        channel = opened(bounces=place(server), secret="s3cret")
        server.put(bounce())
        first = channel.poll(None)
        server.valid = 2
        again = channel.poll(first.cursor)
        assert [one.event_id for one in again.deliveries] == [
            one.event_id for one in first.deliveries
        ]
        assert again.cursor != first.cursor
        channel.close()


def test_the_archive_is_searched(tmp_path: Path):
    """Over TLS, in a folder of its own; what is not there is left out."""
    context, trusted = certificate(tmp_path)
    with imap(context) as server:
        server.put(b"Message-ID: <crmkit.1@shop.example>\r\n\r\nx", "Sent Mail")
        url = place(server, "imaps", folder="/Sent%20Mail")
        channel = opened(archive=url, ca_file=trusted)
        found = channel.find(["1", "2"])
        assert {name: one.outcome for name, one in found.items()} == {"1": "accepted"}
        channel.close()
        assert set(channel.find(["1"])) == {"1"}  # a lost connection is made again
        channel.close()


@pytest.mark.parametrize(("login", "folder"), [("lin:wr0ng", ""), ("lin:p%40ss%2Fw", "/nowhere")])
def test_a_folder_that_cannot_be_read_is_said(login: str, folder: str):
    """A wrong password or folder is an error, and shows no password."""
    with imap() as server:
        channel = opened(archive=place(server, login=login, folder=folder))
        with pytest.raises(MailboxError) as wrong:
            channel.find(["1"])
    assert "wr0ng" not in str(wrong.value)
    assert "127.0.0.1" in str(wrong.value)


def test_a_server_that_is_not_there_is_said():
    """It is no empty mailbox, and the cursor still holds."""
    with imap() as server:
        gone = place(server)
    channel = opened(bounces=gone, secret="s3cret")
    with pytest.raises(MailboxError, match="cannot be read"):
        channel.poll("1:7")
