"""What the parts of a simulated Zoho share: its records, fields and people, and how it writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs

from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.zoho.columns import Column

DUPLICATES = {
    "Leads": "Email",
    "Contacts": "Email",
    "Accounts": "Account_Name",
    "Deals": "Deal_Name",
}
"""The field that Zoho itself looks for duplicates by."""
NAMES = ("Last_Name", "Account_Name", "Deal_Name", "Subject", "Note_Title")


class Refused(Exception):  # noqa: N818 - what was asked for is refused
    """A call, or one record of it, is refused; carries what Zoho says."""

    def __init__(self, code: str, message: str = "", status: int = 400, **details: Any) -> None:
        """Say it as Zoho does."""
        super().__init__(code)
        self.status = status
        self.said = {
            "code": code,
            "details": details,
            "message": message or code.replace("_", " ").lower(),
            "status": "error",
        }

    def answer(self) -> Answer:
        """Give the answer to a call that is refused as a whole."""
        return Answer(self.said, self.status)


@attrs.define(kw_only=True)
class State:
    """One account.

    Attributes:
        book: Its records.
        modules: Fields of each module.
        users: Name of each user, by id.
        offset: How far its own time is from UTC.
        inclusive: Whether ``If-Modified-Since`` gives what bears that very second, too.
    """

    book: Book
    modules: dict[str, list[Column]]
    users: dict[str, str]
    offset: timedelta = timedelta(hours=8)
    inclusive: bool = False

    def columns(self, module: str) -> dict[str, Column]:
        """Give a module's fields by name.

        Raises:
            Refused: there is no such module.
        """
        if module not in self.modules:
            message = "the module name given seems to be invalid"
            raise Refused("INVALID_MODULE", message, resource_path_index=0)
        return {column.name: column for column in self.modules[module]}

    def time(self, at: datetime) -> str:
        """Write an instant as Zoho does: whole seconds, in the account's own zone."""
        return at.astimezone(timezone(self.offset)).isoformat(timespec="seconds")

    def row(self, module: str, entry: Entry, names: tuple[str, ...]) -> dict[str, Any]:
        """Give a record as a list has it."""
        columns = self.columns(module)
        given = {name: self._out(columns[name], entry) for name in names if name in columns}
        return {**given, "id": entry.id}

    def person(self, id_: str) -> dict[str, str]:
        """Name a user."""
        return {"name": self.users.get(id_, "Nobody"), "id": id_, "email": f"{id_}@example.com"}

    def facts(self, entry: Entry) -> dict[str, Any]:
        """Give what the answer to a write tells of a record."""
        first = next(iter(self.users), "")
        by = {"name": self.users.get(first, ""), "id": first}
        return {
            "Modified_Time": self.time(entry.changed),
            "Modified_By": by,
            "Created_Time": self.time(entry.created),
            "id": entry.id,
            "Created_By": by,
        }

    def _out(self, column: Column, entry: Entry) -> Any:
        if column.name == "Created_Time":
            return self.time(entry.created)
        if column.name == "Modified_Time":
            return self.time(entry.changed)
        value = entry.values.get(column.name)
        if column.name == "Owner":
            return self.person(str(value or next(iter(self.users), "")))
        if column.kind == "boolean":
            return bool(value)
        if value is None or column.kind not in ("lookup", "datetime"):
            return value
        if column.kind == "datetime":
            return self.time(datetime.fromisoformat(value).astimezone(UTC))
        return {"name": self._name(column.of, str(value)), "id": str(value)}

    def _name(self, module: str, id_: str) -> str:
        entry = self.book.get(module, id_)
        values: Mapping[str, Any] = {} if entry is None else entry.values
        return next((str(values[name]) for name in NAMES if values.get(name)), "")
