"""What is written: sObject Collections, and single rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, NoReturn

from crmkit.testing.simulators.base import Answer, Call
from crmkit.testing.simulators.book import Entry
from crmkit.testing.simulators.salesforce.rows import Refusal, Table

MOST = 200
"""Records of one call."""


class Writing:
    """Carries writes out, one record after the other."""

    def __init__(self, tables: Mapping[str, Table], locked: Container[str]) -> None:
        """Write to these objects; a record whose id is `locked` is being edited by somebody."""
        self._tables, self._locked = tables, locked

    def collection(self, call: Call, path: str) -> Answer:
        """Answer ``composite/sobjects[/Object/ExternalField]``.

        Raises:
            Refusal: the call as a whole.
        """
        if call.method == "DELETE":
            ids = [one for one in call.query.get("ids", "").split(",") if one]
            self._few(ids)
            return Answer([self._result(partial(self._delete, one)) for one in ids])
        records = _records(call)
        self._few(records)
        entity, _, external = path.strip("/").partition("/")
        types = [one.get("attributes", {}).get("type") for one in records]
        if external and set(types) - {entity}:
            raise Refusal("INVALID_INPUT", f"Only records of {entity} are allowed")
        made = [
            self._prepared(call.method, self._table(kind), one, external)
            for kind, one in zip(types, records, strict=True)
        ]
        if external:
            values = [str(one.get(external)).casefold() for one in records]
            often = Counter(values)
            made = [
                _refused(f"Duplicate external id specified: {value}", external)
                if often[value] > 1
                else one
                for one, value in zip(made, values, strict=True)
            ]
        return Answer([self._result(one) for one in made])

    def row(self, call: Call, entity: str, place: str) -> Answer:
        """Answer ``sobjects/Object[/id]`` and ``sobjects/Object/ExternalField/value``.

        Raises:
            Refusal: as it says.
        """
        table = self._table(entity)
        field, _, value = place.partition("/")
        if call.method == "POST" and not place:
            made = table.write(table.taken(call.json()), None)
            return Answer(_saved(made), 201)
        found = table.book.find(entity, table.column(field).name, value) if value else []
        if len(found) > 1:
            return Answer([f"/services/data/sobjects/{entity}/{one.id}" for one in found], 300)
        entry = found[0] if found else None
        if not value:
            entry = self._there(table, field)
        if call.method == "GET" and entry is not None:
            cells = {name: table.cell(entry, name) for name in table.columns}
            return Answer({"attributes": {"type": entity}, **cells})
        if call.method == "DELETE" and entry is not None:
            self._delete(entry.id)
            return Answer(status=204)
        if call.method != "PATCH":
            raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
        since = call.headers.get("if-unmodified-since")
        if since and entry is not None:
            changed = entry.changed.replace(microsecond=0)  # the header knows whole seconds
            if changed > parsedate_to_datetime(since):
                raise Refusal("PRECONDITION_FAILED", "The record was changed since", status=412)
        self._free(entry)
        if entry is not None:
            table.write(table.taken(call.json()), entry)
            return Answer(status=204)
        saved = table.write({**table.taken(call.json()), field: value}, None)
        return Answer({**_saved(saved), "created": True}, 201)

    def _prepared(
        self, method: str, table: Table, record: Mapping[str, Any], external: str
    ) -> Callable[[], dict[str, Any]]:
        """Read one record of a collection, before any is written."""
        values = table.taken(record)
        id_ = next((record[name] for name in record if name.lower() == "id"), None)
        if method == "POST" or external:
            if id_ is not None:
                return _refused("cannot specify Id in an insert call", "Id", code="INVALID_FIELD")
            return partial(self._upsert, table, values, external)
        return partial(self._update, table, values, str(id_))

    def _upsert(self, table: Table, values: dict[str, Any], external: str) -> dict[str, Any]:
        found: list[Entry] = []
        if external:
            column = table.column(external)
            if not column.external:
                message = f"{external} does not exist or is not a valid external id field"
                raise Refusal("INVALID_FIELD", message, external)
            value = values.get(column.name)
            if value in (None, ""):
                raise Refusal("MISSING_ARGUMENT", f"{external} not specified", external)
            found = table.book.find(table.entity, column.name, value)
        if len(found) > 1:
            message = f"{external}: more than one record found for external id field"
            raise Refusal("DUPLICATE_EXTERNAL_ID_SPECIFIED", message, external)
        entry = found[0] if found else None
        self._free(entry)
        told = _saved(table.write(values, entry))
        return {**told, "created": entry is None} if external else told

    def _update(self, table: Table, values: dict[str, Any], id_: str) -> dict[str, Any]:
        entry = self._there(table, id_)
        self._free(entry)
        return _saved(table.write(values, entry))

    def _delete(self, id_: str) -> dict[str, Any]:
        for table in self._tables.values():
            if id_ in table.book.of(table.entity):
                entry = self._there(table, id_)
                self._free(entry)
                return _saved(table.book.delete(table.entity, entry.id))
        raise Refusal("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)

    def _there(self, table: Table, id_: str) -> Entry:
        entry = table.book.of(table.entity).get(id_)
        if entry is None:
            raise Refusal("NOT_FOUND", f"Provided external ID field does not exist: {id_}")
        if entry.deleted is not None:
            raise Refusal("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return entry

    def _free(self, entry: Entry | None) -> None:
        if entry is not None and entry.id in self._locked:
            raise Refusal("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

    def _table(self, entity: Any) -> Table:
        table = self._tables.get(entity)
        if table is None:
            message = f"sObject type '{entity}' is not supported."
            raise Refusal("NOT_FOUND", message, status=404)
        return table

    def _few(self, records: list[Any]) -> None:
        if not 0 < len(records) <= MOST:
            message = f"record limit reached. cannot submit more than {MOST} records in this call"
            raise Refusal("EXCEEDED_ID_LIMIT", message)

    def _result(self, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return write()
        except Refusal as error:
            told = {"statusCode": error.code, "message": str(error), "fields": [*error.fields]}
            return {"success": False, "errors": [told]}


def _records(call: Call) -> list[dict[str, Any]]:
    try:
        records = call.json()["records"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal("JSON_PARSER_ERROR", f"Unexpected body: {error}") from error
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise Refusal("JSON_PARSER_ERROR", "records must be a list of objects")
    return records


def _saved(entry: Entry) -> dict[str, Any]:
    return {"id": entry.id, "success": True, "errors": []}


def _refused(
    message: str, field: str, code: str = "DUPLICATE_VALUE"
) -> Callable[[], dict[str, Any]]:
    def refuse() -> NoReturn:
        raise Refusal(code, message, field)

    return refuse
