"""Options in the URL of a store that several stores have."""

from __future__ import annotations

import math

import sqlalchemy as sa

from crmkit.errors import ConfigError


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
    if not 0 <= found < math.inf:
        message = f"The store's URL has {name}={text!r}: it must be a number of seconds, 0 or more"
        raise ConfigError(message, key="url")
    return found
