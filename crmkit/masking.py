"""URLs as they may be shown: a password in one is never printed, wherever somebody put it."""

from __future__ import annotations

import re

MASK = "***"
_LEAKING = re.compile(r"(?<![\w+.])[A-Za-z][\w+.]*:/(?:/?[^@/:\s]*:\S*@|\S*pass(?:word|wd)?=)\S*")
"""A URL with something between a colon and an @, or with an option that is called a password; one
slash is left of two where it was taken for a path."""
_PORT = re.compile(r"\d*(?:/|$)")
_EXAMPLE = ":password@"


def masked(url: str) -> str:
    """Give a URL without its password and its query, which may hold one.

    Passwords are often written as they are: with a slash, a question mark or an @ in them.

    Example:
        >>> masked("postgresql://lin:hunter2@db/shop?sslpassword=hunter3")
        'postgresql://lin:***@db/shop?***'
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return MASK
    login, at, place = rest.partition("@")
    user, colon, _ = login.partition(":")
    if not at or "/" in user or "?" in user:  # an @ in a path or an option ends no login
        user, colon, at, place = "", "", "", rest
    path, mark, _ = place.partition("?")
    more, _, path = path.rpartition("@") if at else ("", "", path)
    host, port, after = path.partition(":")
    if not at and port and "/" not in host and "[" not in host and not _PORT.match(after):
        path = f"{host}:{MASK}"  # half typed: what follows is no port
    login = f"{user}{':' + MASK if colon or more else ''}{at}"
    return f"{scheme}://{login}{path}{mark and f'?{MASK}'}"


def without_passwords(text: str) -> str:
    """Mask every URL with a password in a text for people.

    Example:
        >>> without_passwords("No such command 'postgresql://lin:hunter2@db/shop'.")
        "No such command 'postgresql://lin:***@db/shop'."
    """
    return _LEAKING.sub(lambda found: found[0] if _EXAMPLE in found[0] else masked(found[0]), text)
