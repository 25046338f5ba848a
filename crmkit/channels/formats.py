"""The two formats of the ``file`` channel: JSON Lines, and mbox as mail programs read it.

Each knows three things: how a message is written, which messages a file holds, and where a record
begins that a killed process left unfinished. Files are gone through as bytes, piece by piece.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from typing import IO, ClassVar
from urllib.parse import quote, unquote

from crmkit.channels.visible import one_line
from crmkit.contracts.channel import Message
from crmkit.contracts.lines import breaks, joined, written

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_LONGEST = 998  # octets of a line of a mail, RFC 5322; characters of a header that is written
_WRITTEN = "X-Crmkit-Id"
_HEAD_ENDS = (b"\n", b"\r\n", b"")


class Format(ABC):
    """A way to write messages one after the other.

    Attributes:
        begins: What every record of ours begins with.
        separator: What must stand before a record that is not the first.
    """

    begins: ClassVar[bytes]
    separator: ClassVar[bytes]

    @abstractmethod
    def encode(self, message: Message, at: datetime) -> bytes:
        """Write one message.

        Raises:
            ValueError: this message cannot be written, for what reason.
        """

    @abstractmethod
    def scan(self, file: IO[bytes]) -> Iterator[tuple[str, int]]:
        """Give from here on each whole record's message id, and where the record ends.

        The id is empty where it is none of ours. It ends where a record is not whole.
        """

    def ours(self, rest: bytes) -> bool:
        """Tell whether a record that is not whole is one that we began."""
        return rest.startswith(self.begins) or self.begins.startswith(rest)


class JsonLines(Format):
    """One line of JSON a message, with every field that it has."""

    begins = b'{"id": "'
    separator = b"\n"

    def encode(self, message: Message, at: datetime) -> bytes:
        """Write a line: ``id`` first, ``at`` (when it was written) last."""
        record = {**message.to_dict(), "at": at.isoformat()}
        try:
            return (json.dumps(record, ensure_ascii=False) + "\n").encode()
        except UnicodeEncodeError:  # half a character, which only an escape can hold
            return (json.dumps(record) + "\n").encode()

    def scan(self, file: IO[bytes]) -> Iterator[tuple[str, int]]:
        """Give the lines that are records; a line that is none is passed over."""
        end = file.tell()
        for line in file:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                if not line.endswith(b"\n"):
                    return
                record = None
            found = record.get("id") if isinstance(record, dict) else None
            end += len(line)
            yield (found if isinstance(found, str) else ""), end


class Mbox(Format):
    """Mails one after the other, as mboxrd: lines that begin like a new one are quoted by ``>``."""

    begins = b"From crmkit@customers.invalid "
    separator = b"\n\n"

    def encode(self, message: Message, at: datetime) -> bytes:
        """Write a mail to the customer, with our id in ``X-Crmkit-Id``.

        Who has no mail address gets one under ``customers.invalid``, where no mail ever goes. Its
        ``Content-Length`` tells a whole record from one that was broken off.
        """
        headers = (*message.headers, *message.headers.values())
        if breaks(message.to, message.name, message.customer_id, *headers):
            raise ValueError("its address, name or a header has a line break")
        if max(map(len, (message.to, message.name, message.subject or "", *headers))) > _LONGEST:
            raise ValueError(f"its address, name, subject or a header is over {_LONGEST} long")
        mail = _mail(message, at)
        head, _, body = mail.as_bytes().partition(b"\n\n")
        body = _FROM.sub(rb">\1", body)
        head += b"\nContent-Length: %d" % len(body)
        line = f"{at:%a %b %d %H:%M:%S %Y}\n".encode()
        return b"".join((self.begins, line, head, b"\n\n", body, b"\n"))

    def scan(self, file: IO[bytes]) -> Iterator[tuple[str, int]]:
        """Give the mails; those of other programs, too."""
        end = file.tell()
        while line := file.readline():
            end += len(line)
            if not line.startswith(b"From "):
                yield "", end  # the body of another program's mail
                continue
            fields = {}
            while (line := file.readline()) not in _HEAD_ENDS:
                end += len(line)
                name, _, value = line.decode("utf-8", "replace").partition(":")
                fields[name.lower()] = value.strip()
            end += len(line)
            length = fields.get("content-length", "")
            written = fields.get(_WRITTEN.lower(), "")
            if written and length.isdecimal():
                end += int(length) + 1
                if len(file.read(int(length) + 1)) != int(length) + 1:
                    return
            elif not line:
                return
            yield unquote(written), end


def _mail(message: Message, at: datetime) -> EmailMessage:
    mail = EmailMessage(policy=default.clone(utf8=not message.to.isascii()))
    mail["From"] = Address("crmkit", "crmkit", "customers.invalid")
    mail["To"] = _address(message)
    mail["Subject"] = one_line(joined(message.subject or ""))
    mail["Date"] = at
    mail["Message-ID"] = f"<{quote(message.id, safe='')}@customers.invalid>"
    mail[_WRITTEN] = quote(message.id, safe="")
    mail["X-Crmkit-Customer"] = message.customer_id
    if message.unsubscribe:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in message.headers.items():
        if name.lower() not in map(str.lower, mail.keys()) and not name.lower().startswith(
            "content-"
        ):
            mail[name] = value
    _fill(mail, message)
    return mail


def _address(message: Message) -> Address:
    try:
        return Address(one_line(message.name), addr_spec=message.to)
    except (ValueError, IndexError, MessageError):  # none, or of another system
        return Address(
            one_line(message.name), quote(message.customer_id, safe=""), "customers.invalid"
        )


def _fill(mail: EmailMessage, message: Message) -> None:
    """Put the text in as it is where mails can hold it: people read these files."""
    text = message.text
    if message.template is not None and not text:
        text = json.dumps(message.to_dict()["template"], ensure_ascii=False, indent=1)
    for kind, part in (("plain", text), ("html", message.html)):
        if part is None:
            continue
        sent = written(part)
        long = any(len(line.encode()) > _LONGEST for line in sent.splitlines())
        add = mail.set_content if kind == "plain" else mail.add_alternative
        add(sent, subtype=kind, cte="base64" if long or "\0" in sent else "8bit")
