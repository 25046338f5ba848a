"""What a mail that came in tells: a bounce, a complaint, a reply, or nothing.

It is about one of our messages where it went to a return path that carries a signed token, or where
the headers it gives back (a reply: those it answers) name a Message-ID of ours. A token that is
not ours makes it a forgery, whatever else it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parseaddr, parsedate_to_datetime

from crmkit.channels.email import reports
from crmkit.channels.email.letters import Writer
from crmkit.contracts.channel import Delivery
from crmkit.contracts.lines import joined
from crmkit.contracts.replies import automatic, own_words, text_of_html

_ARRIVED_FOR = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")
_LONGEST = 100_000  # characters of a reply


class Incoming:
    """Reads mails for the sender whose letters a writer makes."""

    def __init__(self, writer: Writer, blind_copy: str | None) -> None:
        """Take what knows our marks, and whose bounces are about no customer."""
        self._ids = writer.ids
        self._return_path, self._reply_to = writer.return_path, writer.reply_to
        self._blind_copy = (blind_copy or "").lower()

    def read(self, name: str, raw: bytes) -> list[Delivery]:
        """Tell what a mail is about.

        Args:
            name: The mailbox's name of it; tells two events apart where it has no Message-ID.
            raw: The mail.

        Returns:
            At most a few deliveries; none where it is about no message of ours.
        """
        try:
            mail: EmailMessage = message_from_bytes(raw, policy=policy.default)
            return list(self._told(mail, name))
        except Exception:  # noqa: BLE001 - strangers write it; the stdlib fails in many ways on that
            return []  # and one mail must not keep the others from being read

    def _told(self, mail: EmailMessage, name: str) -> Iterator[Delivery]:
        own = _text(mail, "Message-ID")
        if self._ids.read(own):
            return  # a blind copy of what we sent
        event = hashlib.sha256((own or name).encode("utf-8", "replace")).hexdigest()[:32]
        at = _date(mail)
        texts = [str(value) for header in _ARRIVED_FOR for value in mail.get_all(header, [])]
        returned, forged = self._return_path.search(texts)
        replied, false = self._reply_to.search(texts)
        if (forged or false) and not (returned or replied):
            return
        if mail.get_content_type() == "multipart/report":
            message_id = returned or self._returned(mail)
            if message_id is not None:
                yield from reports.read(mail, message_id, event, at, self._blind_copy)
        # people do not answer to a return path
        elif returned is None and not automatic(_headers(mail)):
            yield from self._reply(mail, replied, event, at)

    def _returned(self, mail: EmailMessage) -> str | None:
        """Look for our Message-ID in the headers that a report gives back."""
        for part in reports.returned(mail):
            if found := self._ids.read(_text(part, "Message-ID")):
                return found
        return None

    def _reply(
        self, mail: EmailMessage, marked: str | None, event: str, at: datetime | None
    ) -> Iterator[Delivery]:
        """Tell of a reply; who only found the sender's address wrote no reply."""
        answered = f"{_text(mail, 'In-Reply-To')} {_text(mail, 'References')}"
        message_id = marked or self._ids.read(answered)
        if message_id is not None:
            yield Delivery(
                what="replied",
                message_id=message_id,
                provider_id=_text(mail, "Message-ID").strip("<> ") or None,
                at=at,
                event_id=f"replied:{event}",
                address=parseaddr(_text(mail, "From"))[1] or None,
                text=_body(mail),
                reason=joined(_text(mail, "Subject"))[:200],
            )


def _body(mail: EmailMessage) -> str:
    """Give what he wrote himself, as text."""
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    text = str(part.get_content())
    text = text_of_html(text) if part.get_content_subtype() == "html" else text
    return own_words(text.replace("\0", ""))[:_LONGEST]


def _headers(mail: EmailMessage) -> dict[str, str]:
    return {name: str(value) for name, value in mail.items()}


def _text(part: Message, header: str) -> str:
    return str(part.get(header) or "")


def _date(mail: EmailMessage) -> datetime | None:
    try:
        at = parsedate_to_datetime(_text(mail, "Date"))
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
