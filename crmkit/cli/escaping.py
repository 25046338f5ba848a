"""Text from outside, made harmless: a terminal must never obey what a customer is called."""

from __future__ import annotations

import re

# C0 and C1 controls, line separators, and the marks that turn the direction of writing.
_OBEYED = "\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff"
_ANY = re.compile(f"[{_OBEYED}]")
_IN_JSON = re.compile("[\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def visible(text: str, keep: str = "") -> str:
    r"""Give a text with everything that a terminal would obey written out.

    Example:
        >>> visible("Ann\x1b[31m")
        'Ann\\x1b[31m'
    """
    return _ANY.sub(lambda found: found[0] if found[0] in keep else _written(found[0]), text)


def visible_json(text: str) -> str:
    """Do the same in JSON text, which stays the same JSON."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written(character: str) -> str:
    return repr(character)[1:-1]
