"""A message as the bytes that go over the wire, and the envelope they go in."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from zlib import crc32

import attrs

from crmkit.channels.email import headers
from crmkit.channels.email.addresses import Address, BadAddress, address, mailbox
from crmkit.channels.email.bodies import encode
from crmkit.channels.email.marks import Marked, MessageIds
from crmkit.channels.email.plain import text_of
from crmkit.channels.email.settings import EmailSettings, revealed
from crmkit.contracts.channel import Message
from crmkit.contracts.lines import breaks, joined
from crmkit.errors import CrmkitError

_LINK = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[!#-;=?-~]{1,900}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,6}")
_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
_OURS = frozenset(
    "bcc cc date from list-unsubscribe list-unsubscribe-post message-id mime-version received"
    " reply-to resent-bcc resent-cc resent-date resent-from resent-message-id resent-sender"
    " resent-to return-path sender subject to".split()
)


class Unsendable(CrmkitError):  # noqa: N818 - says what it is
    """No letter can be made of the message; the text says why."""


@attrs.frozen
class Letter:
    """A message ready to go.

    Attributes:
        message: What it was made of.
        message_id: Its Message-ID, without angle brackets.
        sender: Envelope sender.
        to: Recipient.
        data: Headers and body, dots doubled, with the line that ends them.
        wide: Whether the server must take SMTPUTF8.
    """

    message: Message
    message_id: str
    sender: str
    to: str
    data: bytes
    wide: bool = False


class Writer:
    """Makes letters of messages, with what is the same in all of them made once."""

    def __init__(self, settings: EmailSettings) -> None:
        """Take the sender and the secret from the settings."""
        secret = revealed(settings.secret)
        name, plain = mailbox(settings.sender)
        sender = address(plain)
        self.ids = MessageIds(sender.domain)
        self.return_path = Marked(settings.envelope, secret, "return")
        self.reply_to = Marked(settings.reply_to or "", secret, "reply")
        self._plain_path = _unmarked(self.return_path.template) or sender.text
        self._from = headers.mailbox("From", joined(name), sender.text)
        self._wide = sender.wide or not self.return_path.template.isascii()

    def write(self, message: Message, now: datetime) -> Letter:
        """Make the letter of one message.

        Raises:
            Unsendable: an address or a name has a line break, an address or a header is none.
        """
        to = _recipient(message)
        sender = self.return_path.address_of(message.id) or self._plain_path
        boundary = f"=_crmkit_{crc32(message.id.encode('utf-8', 'replace')):08x}"
        message_id = self.ids.of(message.id)
        lines = [
            f"Message-ID: {message_id}",
            _date(now.replace(microsecond=0)),
            self._from,
            headers.mailbox("To", joined(message.name), to.text),
            headers.unstructured("Subject", joined(message.subject or "")),
            "MIME-Version: 1.0",
            *self._optional(message),
        ]
        head = "\r\n".join(lines).encode("utf-8", "replace")
        data = head + b"\r\n" + _content(message, boundary)
        if b"\n." in data:
            data = data.replace(b"\n.", b"\n..")  # RFC 5321, 4.5.2
        end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
        return Letter(message, message_id[1:-1], sender, to.text, data + end, self._wide or to.wide)

    def _optional(self, message: Message) -> list[str]:
        """Write the headers that not every message has."""
        lines = []
        if self.reply_to.template:
            lines.append(f"Reply-To: {self.reply_to.of(message.id)}")
        if message.language and _LANGUAGE.fullmatch(message.language):
            lines.append(f"Content-Language: {message.language}")
        if message.unsubscribe:
            if not _LINK.fullmatch(message.unsubscribe):
                raise Unsendable(
                    "the unsubscribe link is no URL in ASCII of at most 900 characters"
                )
            lines += [f"List-Unsubscribe: <{message.unsubscribe}>", _ONE_CLICK]
        for name, value in message.headers.items():
            if name.lower() in _OURS or name.lower().startswith("content-"):
                raise Unsendable(f"the header {name} is the channel's own")
            try:
                lines.append(headers.further(name, value))
            except ValueError as error:
                raise Unsendable(str(error)) from None
        return lines


def _unmarked(template: str) -> str:
    """Give a return path without its token; empty where nothing else precedes its @."""
    local, _, domain = template.rpartition("@")
    local = re.sub(r"[+=._-]?\{token\}[+=._-]?", "", local)
    return address(f"{local}@{domain}").text if local else ""


@lru_cache(1)
def _date(now: datetime) -> str:
    return f"Date: {format_datetime(now)}"


def _recipient(message: Message) -> Address:
    """Take whom it is for; a name with a line break in it was made to inject something."""
    if breaks(message.name):
        raise Unsendable("the name has a line break or another control character in it")
    try:
        return address(message.to)
    except BadAddress as error:
        raise Unsendable(str(error)) from None


def _content(message: Message, boundary: str) -> bytes:
    """Write the last headers and the body: text and HTML, or the text alone."""
    text = message.text
    if message.html is None:
        return _part("plain", text, boundary)
    mark = boundary.encode()
    return b"".join(
        (
            b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n--%b\r\n' % (mark, mark),
            _part("plain", text or text_of(message.html), boundary),
            b"\r\n--%b\r\n" % mark,
            _part("html", message.html, boundary),
            b"\r\n--%b--\r\n" % mark,
        )
    )


def _part(kind: str, text: str, boundary: str) -> bytes:
    how, data = encode(text, boundary)
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n"
    ).encode() + data
