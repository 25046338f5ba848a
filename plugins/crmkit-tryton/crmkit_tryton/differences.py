"""What must be written so that a record becomes what it should be, and nothing beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmkit_tryton import wire
from crmkit_tryton.model import Model


class Unfit(Exception):  # noqa: N818 - says what is wrong
    """A value fits no field of its type.

    Attributes:
        field: Which field.
    """

    def __init__(self, field: str, why: str) -> None:
        """Say why."""
        super().__init__(why)
        self.field = field


def difference(
    model: Model, values: Mapping[str, Any], row: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Give the values as Tryton takes them, but those that a record has already.

    Args:
        model: Its model.
        values: crmkit's values.
        row: The record as it is, read with these fields; None: a new one.

    Raises:
        Unfit: one of them cannot be written.
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        part = model.parts.get(name)
        if part is not None:
            actions = part.actions(row or {}, None if value is None else str(value))
            if actions:
                changes.setdefault(part.rows, []).extend(actions)
        elif row is None or not _same(model, row, name, value):
            changes[name] = _written(model, row or {}, name, value)
    return changes


def _same(model: Model, row: Mapping[str, Any], name: str, value: Any) -> bool:
    had = model.value(row, name)
    if model.kind(name) in {"many2many", "multiselection"}:
        return sorted(map(str, had or ())) == sorted(map(str, value or ()))
    return bool(had == (None if value == "" else value))


def _written(model: Model, row: Mapping[str, Any], name: str, value: Any) -> Any:
    kind = model.kind(name)
    try:
        written = wire.write(kind, value)
    except wire.BadValue as error:
        raise Unfit(name, str(error)) from error
    return _links(row.get(name) or (), written or []) if kind == "many2many" else written


def _links(had: Sequence[int], wanted: Sequence[int]) -> list[list[Any]]:
    """Say how a list of links becomes another one."""
    gone = [one for one in had if one not in wanted]
    more = [one for one in wanted if one not in had]
    return [*([["remove", gone]] if gone else []), *([["add", more]] if more else [])]
