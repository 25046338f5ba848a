"""A batch of writes, on the rows as they were looked at; nothing of it is in the file yet."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from crmkit.clock import micros
from crmkit.connectors.csv.cells import cell_of, guarded
from crmkit.connectors.csv.settings import CsvSettings
from crmkit.connectors.csv.table import View
from crmkit.contracts.connector import Field, Result, Schema, Upsert


class Batch:
    """What the file will hold.

    Attributes:
        header: Its columns.
        rows: Its rows by id.
        touched: Whether anything differs from the file.
    """

    def __init__(self, view: View, schema: Schema, settings: CsvSettings) -> None:
        """Begin with what is there."""
        self._view, self._settings = view, settings
        self._fields = {field.name: field for field in schema.fields}
        self._found: dict[str, dict[str, list[str]]] = {}
        self.header = list(view.form.header)
        self.rows: dict[str, Mapping[str, str]] = dict(view.rows)
        self.touched = False

    def write(self, record: Upsert) -> Result:
        """Write one record; one that is refused changes nothing."""
        row: dict[str, str] = {}
        for name, value in record.values.items():
            field = self._fields.get(name)
            if field is None or field.readonly:
                why = "no such column" if field is None else "a column that is not written"
                return Result(key=record.key, field=name, reason=f"{name} is {why}")
            try:
                row[name] = self._safe(field, cell_of(value, field.type))
            except ValueError as error:
                return Result(key=record.key, field=name, reason=f"{name} {error}")
        if record.remote_id is not None:
            keys = [record.remote_id] if record.remote_id in self.rows else []
            if not keys:
                reason = f"there is no row {record.remote_id} any more"
                return Result(
                    key=record.key, remote_id=record.remote_id, code="gone", reason=reason
                )
        elif record.match is not None and record.match[0] not in self._fields:
            name = record.match[0]
            return Result(key=record.key, field=name, reason=f"{name} is no such column")
        else:
            keys = self._matching(record)
        if len(keys) > 1:
            reason = f"rows {', '.join(sorted(keys)[:5])} all have that {(record.match or '?')[0]}"
            return Result(key=record.key, code="ambiguous", reason=reason)
        return self._update(record, keys[0], row) if keys else self._create(record, row)

    def delete(self, key: str) -> Result:
        """Take a row out."""
        if key not in self.rows:
            return Result(key=key, done="unchanged", remote_id=key)
        self._change(key, {})
        return Result(key=key, done="deleted", remote_id=key)

    def _update(self, record: Upsert, key: str, row: dict[str, str]) -> Result:
        old = self.rows[key]
        since, at = record.unchanged_since, self._view.changed.get(key, 0)
        if since is not None and at > micros(since):
            reason = "the row was changed since"
            return Result(key=record.key, remote_id=key, conflict=True, reason=reason)
        if all(old.get(name, "") == cell for name, cell in row.items()):
            return Result(key=record.key, done="unchanged", remote_id=key)
        for name, cell in row.items():
            if not cell and self._fields[name].required:
                return Result(key=record.key, field=name, reason=f"{name} must not be empty")
        self._change(key, {**old, **row})
        return Result(key=record.key, done="updated", remote_id=key)

    def _create(self, record: Upsert, row: dict[str, str]) -> Result:
        if record.match is not None:  # so that it is found the next time
            name, value = record.match
            try:
                row = {name: self._safe(self._fields[name], value), **row}
            except ValueError as error:
                return Result(key=record.key, field=name, reason=f"{name} {error}")
        for field in self._fields.values():
            if field.required and not row.get(field.name):
                reason = f"{field.name} must not be empty"
                return Result(key=record.key, field=field.name, reason=reason)
        key = f"r{uuid4().hex[:18]}"  # never one that a row had before
        self._change(key, {**row, self._settings.id: key})
        return Result(key=record.key, done="created", remote_id=key)

    def _change(self, key: str, row: dict[str, str]) -> None:
        self.touched = True
        for name, found in self._found.items():
            before = _alike(self.rows[key].get(name, "")) if key in self.rows else ""
            if key in found.get(before, []):
                found[before].remove(key)
            if row.get(name):
                found.setdefault(_alike(row[name]), []).append(key)
        if row:
            self.rows[key] = row
            self.header += [name for name in row if name not in self.header]
        else:
            del self.rows[key]

    def _matching(self, record: Upsert) -> list[str]:
        if record.match is None:
            return []
        name, value = record.match
        if name not in self._found:
            found: dict[str, list[str]] = {}
            for key, row in self.rows.items():
                if row.get(name):
                    found.setdefault(_alike(row[name]), []).append(key)
            self._found[name] = found
        return self._found[name].get(_alike(self._matched(value)), [])

    def _matched(self, value: str) -> str:
        return guarded(value) if self._settings.guard else value

    def _safe(self, field: Field, cell: str) -> str:
        """Give the cell as it stands in the file; refuse what would not come back as it was."""
        if "\0" in cell:
            raise ValueError("holds a NUL")
        try:
            cell.encode()
        except UnicodeEncodeError:
            raise ValueError("holds half a letter") from None
        if field.length is not None and len(cell) > field.length:
            raise ValueError(f"is longer than {field.length} characters")
        if field.choices and cell and cell not in field.choices:
            raise ValueError(f"must be one of {', '.join(field.choices)}")
        return guarded(cell) if self._settings.guard else cell


def _alike(cell: str) -> str:
    return cell.strip().casefold()
