"""What a simulated Zoho lets one write: insert, update, upsert and delete, each item by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.testing.simulators.base import Answer, Call
from crmkit.testing.simulators.book import Entry
from crmkit.testing.simulators.zoho.state import DUPLICATES, Refused, State
from crmkit.testing.simulators.zoho.values import complete, single, taken

BATCH = 100
"""Records in one call."""
_OK, _CREATED, _MIXED, _CHANGED = 200, 201, 207, 412


@attrs.define
class Writes:
    """Writes.

    Attributes:
        state: Where.
        triggered: Writes that set off workflows, since they did not say ``"trigger": []``.
    """

    state: State
    triggered: int = 0

    def insert(self, module: str, call: Call) -> Answer:
        """Answer ``POST /{module}``."""

        def one(given: Mapping[str, Any], path: str) -> dict[str, Any]:
            return self._added(self._insert(module, given, path))

        return self._each(module, call, one, done=_CREATED)

    def update(self, module: str, call: Call, id_: str | None = None) -> Answer:
        """Answer ``PUT /{module}`` and ``PUT /{module}/{id}``."""
        since = _unmodified(call)

        def one(given: Mapping[str, Any], path: str) -> dict[str, Any]:
            entry = self.state.book.get(module, str(id_ or given.get("id")))
            if entry is None:
                where: dict[str, Any] = {"api_name": "id", "json_path": f"{path}.id"}
                raise Refused("INVALID_DATA", "the id given seems to be invalid", **where)
            return self._updated(self._update(module, entry, given, path, since))

        return self._each(module, call, one)

    def upsert(self, module: str, call: Call) -> Answer:
        """Answer ``POST /{module}/upsert``."""
        since = _unmodified(call)
        fields = self._checked(module, call.json())

        def one(given: Mapping[str, Any], path: str) -> dict[str, Any]:
            entry, field = self._found(module, given, fields)
            if entry is None:
                said = self._added(self._insert(module, given, path))
                return {**said, "action": "insert", "duplicate_field": None}
            said = self._updated(self._update(module, entry, given, path, since))
            return {**said, "action": "update", "duplicate_field": field}

        return self._each(module, call, one)

    def delete(self, module: str, ids: Sequence[str]) -> Answer:
        """Answer ``DELETE /{module}?ids=`` and ``DELETE /{module}/{id}``."""
        self.state.columns(module)
        if not ids:
            raise Refused("REQUIRED_PARAM_MISSING", param_name="ids")
        if len(ids) > BATCH:
            raise Refused("LIMIT_EXCEEDED", param_name="ids", limit=BATCH)
        said = []
        for id_ in ids:
            if self.state.book.get(module, id_) is None:
                said.append(Refused("INVALID_DATA", "record not deleted", id=id_).said)
                continue
            self.state.book.delete(module, id_)
            said.append(_success("record deleted", {"id": id_}))
        return _answer(said, _OK)

    def _each(
        self,
        module: str,
        call: Call,
        one: Callable[[Mapping[str, Any], str], dict[str, Any]],
        done: int = _OK,
    ) -> Answer:
        self.state.columns(module)
        body = call.json()
        data = body.get("data")
        if not isinstance(data, list) or not data:
            raise Refused("MANDATORY_NOT_FOUND", api_name="data", json_path="$.data")
        if len(data) > BATCH:
            raise Refused("INVALID_DATA", "invalid data", api_name="data", maximum_length=BATCH)
        said = []
        for number, given in enumerate(data):
            try:
                said.append(one(given, f"$.data[{number}]"))
            except Refused as refused:
                said.append(refused.said)
        self.triggered += 0 if body.get("trigger") == [] else len(data)
        return _answer(said, done)

    def _checked(self, module: str, body: Mapping[str, Any]) -> list[str]:
        columns = self.state.columns(module)
        usual = DUPLICATES.get(module)
        allowed = [name for name in columns if name == usual or columns[name].unique]
        fields = body.get("duplicate_check_fields") or allowed
        if not set(fields) <= set(allowed):
            where: dict[str, Any] = {
                "api_name": "duplicate_check_fields",
                "json_path": "$.duplicate_check_fields",
            }
            raise Refused("INVALID_DATA", "invalid data", supported_values=allowed, **where)
        return list(fields)

    def _found(
        self, module: str, given: Mapping[str, Any], fields: Sequence[str]
    ) -> tuple[Entry | None, str | None]:
        entry = self.state.book.get(module, str(given.get("id", "")))
        if entry is not None:
            return entry, None
        for field in fields:
            if given.get(field) not in (None, ""):
                found = self.state.book.find(module, field, given[field])
                if found:
                    return found[0], field
        return None, None

    def _insert(self, module: str, given: Mapping[str, Any], path: str) -> Entry:
        values = taken(self.state, module, given, path)
        complete(self.state, module, values, path)
        single(self.state, module, values, path, None)
        return self.state.book.create(module, values)

    def _update(
        self,
        module: str,
        entry: Entry,
        given: Mapping[str, Any],
        path: str,
        since: datetime | None,
    ) -> Entry:
        if since is not None and entry.changed.replace(microsecond=0) > since:
            message = "record updated time has already passed if-unmodified-since time"
            raise Refused("ALREADY_MODIFIED", message, **self.state.facts(entry))
        values = taken(self.state, module, given, path)
        single(self.state, module, values, path, entry.id)
        return self.state.book.update(module, entry.id, values)

    def _added(self, entry: Entry) -> dict[str, Any]:
        return _success("record added", self.state.facts(entry))

    def _updated(self, entry: Entry) -> dict[str, Any]:
        return _success("record updated", self.state.facts(entry))


def _success(message: str, details: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}


def _answer(said: list[dict[str, Any]], done: int) -> Answer:
    bad = [one for one in said if one["status"] == "error"]
    if not bad:
        return Answer({"data": said}, done)
    if len(bad) < len(said):
        return Answer({"data": said}, _MIXED)
    changed = all(one["code"] == "ALREADY_MODIFIED" for one in bad)
    return Answer({"data": said}, _CHANGED if changed else 400)


def _unmodified(call: Call) -> datetime | None:
    text = call.headers.get("if-unmodified-since")
    return None if text is None else datetime.fromisoformat(text)
