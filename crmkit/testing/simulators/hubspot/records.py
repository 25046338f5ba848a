"""Records as HubSpot words them: one, a page of a list, a batch by id; and those made one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.testing.simulators.base import Answer, Call
from crmkit.testing.simulators.book import Book, Entry
from crmkit.testing.simulators.hubspot.answers import batch, error, refuse
from crmkit.testing.simulators.hubspot.properties import Property, spelled, stamp

PAGE = 100
"""Most records in a page of a list, and in a batch."""


class Records:
    """Reads a book."""

    def __init__(self, book: Book, objects: Mapping[str, Mapping[str, Property]]) -> None:
        """Keep nothing yet."""
        self._book, self._objects = book, objects
        self._merged: dict[str, tuple[int, dict[str, list[str]]]] = {}
        self._lists: dict[tuple[str, bool], tuple[int, list[Entry]]] = {}

    def there(self, entity: str, id_: str) -> Entry | None:
        """Give a record by its id, or the one that it went into."""
        entry = self._book.of(entity).get(id_)
        while entry is not None and entry.merged_into is not None:
            entry = self._book.of(entity).get(entry.merged_into)
        return None if entry is None else self._book.get(entity, entry.id)

    def one(self, entity: str, id_: str, call: Call) -> Answer:
        """Give one record.

        Raises:
            Refused: there is none.
        """
        entry = self.there(entity, id_)
        if entry is None:
            raise refuse(404, "OBJECT_NOT_FOUND", "Object not found. objectId are usually numeric.")
        return Answer(self.shown(entity, entry, call.query.get("properties", "").split(",")))

    def page(self, entity: str, call: Call) -> Answer:
        """List records that are there, or those that are archived, by id.

        Raises:
            Refused: the page is too long.
        """
        archived, limit = (
            call.query.get("archived", "").lower() == "true",
            int(call.query.get("limit", 10)),
        )
        if not 0 < limit <= PAGE:
            raise refuse(400, "VALIDATION_ERROR", f"limit must be between 1 and {PAGE}")
        revision = self._book.revision(entity)
        known, entries = self._lists.get((entity, archived), (-1, []))
        if known != revision:
            # A record that went into another is no archived one: it is the other one now.
            entries = sorted(
                (
                    entry
                    for entry in self._book.of(entity).values()
                    if (entry.deleted is not None) == archived and entry.merged_into is None
                ),
                key=lambda entry: int(entry.id),
            )
            self._lists[entity, archived] = revision, entries
        start = bisect_right(entries, int(call.query.get("after") or 0), key=lambda e: int(e.id))
        found = entries[start : start + limit + 1]
        names = call.query.get("properties", "").split(",")
        told: dict[str, Any] = {
            "results": [self.shown(entity, entry, names) for entry in found[:limit]]
        }
        if found[limit:]:
            told["paging"] = {"next": {"after": found[limit - 1].id}}
        return Answer(told)

    def read(self, entity: str, body: Mapping[str, Any], at: str) -> Answer:
        """Give a batch of records; an id that went into another gives the other.

        Raises:
            Refused: it asks for too many.
        """
        inputs, names = [str(one["id"]) for one in body["inputs"]], body.get("properties") or ()
        if len(inputs) > PAGE:
            raise refuse(400, "VALIDATION_ERROR", f"Batch size is limited to {PAGE}")
        found = {id_: self.there(entity, id_) for id_ in inputs}
        there = {entry.id: entry for entry in found.values() if entry is not None}
        missing = [id_ for id_, entry in found.items() if entry is None]
        what = "Could not get some objects, they may be deleted or not exist."
        errors = [error("OBJECT_NOT_FOUND", what, ids=missing)] if missing else []
        results = [self.shown(entity, entry, names) for entry in there.values()]
        return batch(results, errors, at=at)

    def merge(self, entity: str, keep: str, drop: str) -> Answer:
        """Make two records one.

        Raises:
            Refused: one of them is not there.
        """
        kept, dropped = self._book.get(entity, keep), self._book.get(entity, drop)
        if kept is None or dropped is None or keep == drop:
            raise refuse(400, "VALIDATION_ERROR", f"Cannot merge {drop} into {keep}")
        return Answer(self.shown(entity, self._book.merge(entity, keep, drop)))

    def shown(
        self, entity: str, entry: Entry, names: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Word a record: the properties asked for, or all, and those that always come."""
        values: dict[str, Any] = {
            name: entry.values.get(name)
            for name in (entry.values if names is None else names)
            if name in self._objects[entity]
        }
        if "hs_merged_object_ids" in values:
            values["hs_merged_object_ids"] = ";".join(self._merged_into(entity, entry.id)) or None
        at, made = spelled(entry.changed), spelled(entry.created)
        created = "createdate" if "createdate" in self._objects[entity] else "hs_createdate"
        values |= {"hs_object_id": entry.id, created: made, stamp(entity): at}
        told = {"id": entry.id, "properties": values, "createdAt": made, "updatedAt": at}
        if entry.deleted is None:
            return {**told, "archived": False}
        return {**told, "archived": True, "archivedAt": spelled(entry.deleted)}

    def _merged_into(self, entity: str, keep: str) -> list[str]:
        """Give all that went into a record, those among them that others had gone into before."""
        revision = self._book.revision(entity)
        known, merged = self._merged.get(entity, (-1, {}))
        if known != revision:
            merged = {}
            for entry in self._book.of(entity).values():
                if entry.merged_into is not None:
                    merged.setdefault(entry.merged_into, []).append(entry.id)
            self._merged[entity] = revision, merged
        direct = merged.get(keep, [])
        return [*direct, *(one for into in direct for one in self._merged_into(entity, into))]
