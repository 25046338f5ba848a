"""Associations: which record belongs to which, and by what label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmkit.testing.simulators.base import Answer
from crmkit.testing.simulators.book import Book
from crmkit.testing.simulators.hubspot.answers import batch, error, refuse

PRIMARY = {
    ("contacts", "companies"): 1,
    ("deals", "companies"): 5,
    ("tickets", "companies"): 26,
}
"""Type of the one company that is the main one."""
DEFAULTS = {
    ("contacts", "companies"): 279,
    ("deals", "companies"): 341,
    ("deals", "contacts"): 3,
    ("tickets", "contacts"): 16,
    ("tickets", "companies"): 339,
    ("notes", "contacts"): 202,
    ("notes", "companies"): 190,
    ("calls", "contacts"): 194,
    ("calls", "companies"): 182,
    ("emails", "contacts"): 198,
    ("emails", "companies"): 186,
    ("meetings", "contacts"): 200,
    ("meetings", "companies"): 188,
    ("tasks", "contacts"): 204,
    ("tasks", "companies"): 192,
}
"""Type of an association without a label."""


class Associations:
    """Keeps them; a record that went into another takes its own along."""

    def __init__(self, book: Book) -> None:
        """Know of none."""
        self._book = book
        self._kept: dict[tuple[str, str], dict[str, dict[str, set[int]]]] = {}

    def add(self, pair: tuple[str, str], start: str, end: str, *types: int) -> None:
        """Associate two records; without types by the default one, and both ways."""
        kept = self._kept.setdefault(pair, {}).setdefault(start, {})
        main = PRIMARY.get(pair)
        given = {*types, DEFAULTS.get(pair, 0)} | ({main} if main and not kept else set())
        if main in given:
            for other in kept.values():
                other.discard(main)
        kept.setdefault(end, set()).update(one for one in given if one is not None)
        back = self._kept.setdefault(pair[::-1], {}).setdefault(end, {})
        back.setdefault(start, set()).add(DEFAULTS.get(pair[::-1], 0))

    def remove(self, pair: tuple[str, str], start: str, end: str) -> None:
        """Part two records."""
        self._kept.get(pair, {}).get(start, {}).pop(end, None)
        self._kept.get(pair[::-1], {}).get(end, {}).pop(start, None)

    def of(self, pair: tuple[str, str], start: str) -> dict[str, set[int]]:
        """Give what a record is associated with, and how."""
        found: dict[str, set[int]] = {}
        for end, types in self._kept.get(pair, {}).get(start, {}).items():
            entry = self._book.of(pair[1]).get(end)
            while entry is not None and entry.merged_into is not None:
                entry = self._book.of(pair[1]).get(entry.merged_into)
            if entry is not None and entry.deleted is None:
                found.setdefault(entry.id, set()).update(types)
        return found

    def answer(self, pair: tuple[str, str], verb: str, body: Mapping[str, Any], at: str) -> Answer:
        """Carry a call of ``/crm/v4/associations/{from}/{to}/batch/{verb}`` out.

        Raises:
            Refused: there is no such verb, or it is asked too much.
        """
        inputs = body.get("inputs") or []
        if verb == "read":
            if len(inputs) > 1000:  # noqa: PLR2004 - HubSpot's limit
                raise refuse(400, "VALIDATION_ERROR", "Too many inputs: 1000 are allowed")
            return self._read(pair, [str(one["id"]) for one in inputs], at)
        if verb == "archive":
            for one in inputs:
                for end in one["to"]:
                    self.remove(pair, str(one["from"]["id"]), str(end["id"]))
            return Answer(status=204)
        if verb not in ("create", "associate/default"):
            raise refuse(404, "OBJECT_NOT_FOUND", f"no {verb}")
        results, errors = [], []
        for one in inputs:
            start, end = str(one["from"]["id"]), str(one["to"]["id"])
            if self._book.get(pair[0], start) is None or self._book.get(pair[1], end) is None:
                errors.append(error("OBJECT_NOT_FOUND", "No such record", ids=[start, end]))
                continue
            self.add(pair, start, end, *(t["associationTypeId"] for t in one.get("types", ())))
            results.append({"fromObjectId": start, "toObjectId": end, "labels": []})
        return batch(results, errors, at=at, status=201)

    def _read(self, pair: tuple[str, str], starts: list[str], at: str) -> Answer:
        results, errors = [], []
        for start in starts:
            found = self.of(pair, start)
            to = [{"toObjectId": end, "associationTypes": _spelled(pair, types)}
                  for end, types in found.items()]  # fmt: skip
            if to:
                results.append({"from": {"id": start}, "to": to})
            else:
                what = f"No {pair[1]} is associated with {pair[0]} {start}."
                errors.append(error("NO_ASSOCIATIONS_FOUND", what, fromObjectId=[start]))
        return batch(results, errors, at=at)


def _spelled(pair: tuple[str, str], types: set[int]) -> list[dict[str, Any]]:
    main = PRIMARY.get(pair)
    return [
        {"category": "HUBSPOT_DEFINED", "typeId": one, "label": "Primary" if one == main else None}
        for one in sorted(types)
    ]
