"""One of Tryton's models as the server describes it: its schema, and its records read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Field, Remote, SyncAborted
from crmkit_tryton import wire
from crmkit_tryton.parts import Part, described, parts_of
from crmkit_tryton.rpc import Refused, Rpc

_TIMES = ("create_date", "write_date")
_FOUND_BY = frozenset({"code", "number", "reference"})
_GIVEN = {("party.party", "code")}  # a sequence gives it where nobody does; it never changes then


@attrs.frozen
class Model:
    """A model.

    Attributes:
        name: ``party.party``.
        fields: What ``fields_get`` tells of each field.
    """

    name: str
    fields: Mapping[str, Mapping[str, Any]]

    @property
    def parts(self) -> Mapping[str, Part]:
        """Its fields that are rows of their own."""
        return parts_of(self.name)

    def everything(self) -> list[Any]:
        """Give the domain that leaves inactive records in; without it Tryton leaves them out."""
        return [["active", "in", [True, False]]] if "active" in self.fields else []

    def kind(self, field: str) -> str:
        """Give Tryton's type of a field."""
        return str(self.fields[field]["type"])

    def needed(self) -> set[str]:
        """Name the fields that a record must have, unless Tryton fills them in."""
        return {
            name
            for name, told in self.fields.items()
            if told.get("required")
            and told["type"] != "boolean"
            and (self.name, name) not in _GIVEN
        }

    def described(self, needed: Collection[str]) -> tuple[Field, ...]:
        """Describe the fields as crmkit knows them; those `needed` are required."""
        names = sorted(self.fields.keys() - self.parts.keys(), key=lambda one: (one != "name", one))
        own = [self._field(name, name in needed) for name in names]
        labels = {name: str(one.get("string", "")) for name, one in self.fields.items()}
        return tuple(own + (described(labels) if self.parts else []))

    def _field(self, name: str, required: bool) -> Field:  # noqa: FBT001 - one of the facts
        told = self.fields[name]
        kind = str(told["type"])
        options = told.get("selection")
        listed = options if isinstance(options, list) else ()  # a text names a method instead
        choices = tuple(str(one[0]) for one in listed if one[0])
        known = wire.TYPES.get(kind, "other")
        return Field(
            name=name,
            type="text" if known == "choice" and not choices else known,
            label=str(told.get("string") or ""),
            required=required,
            readonly=self._closed(name, kind),
            unique=name in _FOUND_BY and bool(told.get("searchable", True)),
            choices=choices if known == "choice" else (),
            length=told["size"] if isinstance(told.get("size"), int) else None,
        )

    def _closed(self, name: str, kind: str) -> bool:
        """Tell whether nobody writes a field by a mapping; archiving is what deleting is for."""
        told = bool(self.fields[name].get("readonly"))
        return told or name == "active" or kind == "one2many" or kind not in wire.TYPES

    def known(self, fields: Iterable[str]) -> list[str]:
        """Give the fields.

        Raises:
            SyncAborted: the model has not all of them.
        """
        wanted = list(dict.fromkeys(fields))
        missing = [one for one in wanted if one not in self.fields and one not in self.parts]
        if missing:
            raise SyncAborted(f"Tryton: {self.name} has no field {', '.join(missing)}")
        return wanted

    def columns(self, fields: Sequence[str]) -> list[str]:
        """Name what must be asked of Tryton to read these fields, and when they were changed."""
        parts = [self.parts[name] for name in fields if name in self.parts]
        nested = [
            f"{part.rows}.{column}" for part in parts for column in (*part.columns(), *_TIMES)
        ]
        usual = [name for name in ("active", "replaced_by") if name in self.fields]
        plain = [name for name in fields if name not in self.parts]
        return list(dict.fromkeys([*plain, *nested, *usual, *_TIMES, "_timestamp"]))

    def remote(self, row: Mapping[str, Any], fields: Sequence[str]) -> Remote:
        """Make a record of what Tryton answered; an inactive one is gone for its people."""
        into = row.get("replaced_by")
        gone = not row.get("active", True)
        return Remote(
            id=str(row["id"]),
            values={} if gone else {name: self.value(row, name) for name in fields},
            changed_at=changed(row),
            created_at=wire.instant(row.get("create_date")),
            deleted=gone,
            merged_into=str(into) if gone and into else None,
            version=row.get("_timestamp"),
        )

    def value(self, row: Mapping[str, Any], name: str) -> Any:
        """Read one field."""
        part = self.parts.get(name)
        if part is not None:
            return part.value(part.of(row))
        return wire.read(self.kind(name), row.get(name))


def changed(row: Mapping[str, Any]) -> datetime | None:
    """Tell when a record was last changed, or one of the rows that were read with it.

    Tryton moves only the row's own time where a telephone number is changed, not its party's.
    """
    nested = [
        one
        for name, rows in row.items()
        if name.endswith(".") and isinstance(rows, list)
        for one in rows
    ]
    times = [
        wire.instant(one.get("write_date")) or wire.instant(one.get("create_date"))
        for one in (row, *nested)
    ]
    return max((at for at in times if at is not None), default=None)


def describe(rpc: Rpc, name: str) -> Model:
    """Ask Tryton what a model looks like.

    Raises:
        SyncAborted: there is none, or the user may not read it.
    """
    try:
        fields = rpc.call(f"model.{name}.fields_get", [])
    except Refused as error:
        message = f"Tryton has no {name} for this user: {error.reason}"
        raise SyncAborted(message) from error
    return Model(name, fields)


def unfilled(rpc: Rpc, model: Model) -> set[str]:
    """Name the fields that a new record must be given, since Tryton does not fill them in."""
    needed = model.needed()
    if not needed:
        return needed
    try:
        given = rpc.call(f"model.{model.name}.default_get", sorted(needed), False)  # noqa: FBT003
    except Refused:
        return needed
    return {one for one in needed if given.get(one) is None}
