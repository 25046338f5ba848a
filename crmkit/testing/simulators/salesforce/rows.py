"""Records of the book as the API shows them, and what it takes into them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import attrs

from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.salesforce.fields import PREFIXES, TEXTS, Column

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})


class Refusal(Exception):  # noqa: N818 - an answer, as the others
    """An error as the API gives it.

    Attributes:
        code: ``errorCode`` of a call, ``statusCode`` of a record.
        fields: Those at fault.
        status: HTTP status, where the whole call is refused.
    """

    def __init__(self, code: str, message: str, *fields: str, status: int = 400) -> None:
        """Keep all."""
        super().__init__(message)
        self.code, self.fields, self.status = code, fields, status


def stamp(at: datetime) -> str:
    """Spell an instant as the API does."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


@attrs.frozen
class Table:
    """One object of the organisation.

    Attributes:
        book: Where its records are.
        entity: Its name.
        columns: Its fields.
    """

    book: Book
    entity: str
    columns: dict[str, Column]

    def column(self, name: str) -> Column:
        """Give a field, whatever the case of its name.

        Raises:
            Refusal: there is none.
        """
        found = self.columns.get(name)
        wanted = name.lower()
        found = found or next((c for c in self.columns.values() if c.name.lower() == wanted), None)
        if found is None:
            message = f"No such column '{name}' on entity '{self.entity}'."
            raise Refusal("INVALID_FIELD", message, status=400)
        return found

    def shown(self, entry: Entry) -> bool:
        """Tell whether its transaction is committed."""
        return entry.hidden is None or entry.hidden <= self.book.now()

    def new_id(self) -> str:
        """Make an id of 18 letters that begins as this object's do."""
        prefix = PREFIXES.get(self.entity, "a00")
        return f"{prefix}5g{int(self.book.new_id()):010d}AAA"

    def cell(self, entry: Entry, name: str) -> Any:
        """Give one value as it goes over the wire."""
        match name:
            case "Id":
                return entry.id
            case "IsDeleted":
                return entry.deleted is not None
            case "MasterRecordId":
                return entry.merged_into
            case "CreatedDate":
                return stamp(entry.created)
            case "SystemModstamp" | "LastModifiedDate":
                return stamp(entry.changed)
            case "Name" if self.columns["Name"].readonly:
                parts = (entry.values.get(part) for part in ("FirstName", "LastName"))
                return " ".join(part for part in parts if part) or None
        value = entry.values.get(name)
        kind = self.columns[name].type
        if kind == "boolean":
            return bool(value)
        if kind == "datetime" and value:
            return stamp(datetime.fromisoformat(value))
        if kind == "multipicklist" and value:
            given = value.split(";")  # they come in the order of the picklist
            known = [one for one in self.columns[name].choices if one in given]
            return ";".join([*known, *(one for one in given if one not in known)])
        return None if value == "" else value

    def taken(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Read what a record of a call gives, by the fields' own names.

        Raises:
            Refusal: the whole call cannot be read: an unknown field, a value of another type.
        """
        found = {}
        for name, value in values.items():
            if name == "attributes" or name.lower() == "id":
                continue
            column = self.column(name)
            if not _readable(column, value):
                message = f"Cannot deserialize instance of {column.type} from value {value!r}"
                raise Refusal("JSON_PARSER_ERROR", message)
            found[column.name] = value
        return found

    def write(self, values: Mapping[str, Any], entry: Entry | None) -> Entry:
        """Make a record of what was `taken`, or change one.

        Raises:
            Refusal: the record breaks a rule of the organisation.
        """
        for name in values:
            self._allowed(self.columns[name], values[name], entry)
        if entry is not None:
            return self.book.update(self.entity, entry.id, values)
        missing = [
            column.name
            for column in self.columns.values()
            if column.required and values.get(column.name) in (None, "")
        ]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise Refusal("REQUIRED_FIELD_MISSING", message, *missing)
        defaults = {
            column.name: column.default
            for column in self.columns.values()
            if column.default is not None
        }
        return self.book.create(self.entity, {**defaults, **values}, id=self.new_id())

    def _allowed(self, column: Column, value: Any, entry: Entry | None) -> None:
        name = column.name
        if column.readonly:
            message = f"Unable to create/update fields: {name}. Please check the security settings"
            raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, name)
        if value in (None, ""):
            if column.required and entry is not None:
                message = f"Required fields are missing: [{name}]"
                raise Refusal("REQUIRED_FIELD_MISSING", message, name)
            return
        if column.type in TEXTS and len(str(value)) > column.length:
            message = f"{name}: data value too large: {value} (max length={column.length})"
            raise Refusal("STRING_TOO_LONG", message, name)
        if column.type == "email" and not _EMAIL.fullmatch(value):
            message = f"{name}: invalid email address: {value}"
            raise Refusal("INVALID_EMAIL_ADDRESS", message, name)
        if column.choices and column.restricted and not set(value.split(";")) <= {*column.choices}:
            message = f"{name}: bad value for restricted picklist field: {value}"
            raise Refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, name)
        if column.unique:
            for other in self.book.find(self.entity, name, value):
                if entry is None or other.id != entry.id:
                    message = f"duplicate value found: {name} duplicates record {other.id}"
                    raise Refusal("DUPLICATE_VALUE", message, name)


@attrs.frozen
class Row(Mapping[str, Any]):
    """One record as conditions and orders see it: instants and dates as such."""

    table: Table
    entry: Entry

    def __getitem__(self, name: str) -> Any:
        if name in ("SystemModstamp", "LastModifiedDate"):
            return self.entry.changed
        column = self.table.column(name)
        value = self.table.cell(self.entry, column.name)
        if value and column.type == "datetime":
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if value and column.type == "date" else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.columns)

    def __len__(self) -> int:
        return len(self.table.columns)


def _readable(column: Column, value: Any) -> bool:
    """Tell whether a JSON value can be read as the field's type."""
    if value is None or value == "":
        return True
    if column.type == "boolean":
        return isinstance(value, bool)
    try:
        if column.type in _NUMBERS:
            return not isinstance(value, bool) and float(value) == float(value)
        if column.type == "date":
            return bool(date.fromisoformat(value))
        if column.type == "datetime":
            return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False
    return isinstance(value, (str, int, float))
