"""Mailboxes that are read, never changed: a maildir or a folder on an IMAP server."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from crmkit.errors import CrmkitError

LARGEST = 128 * 1024
"""Bytes of one mail that are read; what tells of a bounce stands at its beginning."""
MOST = 1000
"""Mails that are read at a time; the next time goes on behind them."""


class MailboxError(CrmkitError):
    """A mailbox cannot be read; the text says why, without its password."""


class Mailbox(ABC):
    """A place where mail arrives."""

    @abstractmethod
    def find(self, message_ids: Iterable[str]) -> set[str]:
        """Give those Message-IDs, in angle brackets, that a mail in it carries.

        Raises:
            MailboxError: it cannot be read.
        """

    @abstractmethod
    def since(self, cursor: str | None) -> tuple[list[tuple[str, bytes]], str | None]:
        """Give the mails that came since, each with a name that stays, and where to go on.

        Raises:
            MailboxError: it cannot be read.
        """

    def close(self) -> None:  # noqa: B027 - a maildir has nothing to give back
        """Give everything back; closing twice does nothing."""
