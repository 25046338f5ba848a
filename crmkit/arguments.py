"""What callers hand over, checked where it comes in: given back as it is needed, or refused.

Each checker raises one `InvalidValueError` that names the argument, says what would be right and
shows what came. So nothing further in meets a value it cannot keep, and no error of Python's own
reaches a host application.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import index
from pathlib import Path, PurePath
from typing import Any, NoReturn, TypeVar

from crmkit.errors import InvalidValueError
from crmkit.masking import without_passwords

T = TypeVar("T")

ID_LIMIT = 200
"""Most characters of an id, a name of a system, who decided."""
TEXT_LIMIT = 1_000_000
"""Most characters of one text."""
MOST = 1_000_000_000
"""Most rows that may be asked for at once."""
_SHOWN = 80
_LOOKED_AT = 1000
_SEQ_DIGITS = 18


def show(value: object) -> str:
    """Show a value in an error: short, on one line, whatever it is; a URL without its password."""
    try:
        text = repr(value[:_LOOKED_AT] if isinstance(value, (str, bytes)) else value)
    except Exception:  # noqa: BLE001 - a broken repr must not hide the reason
        text = f"<{type(value).__name__}>"
    text = without_passwords(text[:_LOOKED_AT])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def refuse(field: str, why: str, *got: object) -> NoReturn:
    """Raise the one line that a wrong argument is, with what was got."""
    shown = "".join(f", got {show(value)}" for value in got)
    raise InvalidValueError(f"{field} {why}{shown}", field=field)


def flaw(value: str, limit: int = TEXT_LIMIT) -> str:
    """Say why a text cannot be kept by every store; empty where it can."""
    if len(value) > limit:
        return f"has {len(value)} characters, at most {limit} are kept"
    if "\0" in value:
        return "contains a NUL character, which no database keeps: remove it"
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "contains half a character (a lone surrogate): decode the text as it was meant"
    return ""


def text(field: str, value: object, limit: int = TEXT_LIMIT, *, least: int = 0) -> str:
    """Take a text that every store keeps, of `least` to `limit` characters."""
    if not isinstance(value, str):
        refuse(field, "must be text", value)
    why = flaw(value, limit)
    if why:
        refuse(field, why)
    if len(value.strip()) < least:
        refuse(field, "must not be empty")
    return str.__str__(value)


def optional_text(field: str, value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Take a text or None."""
    return None if value is None else text(field, value, limit)


def texts(field: str, value: object, limit: int = TEXT_LIMIT) -> tuple[str, ...]:
    """Take several texts; one alone is a list of one."""
    given = (value,) if isinstance(value, str) else items(field, value, "texts")
    return tuple(text(field, one, limit) for one in given)


def path(field: str, value: object) -> Path:
    """Take the path of a file or a folder: a `Path`, or text."""
    if isinstance(value, PurePath):
        return Path(value)
    return Path(text(field, value, least=1))


def items(field: str, value: object, what: str) -> Iterable[Any]:
    """Take something that can be gone through: a text or a mapping is one thing, not several."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        refuse(field, f"must be a list or another iterable of {what}", value)
    return value


def instance(field: str, value: object, kind: type[T], instead: str) -> T:
    """Take an object of a class; `instead` says what that is and where it comes from."""
    if not isinstance(value, kind):
        refuse(field, f"must be {instead}", value)
    return value


def mapping(field: str, value: object, instead: str) -> Mapping[Any, Any]:
    """Take a mapping; `instead` says of what, with an example."""
    if not isinstance(value, Mapping):
        refuse(field, f"must be {instead}", value)
    return value


def callback(field: str, value: Callable[..., Any] | None) -> None:
    """Refuse what cannot be called, before anything is done that would have to call it."""
    if value is not None and not callable(value):
        refuse(field, "must be something that can be called", value)


def choice(field: str, value: object, words: Collection[str]) -> str:
    """Take one of several words."""
    if not isinstance(value, str) or value not in words:
        refuse(field, f"must be one of {', '.join(words)}", value)
    return str.__str__(value)


def flag(field: str, value: object) -> bool:
    """Take a truth value; a number or a text is none."""
    if not isinstance(value, bool):
        refuse(field, "must be True or False", value)
    return value


def count(field: str, value: Any, least: int = 0) -> int:
    """Take a number of things: whole, from `least` to a thousand million."""
    try:
        whole = index(value)
    except TypeError:
        whole = -1
    if isinstance(value, bool) or not least <= whole <= MOST:
        refuse(field, f"must be a whole number from {least} to {MOST:,}", value)
    return whole


def number(field: str, value: Any, least: float = -math.inf, most: float = math.inf) -> float:
    """Take a finite number, `least` to `most`; a text is none."""
    found = math.nan
    if not isinstance(value, (bool, str, bytes)):
        try:
            found = float(value)
        except (TypeError, ValueError, ArithmeticError):
            found = math.nan
    if not (math.isfinite(found) and least <= found <= most):
        refuse(field, f"must be a number{_range(least, most)}", value)
    return found


def _range(least: float, most: float) -> str:
    """Tell the ends of a range, where it has any."""
    if math.isinf(most):
        return "" if math.isinf(least) else f" of {least:g} or more"
    return f" from {least:g} to {most:g}"


def seq_of(value: str) -> int | None:
    """Give the place in the logs that an id made by crmkit stands for; None where it is no such."""
    plain = value.isascii() and value.isdigit() and len(value) <= _SEQ_DIGITS
    return int(value) if plain else None
