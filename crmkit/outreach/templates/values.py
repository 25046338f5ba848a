"""Values as a template sees them: plain data, taken when they are read; what a render may cost.

None and blank text are empty: a template may test them or give a default, and cannot write them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined

from crmkit.outreach.templates.errors import ContentError

OUTPUT_LIMIT = 1_000_000
"""Most characters of one rendered text."""
WORK_LIMIT = 4_000_000
"""Most characters that filters, comparisons and loops may go through in one render."""
ITEMS_LIMIT = 1000
"""Most items of a list."""
_BLANK = 200  # a longer one is not looked through each time it is read
_COPIED = 100_000  # characters of a text of another class, which is copied each time it is read
_DIGITS = 30
_KINDS = frozenset({bool, date, datetime, dict, list, tuple})


class Missing(StrictUndefined):
    """A variable that is not there: every use but a test or a default is an error that names it."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The variable's last name."""
        return str(self._undefined_name)

    @property
    def _undefined_message(self) -> str:
        return self.name


class Empty(Missing):
    """A variable that is there and holds nothing: false, equal to nothing, without items."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Empty)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not isinstance(other, Empty)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(Empty)

    def __iter__(self) -> Any:
        return iter(())


class Work:
    """What one render has used up, and the language it writes."""

    __slots__ = ("language", "left")

    def __init__(self, language: str | None) -> None:
        """Begin with everything left."""
        self.language = language
        self.left = WORK_LIMIT

    def charge(self, amount: int) -> None:
        """Use up some of the work.

        Raises:
            ContentError: too little is left.
        """
        self.left -= amount
        if self.left < 0:
            raise ContentError("the template does too much: its texts or lists are too long")


def taken(value: Any, name: str) -> Any:
    """Take a value that a template reads: plain data, or what is missing.

    Raises:
        ContentError: it is an object, a number beyond all measure or not finite.
    """
    kind = type(value)
    if kind is str:
        blank = len(value) <= _BLANK and (not value or value.isspace())
        return Empty(name=name) if blank else value
    if value is None:
        return Empty(name=name)
    if kind in _KINDS or isinstance(value, Missing):
        return value
    if kind is int or kind is float:
        fits = -(10.0**_DIGITS) < value < 10.0**_DIGITS  # false for a NaN
        return value if fits else _unfit(name, "is a number that no message states")
    if kind is Decimal:
        return value if _states(value) else _unfit(name, "is a number that no message states")
    return taken(_plain(value, name), name)


def _states(value: Decimal) -> bool:
    """Tell whether a number can be written out: finite, and no longer than a line."""
    if not value.is_finite():
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_DIGITS and abs(value.adjusted()) <= _DIGITS


def _plain(value: Any, name: str) -> Any:
    """Give an object of a subclass as the plain value it is; no method of it reaches a template."""
    if isinstance(value, str):
        return str.__str__(value) if len(value) <= _COPIED else _unfit(name, "is too long a text")
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, datetime):
        return datetime.combine(date(value.year, value.month, value.day), value.timetz())
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, Mapping):
        return dict(value) if len(value) <= ITEMS_LIMIT else _unfit(name, "has too many parts")
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return list(value) if len(value) <= ITEMS_LIMIT else _unfit(name, "is too long a list")
    return _unfit(name, f"must be plain data, and is a {type(value).__name__}")


def _unfit(name: str, why: str) -> Any:
    raise ContentError(f"the variable {name} {why}", variable=name)


def written(value: Any) -> str:
    """Give a value as it stands in a text.

    Raises:
        ContentError: it is missing or empty, or no text, number or day.
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if isinstance(value, Missing):
        raise ContentError(value.name, variable=value.name)
    if kind is int:
        return str(value)
    if kind is Decimal:
        return f"{value:f}"
    if kind is float:
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    if kind is datetime:
        return f"{value:%Y-%m-%d %H:%M}" if value.year > 999 else str(value)  # noqa: PLR2004
    if kind is date:
        return str(value)
    if kind is bool:
        raise ContentError("true or false cannot be written: ask for it with if")
    what = "a list: join it" if kind in (list, tuple) else "no text: write a part of it"
    raise ContentError(f"a value cannot be written that is {what}")


def size(value: Any) -> int:
    """Give how much comparing a value may cost, at least 1.

    Raises:
        ContentError: it is no plain value, or a list of others than plain values.
    """
    kind = type(value)
    if kind is str:
        return len(value) + 1
    if kind in (list, tuple):
        if len(value) > ITEMS_LIMIT:
            raise ContentError("a list is too long")
        if any(type(item) in (list, tuple, dict) for item in value):
            raise ContentError("a list of lists or of mappings cannot be compared")
        return sum(len(item) if isinstance(item, str) else 1 for item in value) + 1
    if kind is dict:
        raise ContentError("a mapping cannot be compared")
    return 1
