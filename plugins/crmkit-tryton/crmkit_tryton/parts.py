"""Fields of a party that Tryton keeps in rows of their own: e-mail, telephone, identifiers.

A party has any number of contact mechanisms in an order of their own; as in Tryton's own forms, the
first one of a kind counts. An identifier of ours has no type, since Tryton's types are those of
states and their offices. What crmkit knows of a customer stands among the mechanisms too, each
under a name of its own: a party has no field for it, and that is where people look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from crmkit.contracts.connector import Field


@attrs.frozen
class Part:
    """One such field.

    Attributes:
        rows: Field of the party that lists the rows.
        model: Model of the rows.
        column: Where a row has the value.
        kind: The row's type; None: one without a type.
        compact: Where a row has a telephone number as machines write it; None: it has none.
        prefix: What the value begins with in Tryton, and not in crmkit; another row is not ours.
        name: Name of the row; None: it may have any.
    """

    rows: str
    model: str
    column: str
    kind: str | None
    compact: str | None = None
    prefix: str = ""
    name: str | None = None

    def columns(self) -> tuple[str, ...]:
        """Name what must be read of a row."""
        named = ("name",) if self.name else ()
        return ("type", self.column, *((self.compact,) if self.compact else ()), *named)

    def of(self, party: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Give the row that counts; None: the party has none of this kind."""
        rows: Sequence[Mapping[str, Any]] = party.get(f"{self.rows}.") or ()
        return next((one for one in rows if self._fits(one)), None)

    def _fits(self, row: Mapping[str, Any]) -> bool:
        return (
            row.get("type") == self.kind
            and (self.name is None or row.get("name") == self.name)
            and str(row.get(self.column)).startswith(self.prefix)
        )

    def value(self, row: Mapping[str, Any] | None) -> str | None:
        """Give the value of such a row."""
        if row is None:
            return None
        found = (self.compact and row.get(self.compact)) or row.get(self.column) or ""
        return str(found).removeprefix(self.prefix) or None

    def actions(self, party: Mapping[str, Any], value: str | None) -> list[list[Any]]:
        """Say what must happen to the rows so that the first one has a value; nothing: it has."""
        row = self.of(party)
        if not value:
            return [["delete", [row["id"]]]] if row is not None else []
        text = self.prefix + value
        if row is None:
            named = {"name": self.name} if self.name else {}
            return [["create", [{"type": self.kind, self.column: text, **named}]]]
        if value == self.value(row) or text == row.get(self.column):
            return []
        return [["write", [row["id"]], {self.column: text}]]


def _mechanism(kind: str, compact: str | None = None, name: str | None = None) -> Part:
    rows, model = "contact_mechanisms", "party.contact_mechanism"
    return Part(rows, model, "value", kind, compact=compact, name=name)


PARTS = {
    "email": _mechanism("email"),
    "phone": _mechanism("phone", "value_compact"),
    "mobile": _mechanism("mobile", "value_compact"),
    "fax": _mechanism("fax", "value_compact"),
    "website": _mechanism("website"),
    "identifier": Part("identifiers", "party.identifier", "code", None, prefix="crmkit:"),
    "crmkit_score": _mechanism("other", name="crmkit score"),
    "crmkit_tier": _mechanism("other", name="crmkit tier"),
    "crmkit_stage": _mechanism("other", name="crmkit stage"),
    "crmkit_next_contact": _mechanism("other", name="crmkit next contact"),
    "crmkit_reason": _mechanism("other", name="crmkit reason"),
}
"""Those of ``party.party``."""


def parts_of(entity: str) -> Mapping[str, Part]:
    """Give the fields of an object that are rows of their own."""
    return PARTS if entity == "party.party" else {}


def described(labels: Mapping[str, str]) -> list[Field]:
    """Describe them; `labels` has Tryton's own names of some."""
    return [
        Field(
            name=name,
            label=labels.get(name) or part.name or name.capitalize(),
            unique=part.name is None,
        )
        for name, part in PARTS.items()
    ]
