"""The URL of a database on a server: what all of them are read by, and never shown in an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module

import sqlalchemy as sa

from crmkit.arguments import flaw
from crmkit.errors import ConfigError

_LONGEST = 864_000.0
"""Seconds that a URL may say: a server counts milliseconds in 31 bits."""


def need(driver: str, message: str) -> None:
    """Find out whether a driver is there, before SQLAlchemy stumbles over it.

    Args:
        driver: The module, which an extra brings.
        message: What is missing, and how to install it.

    Raises:
        ConfigError: it is not.
    """
    try:
        import_module(driver)
    except ImportError as error:
        raise ConfigError(message, key="url") from error


def read(text: str, driver: str, like: str, wrong: Callable[[str], ConfigError]) -> sa.URL:
    """Read a URL, whatever driver it names.

    Args:
        text: The URL; it may hold a password, so that no error shows it, nor those behind it.
        driver: SQLAlchemy's name of the driver that serves it.
        like: A URL to write instead.
        wrong: Gives the error, of what is wrong.

    Raises:
        ConfigError: it cannot be read.
    """
    if why := flaw(text):
        raise wrong(why)
    try:
        url = sa.make_url(text).set(drivername=driver)
    except (sa.exc.ArgumentError, ValueError):
        raise wrong(f"cannot be read: write {like}") from None
    if url.username is not None and "@" in text.partition("@")[2].partition("?")[0]:
        raise wrong("has more than one @: write one inside a password as %40, a / as %2F")
    if any("\0" in part for part in (url.username, url.password, url.database) if part):
        raise wrong("contains a NUL character: remove the %00")
    return url


def seconds(url: sa.URL, name: str, default: float) -> float:
    """Read a number of seconds.

    Raises:
        ConfigError: it is none, or is given twice.
    """
    text = url.query.get(name, str(default))
    try:
        found = float(text) if isinstance(text, str) else math.nan  # given twice, it is a tuple
    except ValueError:
        found = math.nan
    if not 0 <= found <= _LONGEST:
        must = "it must be a number of seconds, 0 or more, and at most ten days"
        message = f"The store's URL has {name}={text!r}: {must}"
        raise ConfigError(message, key="url")
    return found
