"""How a message is known again: its Message-ID, and signed tokens in a link or a return path.

Message-ID and token are the same at every try, so what came back for one try is known at the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from crmkit.channels.email.addresses import LONGEST_LOCAL
from crmkit.channels.email.settings import TOKEN
from crmkit.contracts import message_ids
from crmkit.contracts.signatures import read_token, token
from crmkit.errors import SignatureInvalid

_LETTERS = "[a-z2-7]+"  # of a token, in any case


class MessageIds:
    """Message-IDs of one sender."""

    def __init__(self, domain: str) -> None:
        """Take the sender's domain."""
        self._domain = domain

    def of(self, message_id: str) -> str:
        """Give the Message-ID of one of our messages, in angle brackets."""
        return message_ids.made(message_id, self._domain)

    def read(self, text: str) -> str | None:
        """Give our id from the first Message-ID of ours in a header; None: there is none."""
        return message_ids.found(text, self._domain)


class Marked:
    """An address or URL that carries the signed id of a message in a place of its own."""

    def __init__(self, template: str, secret: str | None, use: str) -> None:
        """Take a template with ``{token}``, or without: then it marks nothing.

        Args:
            template: The address or URL.
            secret: Signs; needed where the template has a place.
            use: What it is for; a token made for one use is a forgery in another.
        """
        self.template = template
        self.marks = TOKEN in template
        self._secret = f"{secret}\0{use}"
        before, _, after = template.partition(TOKEN)
        self._found = re.compile(
            rf"(?<![^\s<>\",:;]){re.escape(before)}({_LETTERS}){re.escape(after)}(?![\w.-])",
            re.IGNORECASE,
        )

    def token(self, message_id: str) -> str:
        """Give the token of a message."""
        return token(self._secret, message_id)

    def of(self, message_id: str) -> str:
        """Fill in the token of a message."""
        return self.template.replace(TOKEN, self.token(message_id)) if self.marks else self.template

    def address_of(self, message_id: str) -> str | None:
        """Fill an address in; None where its local part would be too long for a server."""
        filled = self.of(message_id)
        return filled if len(filled.rpartition("@")[0]) <= LONGEST_LOCAL else None

    def read(self, message_token: str) -> str:
        """Give the id that a token carries.

        Raises:
            SignatureInvalid: it was not made here for this use.
        """
        return read_token(self._secret, message_token)[0]

    def search(self, texts: Iterable[str]) -> tuple[str | None, bool]:
        """Look for a marked address in headers.

        Returns:
            The id of the first that is signed right, and whether there was one that is not.
        """
        forged = False
        if not self.marks:
            return None, forged
        for text in texts:
            for found in self._found.finditer(text):
                try:
                    return self.read(found[1]), forged
                except SignatureInvalid:
                    forged = True
        return None, forged
