"""Batches that are written: some of their records may fail, and one conflict fails them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.hubspot.answers import batch, error, refuse
from crmkit.testing.simulators.hubspot.associating import Associations
from crmkit.testing.simulators.hubspot.properties import Property
from crmkit.testing.simulators.hubspot.records import Records

BATCH = 100
"""Most records in one call."""


@attrs.frozen
class Writer:
    """Carries out what ``batch/create``, ``update`` and ``upsert`` ask.

    Attributes:
        book: Where it is written.
        objects: The properties of each object.
        associations: Where new records are associated.
        records: Words them.
    """

    book: Book
    objects: Mapping[str, Mapping[str, Property]]
    associations: Associations
    records: Records

    def write(self, entity: str, verb: str, body: Mapping[str, Any], at: str) -> Answer:
        """Write a batch.

        Raises:
            Refused: all of it, and nothing is written.
        """
        inputs = body.get("inputs") or []
        if len(inputs) > BATCH:
            raise refuse(400, "VALIDATION_ERROR", f"Batch size is limited to {BATCH}")
        targets = [self._target(entity, verb, one) for one in inputs]
        self._check(entity, inputs, targets)
        results, errors = [], []
        for one, target in zip(inputs, targets, strict=True):
            wrong = self._wrong(entity, verb, one, target)
            if wrong is not None:
                if verb != "upsert" and "objectWriteTraceId" not in one:
                    raise refuse(400, wrong["category"], wrong["message"])
                errors.append(wrong)
                continue
            entry = self._written(entity, one, target)
            told = self.records.shown(entity, entry)
            if "objectWriteTraceId" in one:
                told["objectWriteTraceId"] = one["objectWriteTraceId"]
            results.append({**told, "new": target is None} if verb == "upsert" else told)
        return batch(results, errors, at=at, status=201 if verb == "create" else 200)

    def _target(self, entity: str, verb: str, one: Mapping[str, Any]) -> Entry | None:
        """Give the record that one input is about; None: it is to be made, or is not there."""
        if verb == "create":
            return None
        name, value = one.get("idProperty") or "hs_object_id", str(one.get("id", ""))
        if name == "hs_object_id":
            return self.records.there(entity, value)
        known = self.objects[entity].get(name)
        if known is None or not known.unique:
            raise refuse(400, "VALIDATION_ERROR", f"{name} is not a unique property")
        return next(iter(self.book.find(entity, name, value)), None)

    def _check(
        self, entity: str, inputs: list[Mapping[str, Any]], targets: list[Entry | None]
    ) -> None:
        """Refuse the whole batch for what HubSpot refuses it for."""
        asked = [(one.get("idProperty"), str(one["id"]).lower()) for one in inputs if "id" in one]
        if len({*asked}) < len(asked):
            raise refuse(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input")
        taken: dict[tuple[str, str], int] = {}
        for place, (one, target) in enumerate(zip(inputs, targets, strict=True)):
            for name, value in one.get("properties", {}).items():
                known = self.objects[entity].get(name)
                if known is None:
                    message = f'Property "{name}" does not exist'
                    raise refuse(400, "VALIDATION_ERROR", message, subCategory="PROPERTY")
                if not known.unique or not value:
                    continue
                other = next(iter(self.book.find(entity, name, str(value))), None)
                first = taken.setdefault((name, str(value).lower()), place)
                if first != place or (other is not None and other is not target):
                    id_ = other.id if other is not None else "(in this batch)"
                    what = "Company" if entity == "companies" else entity[:-1].capitalize()
                    message = f"{what} already exists. Existing ID: {id_}"
                    raise refuse(409, "CONFLICT", message)

    def _wrong(
        self, entity: str, verb: str, one: Mapping[str, Any], target: Entry | None
    ) -> dict[str, Any] | None:
        """Say what is wrong with one record; None: nothing is."""
        trace = {"objectWriteTraceId": [one["objectWriteTraceId"]]} if one.get(
            "objectWriteTraceId"
        ) else {"ids": [str(one.get("id", ""))]}  # fmt: skip
        given = {name: _text(value) for name, value in one.get("properties", {}).items()}
        if target is None and verb == "update":
            return error("OBJECT_NOT_FOUND", "Object not found: it may be deleted", **trace)
        known = self.objects[entity]
        missing = [
            name
            for name, property_ in known.items()
            if property_.required and not given.get(name, "" if target is None else "kept")
        ]
        if missing:
            message = "Some required properties were not set: " + ", ".join(missing)
            return error("VALIDATION_ERROR", message, properties=missing, **trace)
        bad = [
            {"isValid": False, "message": f"{value[:40]!r} is not valid", "error": code,
             "name": name}
            for name, value in given.items()
            if (code := known[name].wrong(value))
        ]  # fmt: skip
        if not bad:
            return None
        message = "Property values were not valid: " + json.dumps(bad)
        return error("VALIDATION_ERROR", message, **trace)

    def _written(self, entity: str, one: Mapping[str, Any], target: Entry | None) -> Entry:
        known = self.objects[entity]
        values = {n: known[n].kept(_text(v)) for n, v in one.get("properties", {}).items()}
        if target is None:
            if one.get("idProperty"):
                values.setdefault(one["idProperty"], str(one["id"]))
            entry = self.book.create(entity, values)
        else:
            entry = self.book.update(entity, target.id, values)
        for link in one.get("associations") or ():
            for kind in link["types"]:
                type_ = int(kind["associationTypeId"])
                to = "companies" if type_ in _COMPANIES else "contacts"
                self.associations.add((entity, to), entry.id, str(link["to"]["id"]), type_)
        return entry


_COMPANIES = {1, 5, 26, 182, 186, 188, 190, 192, 279, 339, 341}
"""Types of associations that lead to companies; all others here lead to contacts."""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
