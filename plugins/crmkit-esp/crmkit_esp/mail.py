"""What the three providers are given alike: checked addresses, headers, and our id."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import formataddr, parseaddr

import attrs

from crmkit.contracts.channel import Message
from crmkit.contracts.lines import breaks, joined, written
from crmkit.contracts.message_ids import made

KEY = "crmkit_id"
"""Name under which a provider keeps our id of a message, and tells it with every receipt."""
_LINK = re.compile(r"https?://[!-;=?-~]{1,900}")
_OWN = frozenset(
    "bcc cc content-transfer-encoding content-type date from list-unsubscribe "
    "list-unsubscribe-post message-id mime-version received reply-to return-path sender subject "
    "to".split()
)
"""Headers that are the channel's own, or the provider's."""


class Unsendable(Exception):  # noqa: N818 - says what the message is
    """The message cannot go to this person; the text says why."""


@attrs.frozen(kw_only=True)
class Envelope:
    """What goes into the head of a message.

    Attributes:
        address: Bare address, in ASCII.
        name: The recipient's name; may be empty.
        subject: On one line.
        headers: Message-ID, those for unsubscribing, and the message's own; what is the channel's
            or the provider's own is left out.
    """

    address: str
    name: str
    subject: str
    headers: dict[str, str]

    @property
    def to(self) -> str:
        """Name and address as a header has them."""
        return formataddr((self.name, self.address))


def envelope(message: Message, domain: str) -> Envelope:
    """Make the head of a message.

    Args:
        message: What is sent.
        domain: Of the sender; its Message-ID is of that.

    Raises:
        Unsendable: there is no content, the address is none, or a line break stands in it, in a
            name or in a header.
    """
    if not (message.text.strip() or message.html or message.template):
        raise Unsendable("content: there is none")
    for what, text in (("address", message.to), ("name", message.name)):
        if breaks(text):
            raise Unsendable(f"{what}: a line break stands in it")
    headers = {"Message-ID": made(message.id, domain)}
    if message.unsubscribe and not _LINK.fullmatch(message.unsubscribe):
        raise Unsendable("content: the unsubscribe link is no URL in ASCII")
    if message.unsubscribe:  # RFC 8058
        headers["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    headers.update({k: v for k, v in message.headers.items() if k.lower() not in _OWN})
    for name, value in headers.items():
        if breaks(name, value) or not name.isascii():
            raise Unsendable(f"content: a line break stands in the header {name[:40]!r}")
    return Envelope(
        address=_address(message.to),
        name=written(message.name),
        subject=joined(message.subject or ""),
        headers=headers,
    )


def _address(text: str) -> str:
    """Check a bare address, and write its domain in ASCII."""
    local, at, domain = text.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode()}"
        parsed = Address(addr_spec=plain)
    except (UnicodeError, ValueError, IndexError, MessageError):
        raise Unsendable("address: no e-mail address") from None
    if not (at and local and "." in domain and plain.isascii() and parsed.addr_spec == plain):
        raise Unsendable("address: no e-mail address")
    return plain


def ascii_sender(sender: str) -> str:
    """Write the sender's name in ASCII, as a header has it (RFC 2047)."""
    return formataddr(parseaddr(sender))


def domain_of(sender: str) -> str:
    """Give the domain of an address, with a name or without."""
    return parseaddr(sender)[1].rpartition("@")[2]
