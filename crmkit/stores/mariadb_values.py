"""Values as MariaDB's SQL writes them, and the one number that it does not keep."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from crmkit.contracts.store import Row
from crmkit.errors import StoreError

_MINUS_ZERO = -2.5e-323
"""Stands for -0.0 in the database: MariaDB keeps every double to the bit but that one.

Five times the least double there is: nothing that anybody measures comes to it, and it sorts just
before 0.0.
"""


def kept(value: Any) -> Any:
    """Give a value as the database keeps it."""
    if type(value) is float and value == 0.0 and math.copysign(1, value) < 0:
        return _MINUS_ZERO
    return value


def double(text: str) -> float:
    """Read a double that the server wrote."""
    value = float(text)
    return -0.0 if value == _MINUS_ZERO else value


def writer(*, backslash: bool) -> Callable[[Row], str]:
    """Give what writes a row as SQL does, without its parentheses.

    Args:
        backslash: Whether the session takes a backslash in a text for the sign before another.
    """

    def text(value: str) -> str:
        if backslash:
            value = value.replace("\\", "\\\\")
        return "'" + value.replace("'", "''") + "'"

    by_type: dict[type, Callable[[Any], str]] = {
        str: text,
        int: int.__repr__,
        float: _float,
        bytes: _bytes,
        bool: lambda value: "1" if value else "0",
        type(None): lambda _: "NULL",
    }

    def row(values: Row) -> str:
        try:
            return ",".join([by_type[type(value)](value) for value in values])
        except KeyError:
            return ",".join([_odd(value, by_type) for value in values])

    return row


def _odd(value: Any, by_type: dict[type, Callable[[Any], str]]) -> str:
    for kind, write in by_type.items():
        if isinstance(value, kind):
            return write(value)
    raise StoreError(f"The row holds a {type(value).__name__}, which no database keeps")


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise StoreError(f"The row holds {value}, which MariaDB does not keep")
    return f"{kept(value)!r}e0" if "e" not in repr(kept(value)) else repr(kept(value))


def _bytes(value: bytes) -> str:
    return f"x'{value.hex()}'"
