"""The channel: what the other modules do, behind the contract's methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit.channels.email.incoming import Incoming
from crmkit.channels.email.letters import Letter, Writer
from crmkit.channels.email.mailboxes import Mailbox
from crmkit.channels.email.sending import Office
from crmkit.channels.email.settings import EmailSettings, revealed
from crmkit.channels.email.unsubscribing import Unsubscribing
from crmkit.contracts.channel import Channel, Delivery, Message, Poll, Receipt, Response, Work
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import refuse


class EmailChannel(Channel):
    """E-mail by SMTP; several threads may use it at the same time."""

    def __init__(self, settings: EmailSettings) -> None:
        """Take the settings; nothing is connected before it is used."""
        self._writer = Writer(settings)
        self._office = Office(settings)
        self._incoming = Incoming(self._writer, settings.blind_copy)
        self._archive = _mailbox(settings.archive, settings)
        self._bounces = _mailbox(settings.bounces, settings)
        self._unsubscribing = (
            Unsubscribing(settings.unsubscribe_url, revealed(settings.secret))
            if settings.unsubscribe_url
            else None
        )

    def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Send each message to its customer alone, over up to ``connections`` connections."""
        return self._office.send(messages, self._write)

    def send_meanwhile(self, messages: Sequence[Message], work: Work) -> Sequence[Receipt]:
        """Send as `send` does, and let the engine work while the mail server does."""
        return self._office.send(messages, self._write, work)

    def _write(self, message: Message) -> Letter:
        return self._writer.write(message, self.clock())

    def poll(self, cursor: str | None) -> Poll:
        """Read bounces, complaints and replies that came since; nothing without ``bounces``.

        Raises:
            MailboxError: the mailbox cannot be read; the cursor still holds.
        """
        if self._bounces is None:
            return Poll((), cursor)
        mails, further = self._bounces.since(cursor)
        told = [one for name, raw in mails for one in self._incoming.read(name, raw)]
        return Poll(told, further)

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Receipt]:
        """Give those whose blind copy lies in the archive; none without ``archive``.

        Raises:
            MailboxError: the archive cannot be read.
        """
        if self._archive is None:
            return {}
        names = {self._writer.ids.of(one): one for one in message_ids}
        found = self._archive.find(names)
        return {
            names[name]: Receipt(
                message_id=names[name], outcome="accepted", provider_id=name.strip("<>")
            )
            for name in found
        }

    def unsubscribe_url(self, message_id: str) -> str | None:
        """Give the signed link of a message; None without ``unsubscribe_url``."""
        return self._unsubscribing.url(message_id) if self._unsubscribing else None

    def receive(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - all stands in the URL and the body
        body: bytes,
        *,
        method: str = "POST",
        url: str = "",
    ) -> tuple[Sequence[Delivery], Response]:
        """Answer a call of the unsubscribe link (RFC 8058).

        Raises:
            SignatureInvalid: it carries no token that was made here.
        """
        if self._unsubscribing is None:
            refuse("this channel has no unsubscribe_url")
        return self._unsubscribing.receive(body, method, url, self.clock)

    def close(self) -> None:
        """Take leave of the servers; closing twice does nothing."""
        self._office.close()
        for mailbox in (self._archive, self._bounces):
            if mailbox is not None:
                mailbox.close()


def _mailbox(place: Secret | None, settings: EmailSettings) -> Mailbox | None:
    """Open a mailbox by its place, ``maildir:PATH`` or an IMAP URL; nothing is connected yet."""
    if not place:
        return None
    kind, _, path = place.reveal().partition(":")
    if kind == "maildir":
        from crmkit.channels.email.maildir import Maildir  # noqa: PLC0415 - one of two

        return Maildir(path)
    from crmkit.channels.email.imap import Imap  # noqa: PLC0415 - imaplib, only where it is used

    return Imap(place.reveal(), ca_file=settings.ca_file, timeout=settings.timeout)
