"""Fields of a party that Tryton keeps in rows of their own: e-mail, telephone, identifiers.

A party has any number of contact mechanisms in an order of their own; as Tryton's own forms do,
the first one of a kind counts. An identifier of ours has no type, since its types are those of
states and their offices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.contracts.connector import Field

OURS = "crmkit:"
"""What an identifier of ours begins with; another one without a type is somebody else's."""


@attrs.frozen
class Part:
    """One such field.

    Attributes:
        rows: Field of the party that lists the rows.
        model: Model of the rows.
        column: Where a row has the value.
        kind: The row's type; None: one without a type.
        compact: Where a row has a telephone number as machines write it; None: it has none.
    """

    rows: str
    model: str
    column: str
    kind: str | None
    compact: str | None = None

    def columns(self) -> tuple[str, ...]:
        """Name what must be read of a row."""
        return ("type", self.column, *((self.compact,) if self.compact else ()))

    def of(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Give the row that counts; None: the party has none of this kind."""
        rows = [one for one in _rows(row, self.rows) if one.get("type") == self.kind]
        if self.kind is None:
            rows.sort(key=lambda one: not str(one.get(self.column)).startswith(OURS))
        return rows[0] if rows else None

    def value(self, row: Mapping[str, Any] | None) -> str | None:
        """Give the value of such a row."""
        if row is None:
            return None
        return (self.compact and row.get(self.compact)) or row.get(self.column) or None

    def actions(self, party: Mapping[str, Any], value: str | None) -> list[list[Any]]:
        """Say what must happen to the rows so that the first one has a value; nothing: it has."""
        row = self.of(party)
        had = self.value(row)
        if (value or None) == had or (row is not None and value == row.get(self.column)):
            return []
        if not value:
            return [["delete", [row["id"]]]] if row is not None else []
        foreign = self.kind is None and value.startswith(OURS) != str(had).startswith(OURS)
        if row is None or foreign:
            return [["create", [{"type": self.kind, self.column: value}]]]
        return [["write", [row["id"]], {self.column: value}]]


def _mechanism(kind: str, compact: str | None = None) -> Part:
    return Part("contact_mechanisms", "party.contact_mechanism", "value", kind, compact)


PARTS = {
    "email": _mechanism("email"),
    "phone": _mechanism("phone", "value_compact"),
    "mobile": _mechanism("mobile", "value_compact"),
    "fax": _mechanism("fax", "value_compact"),
    "website": _mechanism("website"),
    "identifier": Part("identifiers", "party.identifier", "code", None),
}
"""Those of ``party.party``."""


def parts_of(entity: str) -> Mapping[str, Part]:
    """Give the fields of an object that are rows of their own."""
    return PARTS if entity == "party.party" else {}


def described(labels: Mapping[str, str]) -> list[Field]:
    """Describe them; `labels` has Tryton's own names of some."""
    return [
        Field(name=name, label=labels.get(name) or name.capitalize(), unique=True) for name in PARTS
    ]


def _rows(row: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return [one for one in row.get(f"{name}.") or () if isinstance(one, Mapping)]
