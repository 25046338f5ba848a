"""Telephone numbers in E.164: a plus, the country code and the number, 7 to 15 digits in all."""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def e164(text: str) -> bool:
    """Tell whether a text is a number in E.164 and nothing else; it may still be nobody's.

    Example:
        >>> e164("+8613800138000"), e164("13800138000"), e164("+86 138 0013 8000")
        (True, False, False)
    """
    return _E164.fullmatch(text) is not None
