"""Zoho's values as the engine has them, and back, by the ``data_type`` of their field.

Source: https://www.zoho.com/crm/developer/docs/api/v8/get-records.html and insert-records.html:
instants are whole seconds with an offset, lookups are objects with an ``id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

NONE = "-None-"
"""What an empty picklist may hold."""
TYPES = {
    "text": "text",
    "textarea": "text",
    "email": "text",
    "phone": "text",
    "website": "text",
    "autonumber": "text",
    "picklist": "choice",
    "multiselectpicklist": "list",
    "boolean": "flag",
    "integer": "number",
    "bigint": "number",
    "long": "number",
    "double": "number",
    "decimal": "number",
    "currency": "number",
    "percent": "number",
    "date": "date",
    "datetime": "instant",
    "lookup": "reference",
    "ownerlookup": "reference",
    "userlookup": "reference",
}
"""The engine's type of each of Zoho's; any other is ``other``."""
PLAIN = frozenset(("text", "choice", "date"))
"""Types whose texts are spelled alike on both sides."""


def instant(value: Any) -> datetime | None:
    """Read an instant as Zoho writes it; None where it is none."""
    return _instant(value) if isinstance(value, str) else None


@lru_cache(maxsize=1_000)
def _instant(value: str) -> datetime | None:
    """Read an instant once: whole seconds, so that many records bear the same."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if at.tzinfo is None else at.astimezone(UTC)


def reference(value: Any) -> Any:
    """Give the id out of what a lookup holds."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return None if found in (None, "") else str(found)


def read(type_: str, value: Any) -> Any:
    """Give a value of Zoho's as the engine has it; what cannot be read stays as it is.

    Args:
        type_: The engine's type of the field.
        value: As the JSON holds it.
    """
    if value is None or value in ("", [], {}):
        return None
    if type_ == "text" and isinstance(value, str):
        return value
    if type_ in PLAIN:
        text = _text(value)
        return None if type_ == "choice" and text == NONE else text
    if type_ == "reference":
        return reference(value)
    if type_ == "number":
        return _number(value)
    if type_ == "flag":
        return value.lower() == "true" if isinstance(value, str) else bool(value)
    if type_ == "instant":
        at = instant(value)
        return value if at is None else at.isoformat()
    if type_ == "list":
        return (
            [str(one) for one in value if one != NONE] if isinstance(value, list) else [str(value)]
        )
    return reference(value) if isinstance(value, Mapping) and "id" in value else value


def write(type_: str, kind: str, value: Any) -> Any:
    """Give a value of the engine's as Zoho takes it; None empties the field.

    Args:
        type_: The engine's type of the field.
        kind: Zoho's ``data_type`` of it.
        value: As the engine has it.
    """
    if value is None:
        return False if type_ == "flag" else None
    if type_ in PLAIN and isinstance(value, str):
        return value
    if type_ == "reference":
        return {"id": str(value)}
    if type_ == "instant":
        at = instant(value)
        return value if at is None else at.isoformat(timespec="seconds")
    if kind in ("bigint", "long"):
        return str(value)  # beyond what every JSON reader takes for a whole number
    if isinstance(value, (Decimal, float)) and not isinstance(value, bool):
        return _plain(value)
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):  # a lookup whose type nobody told
        return reference(value) or str(value.get("name") or "") or None
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return _plain(number) if number.is_finite() else value


def _plain(number: Decimal | float) -> int | float:
    """Give a number as JSON writes it, a whole one without a point."""
    whole = int(number)
    return whole if whole == number else float(number)
