"""What HubSpot's objects look like, as its own API of properties tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmkit.contracts.connector import Field, Schema
from crmkit.contracts.reading import mapping, rows, text
from crmkit_hubspot.api import Api

ENTITIES = (
    "contacts",
    "companies",
    "deals",
    "tickets",
    "notes",
    "calls",
    "emails",
    "meetings",
    "tasks",
)
BATCH = 100
"""Records in one call that writes, or reads by id."""
LONGEST = 65_536
"""Characters of a text."""
MERGED = "hs_merged_object_ids"
"""Property with the ids that went into a record."""
_CONTACTS = ("contacts", "0-1", "contact")
_ACTIVITIES = ("notes", "calls", "emails", "meetings", "tasks")
_TYPES = {
    "string": "text",
    "phone_number": "text",
    "number": "number",
    "bool": "flag",
    "date": "date",
    "datetime": "instant",
}


@attrs.frozen
class Link:
    """A field of ours that is an association there.

    Attributes:
        to: The object that it points at.
        type: HubSpot's id of the association; with `main`, of the label "Primary".
        main: Only one of them bears the label, and that one is meant.
    """

    to: str
    type: int
    main: bool = False


LINKS: Mapping[str, Mapping[str, Link]] = {
    # "company" is the company's name, a text that HubSpot has on every contact.
    "contacts": {"associatedcompanyid": Link("companies", 1, main=True)},
    "deals": {"contact": Link("contacts", 3), "company": Link("companies", 5, main=True)},
    "tickets": {"contact": Link("contacts", 16), "company": Link("companies", 26, main=True)},
    "notes": {"contact": Link("contacts", 202), "company": Link("companies", 190)},
    "calls": {"contact": Link("contacts", 194), "company": Link("companies", 182)},
    "emails": {"contact": Link("contacts", 198), "company": Link("companies", 186)},
    "meetings": {"contact": Link("contacts", 200), "company": Link("companies", 188)},
    "tasks": {"contact": Link("contacts", 204), "company": Link("companies", 192)},
}
"""By object and field; the types are HubSpot's own, the same in every account."""


def stamp(entity: str) -> str:
    """Name the property with the instant of the last change."""
    return "lastmodifieddate" if entity in _CONTACTS else "hs_lastmodifieddate"


def described(api: Api, entity: str, page: int) -> Schema:
    """Ask HubSpot what an object looks like.

    Raises:
        SyncAborted: there is no such object, or the token does not reach it.
    """
    told, _ = api.read("GET", api.properties(entity))
    links = LINKS.get(entity, {})
    fields = [
        _field(entity, one)
        for one in rows(told, "results")
        if text(one.get("name")) and one["name"] not in links and not one.get("archived")
    ]
    fields += [
        Field(name=name, type="reference", label=name.title(), targets=(link.to,))
        for name, link in links.items()
    ]
    return Schema(entity=entity, fields=tuple(fields), batch=BATCH, page=page)


def _field(entity: str, told: Mapping[str, Any]) -> Field:
    name, options = str(told["name"]), rows(told, "options")
    type_ = _type(told, bool(options))
    readonly = mapping(told, "modificationMetadata").get("readOnlyValue") is True
    return Field(
        name=name,
        type=type_,
        label=text(told.get("label")) or name,
        # HubSpot does not tell what it requires; of an activity it is the time alone.
        required=entity in _ACTIVITIES and name == "hs_timestamp",
        readonly=readonly or told.get("calculated") is True,
        unique=told.get("hasUniqueValue") is True or (entity in _CONTACTS and name == "email"),
        choices=tuple(str(one.get("value")) for one in options) if type_ == "choice" else (),
        length=LONGEST if type_ == "text" else None,
    )


def _type(told: Mapping[str, Any], options: bool) -> str:  # noqa: FBT001 - one fact
    """Tell the type; values of an enumeration that HubSpot keeps elsewhere are ids."""
    if told.get("type") != "enumeration":
        return _TYPES.get(str(told.get("type")), "other")
    if told.get("fieldType") == "checkbox":
        return "list"
    if told.get("externalOptions") is True or told.get("referencedObjectType"):
        return "reference"
    return "choice" if options else "text"
