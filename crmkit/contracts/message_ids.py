"""The Message-ID of a mail that carries one of our messages: ``<crmkit.ID@domain>``.

It is the same at every try, and an answer or a bounce names it: so what comes back by mail tells
which message it is about, whatever took it there.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_ATOM = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
# at most 700 characters: an id has 200, and each may be quoted as three
_OURS = re.compile(r"(?<![^\s<,;])crmkit\.([^\s<>@]{1,700})@([^\s<>@]+)", re.IGNORECASE)


def made(message_id: str, domain: str) -> str:
    """Give the Message-ID of one of our messages, in angle brackets.

    Args:
        message_id: Ours; what cannot stand there is quoted.
        domain: The sender's.

    Example:
        >>> made("m7", "shop.example"), made("a b", "shop.example")
        ('<crmkit.m7@shop.example>', '<crmkit.a%20b@shop.example>')
    """
    if not _ATOM.fullmatch(message_id):
        message_id = quote(message_id, safe="").replace(".", "%2E")
    return f"<crmkit.{message_id}@{domain}>"


def found(text: object, domain: str | None = None) -> str | None:
    """Find our id in a Message-ID, or in a list of them as ``References`` is.

    Args:
        text: What a header or an event says.
        domain: Whose Message-IDs count; None: anybody's.

    Example:
        >>> found("<other@x> <crmkit.m7@shop.example>"), found("<x@shop.example>")
        ('m7', None)
    """
    for one in _OURS.finditer(text) if isinstance(text, str) else ():
        if domain is None or one[2].lower() == domain.lower():
            return unquote(one[1])
    return None
