"""Text of customers, made harmless where a terminal or another program shows it."""

from __future__ import annotations

import re

_COMMANDS = re.compile(
    # C0 but tab and line feed, DEL and C1, and what turns the direction of everything after it
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""Show control characters instead of obeying them; lines and tabs stay what they are.

    A terminal takes orders from a text: ``ESC`` may change the window, hide lines or type. What
    turns the writing direction could make one line look like another.

    Example:
        >>> visible("Hello\r\n\x1b[31mred")
        'Hello\n\\x1b[31mred'
    """
    return _COMMANDS.sub(_escaped, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    r"""Show a text on one line, its line breaks as ``\n``."""
    return visible(text).replace("\n", "\\n")


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
