"""Writing a batch in as few calls as can be: one for each way in which Zoho finds a record.

Records whose id is known are updated (``PUT``), those with a match that Zoho keeps unique upserted
on it, others inserted. The last way alone makes a second record where it is done twice, so it comes
last and is never repeated blindly. Nothing sets off workflows (``"trigger": []``).
Source: zoho/crm-oas, updateRecords, upsertRecords, createRecords; results stand in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crmkit.contracts.connector import BatchRefused, Result, Upsert, WriteLost
from crmkit.contracts.exchange import Answer, said_of
from crmkit.contracts.reading import mapping, rows
from crmkit_zoho.api import Api, code_of, refused
from crmkit_zoho.refusals import FATAL, result, whole
from crmkit_zoho.shapes import BATCH, Shape, Shapes
from crmkit_zoho.values import instant, write

_BAD = 400
_INSERTED = ("insert", "record added")


class _Way(NamedTuple):
    """A way to write: how it is called, and by which fields a record is found."""

    method: str
    path: str
    fields: tuple[str, ...] = ()

    @property
    def repeatable(self) -> bool:
        """Whether it may be done twice."""
        return self.method == "PUT" or bool(self.fields)


class Writer:
    """Writes records; safe to use from several threads."""

    def __init__(self, api: Api, shapes: Shapes) -> None:
        """Write nothing yet."""
        self._api, self._shapes = api, shapes

    def upsert(self, module: str, records: Sequence[Upsert]) -> list[Result]:
        """Write a batch, as the contract has it."""
        results = [
            Result(key=one.key, remote_id=one.remote_id, done="unchanged")
            for one in records
            if one.remote_id is not None and not one.values
        ]
        found: defaultdict[str | None, list[Upsert]] = defaultdict(list)
        shape = self._shapes.of(module)
        for one in records:
            if one.remote_id is None or one.values:
                found[_by(shape, one)].append(one)
        ways = {_way(module, by): listed for by, listed in found.items()}
        for way in sorted(ways, key=lambda way: not way.repeatable):
            for start in range(0, len(ways[way]), BATCH):
                results += self._write(module, way, ways[way][start : start + BATCH])
        return results

    def _write(self, module: str, way: _Way, records: Sequence[Upsert]) -> list[Result]:
        shape = self._shapes.of(module)
        body: dict[str, Any] = {"data": [self._row(shape, one) for one in records], "trigger": []}
        if way.fields:
            body["duplicate_check_fields"] = list(way.fields)
        answer = self._api.call(way.method, way.path, body=body, repeatable=way.repeatable)
        items = rows(answer.data, "data")
        if len(items) != len(records) or (answer.status >= _BAD and whole(items)):
            raise _unread(answer, module, way, len(records))
        return [_result(one, item, way) for one, item in zip(records, items, strict=True)]

    def _row(self, shape: Shape, record: Upsert) -> dict[str, Any]:
        types, kinds, plain = shape.types, shape.kinds, shape.plain
        row = {
            name: value
            if type(value) is str and name in plain  # most are: they stay as they are
            else write(types.get(name, "other"), kinds.get(name, ""), value)
            for name, value in record.values.items()
        }
        if record.remote_id is not None:
            row["id"] = record.remote_id
        elif record.match is not None:
            row.setdefault(*record.match)
        if "Parent_Id" in row or "What_Id" in row:
            self._attach(row, kinds)
        return row

    def _attach(self, row: dict[str, Any], kinds: Mapping[str, str]) -> None:
        """Name the module that a lookup leads to, where it may lead to any."""
        parent = self._api.config.parent
        if isinstance(row.get("Parent_Id"), dict):
            row["Parent_Id"] = {**row["Parent_Id"], "module": {"api_name": parent}}
        if isinstance(row.get("What_Id"), dict) and "What_Id" in kinds:
            row["$se_module"] = parent


def _by(shape: Shape, record: Upsert) -> str | None:
    """Give the field by which Zoho finds a record; an empty one: by its id; None: by none."""
    if record.remote_id is not None:
        return ""
    field, value = record.match or ("", "")
    return field if value and field not in shape.common else None


def _way(module: str, by: str | None) -> _Way:
    if by == "":
        return _Way("PUT", module)
    return _Way("POST", f"{module}/upsert", (by,)) if by else _Way("POST", module)


def _result(record: Upsert, item: Mapping[str, Any], way: _Way) -> Result:
    if item.get("status") != "success" and item.get("code") != "SUCCESS":
        return result(record.key, item, record.remote_id)
    details = mapping(item, "details")
    action = item.get("action") or item.get("message")
    inserted = action in _INSERTED or (way.method == "POST" and not way.fields)
    found = details.get("id")
    return Result(
        key=record.key,
        done="created" if inserted else "updated",
        remote_id=str(found) if found else record.remote_id,
        changed_at=instant(details.get("Modified_Time")),
    )


def _unread(answer: Answer, module: str, way: _Way, due: int) -> Exception:
    """Say what it means that there is no result for each record."""
    if answer.status < _BAD:
        message = f"Zoho CRM answers {len(rows(answer.data, 'data'))} results for {due} {module}"
        return WriteLost(message)
    code = code_of(answer)
    items = rows(answer.data, "data")
    field = mapping(items[0] if items else answer.data, "details").get("api_name")
    if code in FATAL or field == "duplicate_check_fields" or answer.status in (401, 403, 404, 405):
        what = f"to write {module}"
        if way.fields:
            what += f" found by {way.fields[0]}, which Zoho must keep unique"
        return refused(answer, what)
    said = said_of(answer) or f" ({code})"
    return BatchRefused(f"Zoho CRM refuses {due} {module} together: {answer.status}{said}")
