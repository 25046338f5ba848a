"""Values on their way between us and a CRM, and when two of them are the same.

Here a value is plain JSON on both sides: what `crmkit.contracts.connector` says of theirs holds for
ours too. Two values are the same where nobody could tell them apart in the CRM: trimmed, with line
ends of either kind, numbers by amount, instants by instant, lists in any order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from crmkit.capture.exact import Fault, show
from crmkit.capture.normalise import Normaliser
from crmkit.contracts.connector import Field
from crmkit.sync.settings import FieldRule

_NEVER = re.compile(r"[\W_]+")
_YES = frozenset({"true", "yes", "1", "on", "y"})
_NO = frozenset({"false", "no", "0", "off", "n"})
_SEPARATOR = ";"
Value = Any


def plain(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Give what a connector told as JSON has it: a number as exactly as it can, else as text."""
    if not any(type(value) is Decimal for value in values.values()):
        return values
    return {
        name: _exact(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
    }


def empty(value: Value) -> bool:
    """Tell whether there is nothing in it."""
    return value is None or (isinstance(value, (str, list, tuple)) and not value)


def same(one: Value, other: Value, kind: str, normaliser: Normaliser) -> bool:
    """Tell whether two values, in the CRM's spelling, are the same.

    Args:
        one: A value.
        other: Another.
        kind: The type of our field.
        normaliser: Spells e-mail addresses and phone numbers.
    """
    if one == other or (empty(one) and empty(other)):
        return True
    if empty(one) or empty(other):
        return False
    if isinstance(one, str) and isinstance(other, str):
        one, other = _plain(one), _plain(other)
        if one == other:
            return True
        if kind in ("email", "phone"):
            return (normaliser.key(kind, one) or one) == (normaliser.key(kind, other) or other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return sorted(map(str, one)) == sorted(map(str, other))
    if kind == "instant" or (isinstance(one, str) and "T" in one and isinstance(other, str)):
        first, second = instant_of(one), instant_of(other)
        return first is not None and first == second
    return _numbers(one, other)


def alike(one: Value, other: Value) -> bool:
    """Tell whether one value may be the other as the CRM tidied it: cut, or spelled its own way."""
    if isinstance(one, str) and isinstance(other, str):
        first, second = _letters(one), _letters(other)
        return first == second or (len(second) >= len(first) // 2 and first.startswith(second))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= abs(one) * 1e-3 + 1e-9  # rounded
    return False


def out(value: Value, rule: FieldRule, field: Field) -> Value:
    """Give one of our values as the CRM's field takes it.

    Raises:
        Fault: it cannot be said there; `field` names ours.
    """
    if empty(value):
        return None
    if rule.values:
        value = _word(value, rule.values, rule)
    try:
        return _OUT.get(field.type, _text)(value)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise Fault(rule.ours, f"{show(str(value))} is no {field.type} for {field.name}") from None


def into(value: Value, rule: FieldRule, kind: str) -> Value:
    """Give one of the CRM's values as our field takes it.

    Raises:
        Fault: it cannot be said here; `field` names theirs.
    """
    if empty(value):
        return None
    if rule.values:
        value = _word(value, rule.back, rule)
    try:
        return _INTO.get(kind, _text)(value)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise Fault(rule.theirs, f"{show(str(value))} is no {kind} for {rule.ours}") from None


def instant_of(value: Value) -> datetime | None:
    """Read an instant; None where it is none, or has no offset."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _letters(text: str) -> str:
    return _NEVER.sub("", unicodedata.normalize("NFKC", text).casefold())


def _numbers(one: Value, other: Value) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() == str(other).lower()
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return False


def _exact(number: Decimal) -> int | float | str:
    near = float(number)
    if not isfinite(near) or Decimal(repr(near)) != number:
        return str(number)
    return int(near) if near.is_integer() else near


def _word(value: Value, words: Mapping[str, str], rule: FieldRule) -> Value:
    found = words.get(str(value))
    if found is None:
        listed = ", ".join(words)
        message = f"{show(str(value))} is not among the values of the mapping: {listed}"
        raise Fault(rule.ours, message)
    return found


def _number(value: Value) -> Value:
    if isinstance(value, bool):
        return int(value)
    found = Decimal(str(value).strip())
    if not found.is_finite():
        raise ValueError
    return int(found) if found == found.to_integral_value() else float(found)


def _flag(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


def _date(value: Value) -> str:
    text = str(value)
    return date.fromisoformat(text[:10]).isoformat()


def _instant(value: Value) -> str:
    found = instant_of(value)
    if found is None:
        found = datetime.combine(date.fromisoformat(str(value)), datetime.min.time(), tzinfo=UTC)
    return found.isoformat()


def _list(value: Value) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    return [word.strip() for word in str(value).split(_SEPARATOR) if word.strip()]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return _SEPARATOR.join(map(str, value))
    return str(value)


def _any(value: Value) -> Value:
    return value


_OUT: dict[str, Callable[[Value], Value]] = {
    "number": _number,
    "flag": _flag,
    "date": _date,
    "instant": _instant,
    "list": _list,
    "other": _any,
}
_INTO: dict[str, Callable[[Value], Value]] = {
    "number": _number,
    "flag": _flag,
    "date": _date,
    "instant": _instant,
    "list": _list,
    "any": _any,
}
