"""A mail server on this machine for ``crmkit demo --send``: keeps what it gets, delivers nothing.

Mail to an address that begins as `GONE` does comes back, as it would from a real server: the bounce
(RFC 3464) goes into a maildir.
"""

from __future__ import annotations

import asyncio
import mailbox
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from crmkit.cli.demo_people import GONE
from crmkit.cli.failing import wrong

if TYPE_CHECKING:
    from email.message import Message

_BOUNCE = """\
From: MAILER-DAEMON@example.com
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{to}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="-"

---
Content-Type: text/plain

Nobody has this address.

---
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 nobody has this address

-----
"""


class Sink:
    """What the server does with mail; aiosmtpd calls it."""

    def __init__(self, returned: Path) -> None:
        """Take the maildir that bounces go into."""
        self.mails: list[Message] = []
        self._returned = mailbox.Maildir(returned, create=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail, or give it back."""
        (to,) = envelope.rcpt_tos
        if to.startswith(GONE):
            text = _BOUNCE.format(to=envelope.mail_from, recipient=to)
            self._returned.add(text.encode())
        else:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def serving(returned: Path) -> Iterator[tuple[Sink, int]]:
    """Run the server while the block runs; gives what it got, and its port on 127.0.0.1."""
    smtp = protocol()
    sink = Sink(returned)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="mail server", daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(lambda: smtp(sink), "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield sink, server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def protocol() -> Any:
    """Give aiosmtpd's protocol; where it is not installed, end the command and say so."""
    try:
        return import_module("aiosmtpd.smtp").SMTP  # an extra
    except ImportError:
        wrong("--send needs a mail server: pip install 'crmkit[demo]'")


def body(mail: Message) -> str:
    """Give the text of a mail."""
    part = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    return "" if part is None else str(part.get_content()).strip()
