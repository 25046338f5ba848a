"""Texts that must stand on one line, and letters that cannot be written.

A line break in a header begins another header. Control characters and the separators of Unicode
are line breaks to some programs, so they count as such here.
"""

from __future__ import annotations

import re

_BREAKS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def breaks(*texts: str | None) -> bool:
    r"""Tell whether one of the texts has a line break: as an address or a name it is refused.

    Example:
        >>> breaks("Ann\r\nBcc: everybody@example.com"), breaks("Ann\tLee", None)
        (True, False)
    """
    return any(map(_BREAKS.search, filter(None, texts)))


def joined(text: str) -> str:
    r"""Make one line of a text, such as a subject: what breaks or hides it becomes a space.

    Example:
        >>> joined("Your order\r\nis ready ")
        'Your order is ready'
    """
    return _CONTROLS.sub(" ", text).strip()


def written(text: str) -> str:
    r"""Replace halves of letters (lone surrogates), which no encoding can write.

    Example:
        >>> written("a\ud800b")
        'a?b'
    """
    return text.encode("utf-8", "replace").decode()
