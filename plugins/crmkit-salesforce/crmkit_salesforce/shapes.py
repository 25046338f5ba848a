"""What an object looks like by its ``describe``, and values on their way to the wire and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import attrs

from crmkit.contracts.connector import Field, Schema
from crmkit.contracts.reading import instant, rows
from crmkit_salesforce.settings import MOST

BATCH = 200
"""Records of one call of sObject Collections."""
_TYPES = {
    **dict.fromkeys(("string", "textarea", "email", "phone", "url", "combobox"), "text"),
    "encryptedstring": "text",
    **dict.fromkeys(("int", "long", "double", "currency", "percent"), "number"),
    **dict.fromkeys(("id", "reference"), "reference"),
    "boolean": "flag",
    "date": "date",
    "datetime": "instant",
    "picklist": "choice",
    "multipicklist": "list",
}
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)


class Unfit(Exception):  # noqa: N818 - becomes a result
    """A value that Salesforce has no way to hold; `field` names where it was to go."""

    def __init__(self, message: str, field: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.field = field


def quoted(value: str) -> str:
    """Write a text into SOQL so that nothing in it can end it."""
    return f"'{value.translate(_ESCAPES)}'"


def written(at: datetime) -> str:
    """Write an instant as SOQL and records have it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@attrs.frozen
class Shape:
    """One object.

    Attributes:
        entity: Its name.
        fields: Its fields by name, as ``describe`` tells them.
    """

    entity: str
    fields: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, entity: str, described: Any) -> Shape:
        """Read a ``describe``."""
        return cls(entity, {str(one.get("name")): one for one in rows(described, "fields")})

    def schema(self, page: int) -> Schema:
        """Give it as crmkit has it."""
        fields = tuple(_field(name, told) for name, told in self.fields.items())
        return Schema(entity=self.entity, fields=fields, batch=BATCH, page=min(page, MOST))

    def kind(self, name: str) -> str:
        """Give a field's type as crmkit has it; text where nothing is known of it."""
        return _TYPES.get(str(self.fields.get(name, {}).get("type", "string")), "other")

    def external(self, name: str) -> bool:
        """Tell whether records can be upserted on a field."""
        return bool(self.fields.get(name, {}).get("externalId"))

    def literal(self, name: str, value: str) -> str:
        """Write the value of a field into SOQL.

        Raises:
            Unfit: it is none of the field's.
        """
        if self.kind(name) != "number":
            return quoted(value)
        try:
            number = Decimal(value)
        except ArithmeticError:
            number = Decimal("NaN")
        if not number.is_finite():
            raise Unfit(f"{value!r} is no number", name)
        return f"{number:f}"

    def wire(self, name: str, value: Any) -> Any:
        """Turn a value into what a record of a call carries.

        Raises:
            Unfit: Salesforce has no way to hold it.
        """
        kind = self.kind(name)
        if value is None:
            return False if kind == "flag" else None  # a checkbox is never empty
        if kind == "instant":
            at = instant(value)
            if at is None:
                raise Unfit(f"{value!r} is no instant with an offset", name)
            return written(at)
        if kind == "list":
            if any(";" in str(one) for one in value):
                raise Unfit("a choice of several holds ';', which divides them there", name)
            return ";".join(map(str, value)) or None
        if kind == "number" and isinstance(value, (Decimal, float)):
            if not isfinite(value):
                raise Unfit(f"{value} is no number there", name)
            return int(value) if value == int(value) else float(value)
        return value

    def canonical(self, name: str, value: Any) -> Any:
        """Turn a value of a record into crmkit's."""
        kind = self.kind(name)
        if value is None or value == "":
            return None
        if kind == "instant":
            at = instant(value)
            return value if at is None else at.astimezone(UTC).isoformat()
        if kind == "list" and isinstance(value, str):
            return value.split(";")
        return value


def _targets(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the objects that a reference may lead to."""
    found = told.get("referenceTo")
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def _field(name: str, told: Mapping[str, Any]) -> Field:
    kind = _TYPES.get(str(told.get("type")), "other")
    creatable, updatable = told.get("createable", True), told.get("updateable", True)
    length = told.get("length")
    # Others than the listed choices are taken where the picklist is not restricted.
    closed = told.get("restrictedPicklist", True) and kind in ("choice", "list")
    found = rows(told.get("picklistValues")) if closed else []
    choices = tuple(str(one.get("value")) for one in found if one.get("active", True))
    known = told.get("externalId") or told.get("unique") or told.get("idLookup")
    return Field(
        name=name,
        type=kind,
        label=str(told.get("label") or name),
        required=bool(
            not told.get("nillable", True)
            and creatable
            and not told.get("defaultedOnCreate")
            and kind != "flag"
        ),
        readonly=not (creatable or updatable),
        # People are found by their address though it is no external id: it is looked up first.
        unique=bool(known or told.get("type") == "email"),
        targets=_targets(told) if kind == "reference" else (),
        choices=choices,
        length=length if isinstance(length, int) and length > 0 and kind == "text" else None,
        never_empty=kind == "flag",
    )
