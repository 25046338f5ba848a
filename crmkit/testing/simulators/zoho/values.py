"""What a simulated Zoho takes into a field, and what it says of anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from crmkit.testing.simulators.zoho.columns import Column
from crmkit.testing.simulators.zoho.state import Refused, State

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
_TEXTS = frozenset(("text", "textarea", "email", "phone", "website", "picklist"))


def taken(state: State, module: str, given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Check a record's fields and give what is kept; what is no field is left out, as Zoho does.

    Raises:
        Refused: a field takes no such value.
    """
    columns = state.columns(module)
    kept = {}
    for name, value in given.items():
        column = columns.get(name)
        if column is None or column.readonly:
            continue
        where: dict[str, Any] = {"api_name": name, "json_path": f"{path}.{name}"}
        kept[name] = None if value is None else _taken(state, column, value, where)
        if value is None and column.mandatory:
            raise Refused("MANDATORY_NOT_FOUND", "required field not found", **where)
    return kept


def complete(state: State, module: str, values: Mapping[str, Any], path: str) -> None:
    """Refuse a new record that lacks a field it must have."""
    for name, column in state.columns(module).items():
        if column.mandatory and values.get(name) in (None, ""):
            where: dict[str, Any] = {"api_name": name, "json_path": f"{path}.{name}"}
            raise Refused("MANDATORY_NOT_FOUND", "required field not found", **where)


def single(
    state: State, module: str, values: Mapping[str, Any], path: str, own: str | None
) -> None:
    """Refuse a value that another record has, where the field allows it only once."""
    for name, column in state.columns(module).items():
        if not column.unique or values.get(name) in (None, ""):
            continue
        others = [one for one in state.book.find(module, name, values[name]) if one.id != own]
        if others:
            raise Refused(
                "DUPLICATE_DATA",
                "duplicate data",
                api_name=name,
                json_path=f"{path}.{name}",
                id=others[0].id,
                duplicate_record={"id": others[0].id, "module": {"api_name": module}},
                more_records=len(others) > 1,
            )


def _taken(state: State, column: Column, value: Any, where: dict[str, Any]) -> Any:
    kind = column.kind
    if kind in _TEXTS:
        return _text(column, value, where)
    if kind in ("lookup", "ownerlookup"):
        return _reference(state, column, value, where)
    if kind == "multiselectpicklist":
        if not isinstance(value, list) or not set(value) <= set(column.choices):
            raise Refused("INVALID_DATA", "invalid data", expected_data_type="jsonarray", **where)
        return value
    if not _fits(kind, value):
        raise Refused("INVALID_DATA", "invalid data", expected_data_type=kind, **where)
    return value


def _fits(kind: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "double", "currency"):
        wanted = int if kind == "integer" else (int, float)
        return isinstance(value, wanted) and not isinstance(value, bool)
    try:
        if kind == "date":
            return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
        if kind == "datetime":
            return bool(_INSTANT.fullmatch(value)) and bool(datetime.fromisoformat(value))
    except (ValueError, TypeError):
        return False
    return True


def _text(column: Column, value: Any, where: dict[str, Any]) -> str | None:
    if not isinstance(value, str):
        raise Refused("INVALID_DATA", "invalid data", expected_data_type="text", **where)
    if len(value) > column.length:
        raise Refused("INVALID_DATA", "invalid data", maximum_length=column.length, **where)
    if column.kind == "email" and value and not _EMAIL.fullmatch(value):
        raise Refused("INVALID_DATA", "invalid data", expected_data_type="email", **where)
    if column.kind == "picklist" and column.choices and value not in column.choices:
        supported = list(column.choices)
        raise Refused("INVALID_DATA", "invalid data", supported_values=supported, **where)
    return value or None


def _reference(state: State, column: Column, value: Any, where: dict[str, Any]) -> str:
    id_ = value.get("id") if isinstance(value, Mapping) else value
    if column.kind == "ownerlookup":
        known = id_ in state.users
    elif column.of == "*":
        known = any(state.book.get(module, str(id_)) for module in state.modules)
    else:
        known = state.book.get(column.of, str(id_)) is not None
    if not known:
        raise Refused("INVALID_DATA", "the id given seems to be invalid", **where)
    return str(id_)
