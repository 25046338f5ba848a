"""Values that must come back exactly: text, numbers and JSON, or a reason why they cannot.

`Fault` is how every rule of a record speaks: the field at fault and what would be right. It is
turned into a `Rejection` where the record is known, and never leaves this package.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from crmkit.arguments import ID_LIMIT, TEXT_LIMIT, flaw, show
from crmkit.model.touchpoint import NUMBER_LIMIT

__all__ = [
    "DEPTH_LIMIT",
    "DIGIT_LIMIT",
    "ID_LIMIT",
    "TEXT_LIMIT",
    "Fault",
    "attributes",
    "decimal",
    "encode",
    "identifier",
    "number",
    "show",
    "show_key",
    "text",
]

DIGIT_LIMIT = 100
"""Most digits of a number, before and after its point together."""
DEPTH_LIMIT = 50
"""Most levels of nesting in attributes."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_INTEGER_LIMIT = 10**4000  # Python itself refuses to write out more than 4300 digits
encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
"""Writes a JSON value so that equal ones are written alike; NaN is a ValueError."""
_FLAT = frozenset({str, int, bool, type(None)})


class Fault(Exception):  # noqa: N818 - it is caught where it is raised, never seen
    """One field of a record breaks a rule."""

    def __init__(self, field: str, reason: str) -> None:
        """Keep the field at fault, and what is wrong and would be right."""
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def text(field: str, value: object, limit: int = TEXT_LIMIT) -> str:
    """Give a text that every store can keep.

    Raises:
        Fault: it is no text, too long, or holds a NUL character or half a character.
    """
    if not isinstance(value, str):
        raise Fault(field, f"must be text, got {show(value)}")
    why = flaw(value, limit)
    if why:
        raise Fault(field, why)
    return str.__str__(value)


def identifier(field: str, value: object) -> str:
    """Give an id: text of 1 to 200 characters; a whole number is taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _INTEGER_LIMIT:
        value = str(int(value))
    if value is None or value == "":
        raise Fault(field, "is required and must not be empty")
    return text(field, value, ID_LIMIT)


def number(field: str, value: object) -> Decimal:
    """Read a finite number, exactly.

    Raises:
        Fault: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise Fault(field, f"must be a number such as '880.00', got {show(value)}")
    if isinstance(value, int):
        return Decimal(int(value))
    written = repr(float(value)) if isinstance(value, float) else str(value).strip()
    if len(written) > 2 * DIGIT_LIMIT or not _NUMBER.fullmatch(written):
        raise Fault(field, f"must be a finite number such as '880.00', got {show(value)}")
    try:
        return Decimal(written)
    except InvalidOperation:
        raise Fault(field, f"must be a finite number, got {show(value)}") from None


def decimal(field: str, value: object) -> str:
    """Give a number as exact decimal text: ``880.00`` stays ``880.00``.

    Raises:
        Fault: it is no finite number below 10^18 in size, or has more than 100 digits.
    """
    found = number(field, value)
    if found.copy_abs() >= NUMBER_LIMIT:
        most = f"{NUMBER_LIMIT:,}"
        raise Fault(field, f"must lie between -{most} and {most}, got {show(value)}")
    plain = format(found, "f") if found.adjusted() >= -DIGIT_LIMIT else ""
    if not plain or sum(map(str.isdigit, plain)) > DIGIT_LIMIT:
        raise Fault(field, f"has more than {DIGIT_LIMIT} digits")
    return plain


def attributes(value: Mapping[Any, Any], field: str = "attributes") -> str | None:
    """Write a mapping as JSON text that reads back exactly; None for an empty one.

    Raises:
        Fault: a key is no text, a value no JSON; `field` names the path to it.
    """
    if not value:
        return None
    if type(value) is not dict or not all(
        type(key) is str and type(item) in _FLAT for key, item in value.items()
    ):
        value = _Copy().of(value, field, DEPTH_LIMIT)
    try:
        written = encode(value)
    except ValueError:  # an integer of more than 4300 digits
        raise Fault(field, "contains a number that is too long to be written out") from None
    if len(written) > TEXT_LIMIT:
        raise Fault(
            field, f"makes {len(written)} characters of JSON, at most {TEXT_LIMIT} are kept"
        )
    if "\\u0000" in written or not written.isascii():
        _check_texts(value, field)
    return written


class _Copy:
    """Copies one JSON value to plain types, or says where it is none."""

    def __init__(self) -> None:
        """Allow as many values as fit into the limit: a list can hold itself many times over."""
        self._left = TEXT_LIMIT

    def of(self, value: Any, path: str, depth: int) -> Any:
        """Give a plain copy of `value`, which stands at `path` and may nest `depth` levels."""
        self._left -= 1
        if depth == 0 or self._left == 0:
            raise Fault(path, f"is nested more than {DEPTH_LIMIT} levels deep, or holds too much")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise Fault(path, f"must be a finite number, got {value!r}")
            return float(value)
        if isinstance(value, (list, tuple)):
            return [self.of(item, f"{path}[{at}]", depth - 1) for at, item in enumerate(value)]
        if isinstance(value, Mapping):
            return self._mapping(value, path, depth)
        raise Fault(path, f"must be a JSON value (text, number, list, mapping), got {show(value)}")

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        plain = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise Fault(path, f"has the key {show(key)}, keys must be text")
            plain[str.__str__(key)] = self.of(item, f"{path}.{show_key(key)}", depth - 1)
        return plain


def _check_texts(value: Any, path: str) -> None:
    """Find the text in a JSON value that no store can keep."""
    if isinstance(value, str):
        text(path, value)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _check_texts(item, f"{path}[{at}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            text(f"{path}.{show_key(key)}", key)
            _check_texts(item, f"{path}.{show_key(key)}")


def show_key(key: str) -> str:
    """Show a key in a path: printable and short."""
    return key if key.isprintable() and len(key) <= 50 else show(key)  # noqa: PLR2004
