"""What a mail server answers, and what that means for the message (RFC 5321, RFC 3463)."""

from __future__ import annotations

import re

import attrs

from crmkit.contracts.channel import MISCONFIGURED, REFUSED, RETRY, Message, Receipt
from crmkit.contracts.lines import joined

DEAD = frozenset({"5.1.0", "5.1.1", "5.1.10"})
"""Codes that say nobody has that address, now or later (RFC 3463, RFC 7505)."""
CLOSING = 421
"""The server closes the connection."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_FULL = ("5.2.2",)  # a full mailbox is emptied some day
_TOO_LARGE = ("5.3.4", "5.2.3")
_ALONE = ("4.1.", "4.2.", "4.7.1", "5.2.2")
"""Status codes of one mailbox, greylisting among them: the server may take others."""
_MAILBOX = (450, 552)
RECIPIENT = "the recipient"
_LOG_IN = (530, 534, 535, 538)
_SYNTAX = (500, 502, 503, 504, 555)  # of the command, not of the address
_SHOWN = 300


@attrs.frozen
class Reply:
    """One answer of a server.

    Attributes:
        code: Three digits.
        text: What it says, its lines joined by spaces.
    """

    code: int
    text: str

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321, 4.2.1

    @property
    def enhanced(self) -> str | None:
        """The status code in the text, such as ``5.1.1`` (RFC 3463)."""
        found = _ENHANCED.match(self.text)
        return found[0] if found else None

    @property
    def both(self) -> str:
        """Both codes, such as ``550 5.1.1``."""
        return f"{self.code} {self.enhanced}" if self.enhanced else str(self.code)


def meaning(reply: Reply, *, of_sender: bool = False) -> str:
    """Tell what a refusal means: ``retry``, ``refused`` or ``misconfigured``.

    Args:
        reply: Anything but a success.
        of_sender: It answers MAIL: then it is not about the recipient.
    """
    status = reply.enhanced or ""
    if status in _TOO_LARGE or (of_sender and reply.code == 552):  # noqa: PLR2004 - RFC 1870
        return REFUSED
    if 400 <= reply.code < 500 or reply.code == 552 or status in _FULL:  # noqa: PLR2004
        return RETRY
    policy = status.startswith("5.7.") or reply.code in _LOG_IN or reply.code in _SYNTAX
    return MISCONFIGURED if of_sender or policy else REFUSED


def receipt(message: Message, reply: Reply, what: str, *, of_sender: bool = False) -> Receipt:
    """Make the receipt of a message that was refused.

    Args:
        message: Which.
        reply: The server's words.
        what: What was refused, such as `RECIPIENT`.
        of_sender: As in `meaning`.
    """
    outcome = meaning(reply, of_sender=of_sender)
    of_mailbox = reply.enhanced is None and reply.code in _MAILBOX
    alone = of_mailbox or (reply.enhanced or "").startswith(_ALONE)
    return Receipt(
        message_id=message.id,
        outcome=outcome,
        permanent=outcome == REFUSED and reply.enhanced in DEAD and not of_sender,
        alone=outcome == RETRY and what == RECIPIENT and alone,
        code=reply.both,
        reason=f"the mail server refused {what}: {shown(reply.text)}",
    )


def shown(text: str) -> str:
    """Give a server's words on one line, not too many of them."""
    return joined(text[:_SHOWN])
