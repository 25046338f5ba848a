"""What a customer wrote back: his own words, and not those of his absence note."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

from crmkit.contracts.channel import Delivery
from crmkit.contracts.message_ids import found
from crmkit.contracts.replies import automatic, own_words, text_of_html


def answered(
    headers: Mapping[str, str],
    words: str,
    *,
    sender: str | None = None,
    at: datetime | None = None,
    event_id: str | None = None,
) -> tuple[Delivery, ...]:
    """Give a reply as what it is; nothing for one that a machine wrote (RFC 3834).

    Args:
        headers: Of the mail that came in; names in any case.
        words: Its text.
        sender: Who wrote, where the headers' ``From`` is not to be asked.
        at: When.
        event_id: The provider's id, where the mail has no Message-ID.
    """
    head = {name.lower(): value for name, value in headers.items()}
    if automatic(head):
        return ()
    own = head.get("message-id", "").strip() or event_id
    referred = " ".join(head.get(name, "") for name in ("in-reply-to", "references"))
    return (
        Delivery(
            what="replied",
            message_id=found(referred),
            provider_id=own,
            event_id=own,
            at=at,
            address=parseaddr(sender or head.get("from", ""))[1].lower() or None,
            text=own_words(words),
        ),
    )


def parsed(raw: bytes) -> tuple[dict[str, str], str]:
    """Give headers and text of a mail."""
    mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
    part = mail.get_body(("plain", "html"))
    try:
        words = part.get_content() if part is not None else ""
    except (LookupError, KeyError, UnicodeError):  # a charset or a kind that nobody knows
        words = ""
    if part is not None and part.get_content_subtype() == "html":
        words = text_of_html(str(words))
    return {name: str(value) for name, value in mail.items()}, str(words)
