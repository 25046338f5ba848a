"""Tryton's JSON: what JSON has no word for is an object with its ``__class__``.

Instants are in UTC and carry no offset; their parts are numbers of their own. Source:
``trytond/protocols/jsonrpc.py`` of Tryton 8.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

TYPES = {
    "char": "text",
    "text": "text",
    "fulltext": "text",
    "reference": "reference",
    "integer": "number",
    "biginteger": "number",
    "float": "number",
    "numeric": "number",
    "boolean": "flag",
    "date": "date",
    "datetime": "instant",
    "timestamp": "instant",
    "selection": "choice",
    "many2one": "reference",
    "one2one": "reference",
    "many2many": "list",
    "one2many": "list",
    "multiselection": "list",
}
"""crmkit's type of each of Tryton's; the rest is ``other``."""
CUSTOMER = "party.party,"
"""A reference may be to any model; one to a party, such as a note's, is given by its id alone."""
_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class BadValue(ValueError):  # noqa: N818 - says what is wrong
    """A value does not fit a field's type; its text says why."""


def moment(at: datetime) -> dict[str, Any]:
    """Give an instant as Tryton takes it; without an offset it is taken for UTC."""
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return {"__class__": "datetime", **{part: getattr(at, part) for part in _PARTS}}


def instant(value: Any) -> datetime | None:
    """Read an instant; None where there is none."""
    if not isinstance(value, Mapping) or value.get("__class__") != "datetime":
        return None
    return datetime(**{part: int(value.get(part, 0)) for part in _PARTS}, tzinfo=UTC)


def _day(value: Any) -> str:
    return date(int(value["year"]), int(value["month"]), int(value["day"])).isoformat()


def _decimal(value: Any) -> Any:
    return Decimal(value["decimal"]) if isinstance(value, Mapping) else value


def read(kind: str, value: Any) -> Any:
    """Turn a value of a field of Tryton's type `kind` into crmkit's; what is empty is None."""
    if value in (None, "", []):
        return None
    if kind == "boolean":
        return bool(value)  # SQLite answers 1 and 0
    if kind == "date":
        return _day(value)
    if kind in {"datetime", "timestamp"}:
        at = instant(value)
        return None if at is None else at.isoformat()
    if kind == "numeric":
        return _decimal(value)
    if kind in {"many2one", "one2one", "reference"}:
        return str(value).removeprefix(CUSTOMER)
    if kind == "many2many":
        return [str(item) for item in sorted(value)]  # Tryton's order is by name, and changes
    if TYPES.get(kind) == "list":
        return [str(item) for item in value]
    return value


def write(kind: str, value: Any) -> Any:
    """Turn a value of crmkit's into that of a field of Tryton's type `kind`.

    Raises:
        BadValue: it cannot be one.
    """
    if value is None or value == "":
        return False if kind == "boolean" else None
    if kind not in _WRITERS:
        raise BadValue(f"a field of Tryton's type {kind} cannot be written")
    try:
        return _WRITERS[kind](value)
    except (TypeError, ValueError, InvalidOperation, AttributeError) as error:
        raise BadValue(f"{value!r:.80} is no {TYPES[kind]}") from error


def _whole(value: Any) -> int:
    if value != int(value):
        raise ValueError("it has decimals")
    return int(value)


def _exact(value: Any) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": str(Decimal(str(value)))}


def _date(value: Any) -> dict[str, Any]:
    day = date.fromisoformat(value)
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def _second(value: Any) -> dict[str, Any]:
    return moment(datetime.fromisoformat(value).replace(microsecond=0))  # it keeps none


_WRITERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("char", "text", "fulltext", "selection"), str),
    "reference": lambda value: value if "," in value else f"{CUSTOMER}{int(value)}",
    **dict.fromkeys(("integer", "biginteger"), _whole),
    "float": float,
    "numeric": _exact,
    "boolean": bool,
    "date": _date,
    "datetime": _second,
    "timestamp": lambda value: moment(datetime.fromisoformat(value)),
    **dict.fromkeys(("many2one", "one2one"), int),
    "many2many": lambda value: [int(item) for item in value],
    "multiselection": list,
}
