"""Cells and values: what stands in a file, and what crmkit knows it as.

A cell that is not what its column's type says is given as the text it is: its record alone is then
refused where it is used, and the others go on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

YES, NO = "true", "false"
_FLAGS = {YES: True, "yes": True, "1": True, NO: False, "no": False, "0": False}
# a formula of a spreadsheet; a telephone number or a negative amount is none
_FORMULA = re.compile(r"'*(?![+-][\d .,()/-]*$)[=+\-@\t\r]")


def guarded(text: str) -> str:
    """Write a text so that no spreadsheet runs it; `bare` gives it back.

    Example:
        >>> guarded("=1+1"), guarded("+86 138 0013 8000"), bare(guarded("'=x"))
        ("'=1+1", '+86 138 0013 8000', "'=x")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def bare(cell: str) -> str:
    """Take off what `guarded` put before a text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def value_of(cell: str, kind: str) -> Any:
    """Read a cell; an empty one is None.

    Example:
        >>> value_of("7.50", "number"), value_of("soon", "date"), value_of("a; b", "list")
        (Decimal('7.50'), 'soon', ['a', 'b'])
    """
    if not cell:
        return None
    try:
        return _READ.get(kind, str)(cell)
    except (ValueError, InvalidOperation):
        return cell


def cell_of(value: Any, kind: str) -> str:
    """Write a value; `value_of` reads an equal one.

    Raises:
        ValueError: it is of another type than the column's; the message says which.
    """
    if value is None or value in ("", []):
        return ""
    return _WRITE.get(kind, _text)(value)


def _number(cell: str) -> int | Decimal:
    text = cell.strip()
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(cell)
    return int(text) if re.fullmatch(r"-?\d+", text) else number


def _flag(cell: str) -> bool:
    found = _FLAGS.get(cell.strip().lower())
    if found is None:
        raise ValueError(cell)
    return found


def _instant(cell: str) -> str:
    at = datetime.fromisoformat(cell.strip())
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _list(cell: str) -> list[str]:
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return [one.strip() for one in cell.split(";") if one.strip()]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text, got {type(value).__name__}")  # noqa: TRY004 - one kind
    return value


def _number_cell(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"must be a number, got {value!r:.40}")  # noqa: TRY004 - as above
    if not Decimal(value).is_finite():
        raise ValueError(f"must be a finite number, got {value}")
    return format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")


def _flag_cell(value: Any) -> str:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {value!r:.40}")  # noqa: TRY004 - as above
    return YES if value else NO


def _date_cell(value: Any) -> str:
    return date.fromisoformat(_text(value)).isoformat()


def _instant_cell(value: Any) -> str:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError(f"must have an offset, got {value!r}")
    return at.isoformat()


def _list_cell(value: Any) -> str:
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"must be a list of texts, got {value!r:.40}")
    plain = "; ".join(value)
    return plain if _list(plain) == list(value) else json.dumps(list(value), ensure_ascii=False)


_READ: dict[str, Callable[[str], Any]] = {
    "number": _number,
    "flag": _flag,
    "date": lambda cell: date.fromisoformat(cell.strip()).isoformat(),
    "instant": _instant,
    "list": _list,
}
_WRITE: dict[str, Callable[[Any], str]] = {
    "number": _number_cell,
    "flag": _flag_cell,
    "date": _date_cell,
    "instant": _instant_cell,
    "list": _list_cell,
}
