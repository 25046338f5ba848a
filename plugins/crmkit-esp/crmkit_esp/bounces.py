"""Which bounces mean that an address is dead (RFC 3463)."""

from __future__ import annotations

import re

_DEAD = frozenset({"5.1.1", "5.1.10"})
"""No such mailbox; the domain takes no mail (null MX). 5.7.x is about the sender, 5.2.x passes."""
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")


def enhanced(*words: object) -> str | None:
    """Find the enhanced status code, such as ``5.1.1``, in the first text that has one."""
    for word in words:
        found = _STATUS.search(word) if isinstance(word, str) else None
        if found:
            return found[0]
    return None


def dead(code: str | None) -> bool:
    """Tell whether a status means that nobody will ever be reached there."""
    return code in _DEAD
