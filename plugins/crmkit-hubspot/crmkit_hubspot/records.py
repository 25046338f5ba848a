"""Records as HubSpot gives them, made what the engine takes; and those that went into others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.contracts.connector import Remote, Schema
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import identified
from crmkit_hubspot import values
from crmkit_hubspot.schemas import LINKS, MERGED, stamp


@attrs.frozen
class Shape:
    """How records of one object are read and written.

    Attributes:
        entity: Which.
        types: Types of its fields, by name.
        unique: Fields that a record is found by.
    """

    entity: str
    types: Mapping[str, str]
    unique: frozenset[str]

    @classmethod
    def of(cls, schema: Schema) -> Shape:
        """Take it from a schema."""
        types = {field.name: field.type for field in schema.fields}
        unique = frozenset(field.name for field in schema.fields if field.unique)
        return cls(schema.entity, types, unique)

    def asked(self, fields: Sequence[str]) -> list[str]:
        """Name the properties to ask for, so that these fields can be given."""
        own = [name for name in fields if name not in LINKS.get(self.entity, {})]
        return list(dict.fromkeys([*own, stamp(self.entity), MERGED]))

    def linked(self, fields: Sequence[str]) -> list[str]:
        """Name those of the fields that are associations."""
        return [name for name in fields if name in LINKS.get(self.entity, {})]

    def remote(self, told: Mapping[str, Any], fields: Sequence[str]) -> Remote:
        """Make the record of what HubSpot gave; associations are not in it."""
        at, made = self.changed(told), values.instant(told.get("createdAt"))
        if told.get("archived") is True:
            at = values.instant(told.get("archivedAt")) or at
            return Remote(id=str(told["id"]), changed_at=at, created_at=made, deleted=True)
        properties, links = mapping(told, "properties"), LINKS.get(self.entity, {})
        found = {
            name: values.given(self.types.get(name, "text"), properties.get(name))
            for name in fields
            if name not in links
        }
        return Remote(id=str(told["id"]), values=found, changed_at=at, created_at=made)

    def changed(self, told: Mapping[str, Any]) -> datetime | None:
        """Give the instant of a record's last change."""
        properties = mapping(told, "properties")
        return values.instant(properties.get(stamp(self.entity)) or told.get("updatedAt"))

    def merged(self, told: Mapping[str, Any]) -> Iterator[Remote]:
        """Stream the records that went into this one."""
        keep, at = str(told["id"]), self.changed(told)
        for id_ in merged_ids(told):
            yield Remote(id=id_, changed_at=at, deleted=True, merged_into=keep)


def listed(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the records that an answer lists.

    Raises:
        SyncAborted: one has no id, so that nobody knows which it is.
    """
    return identified(rows(told, "results"), "id", "HubSpot")


def merged_ids(told: Mapping[str, Any]) -> list[str]:
    """Give the ids that went into a record."""
    listed = str(mapping(told, "properties").get(MERGED) or "").split(";")
    return [one for one in dict.fromkeys(map(str.strip, listed)) if one and one != str(told["id"])]
