"""The properties that objects of a HubSpot account have, and how their values are spelled."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

STAMPS = {"contacts": "lastmodifieddate"}
"""Property with the instant of the last change; ``hs_lastmodifieddate`` for all others."""
LONGEST = 65_536
"""Characters of a text."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ACTIVITIES = {
    "notes": "hs_note_body",
    "calls": "hs_call_body",
    "emails": "hs_email_text",
    "meetings": "hs_meeting_body",
    "tasks": "hs_task_body",
}


@attrs.frozen
class Property:
    """One property.

    Attributes:
        name: Internal name.
        type: ``string number bool enumeration date datetime``.
        field_type: How it is edited; ``checkbox`` makes an enumeration one of several values.
        unique: No two records may have the same value.
        readonly: It cannot be written.
        required: A new record must have it.
        options: Values of an enumeration.
        barred: Values that a rule of the account refuses, of which the API does not tell.
    """

    name: str
    type: str = "string"
    field_type: str = "text"
    unique: bool = False
    readonly: bool = False
    required: bool = False
    options: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """Give it as the API of properties does; that a value is required is nowhere told."""
        return {
            "name": self.name,
            "label": self.name.replace("_", " ").capitalize(),
            "type": self.type,
            "fieldType": self.field_type,
            "description": "",
            "groupName": "crmkit",
            "options": [
                {"label": option.title(), "value": option, "displayOrder": place, "hidden": False}
                for place, option in enumerate(self.options)
            ],
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "hasUniqueValue": self.unique and self.name != "email",
            "hidden": False,
            "hubspotDefined": True,
            "formField": not self.readonly,
            "modificationMetadata": {
                "archivable": True,
                "readOnlyDefinition": True,
                "readOnlyOptions": False,
                "readOnlyValue": self.readonly,
            },
        }

    def wrong(self, value: str) -> str | None:  # noqa: C901 - one line a kind
        """Give HubSpot's code of what is wrong with a value; None: nothing is."""
        if self.readonly:
            return "READ_ONLY_VALUE"
        if not value:
            return None
        if value in self.barred:
            return "PROPERTY_VALIDATION_RULE"
        if self.name == "email" and not _EMAIL.fullmatch(value):
            return "INVALID_EMAIL"
        if self.type == "number" and number(value) is None:
            return "INVALID_DOUBLE"
        if self.type == "bool" and value not in ("true", "false"):
            return "INVALID_BOOLEAN"
        if self.type == "date" and not day(value):
            return "INVALID_DATE"
        if self.type == "datetime" and instant(value) is None:
            return "INVALID_LONG"
        if self.type == "enumeration":
            given = value.split(";") if self.field_type == "checkbox" else [value]
            if self.options and any(one not in self.options for one in given if one):
                return "INVALID_OPTION"
        return "PROPERTY_VALUE_TOO_LONG" if len(value) > LONGEST else None

    def kept(self, value: str) -> str:
        """Give the spelling in which HubSpot keeps a value that is right."""
        if value and self.type == "datetime":
            return spelled(instant(value) or datetime.now(UTC))
        if value and self.type == "date":
            return day(value)
        return value.lower() if self.name == "email" else value


def standard() -> dict[str, dict[str, Property]]:
    """Give the objects of a new account and the most used of their properties."""
    found = {
        "contacts": [
            Property("email", unique=True),
            *map(Property, "firstname lastname phone mobilephone company industry".split()),
            Property("hubspot_owner_id", "enumeration", "select"),
            Property("lifecyclestage", "enumeration", "radio", options=("lead", "customer")),
            Property("date_of_birth", "date", "date"),
            Property("hs_timezone"),
        ],
        "companies": [*map(Property, "name domain phone industry hubspot_owner_id".split())],
        "deals": [
            *map(Property, "dealname dealstage pipeline hubspot_owner_id".split()),
            Property("amount", "number", "number"),
            Property("closedate", "datetime", "date"),
        ],
        "tickets": [*map(Property, "subject content hs_pipeline_stage hubspot_owner_id".split())],
    }
    for entity, body in _ACTIVITIES.items():
        found[entity] = [
            Property("hs_timestamp", "datetime", "date", required=True),
            Property(body, "string", "html"),
            Property("hubspot_owner_id", "enumeration", "select"),
        ]
    return {
        entity: {one.name: one for one in [*known, *_own(entity)]}
        for entity, known in found.items()
    }


def _own(entity: str) -> list[Property]:
    """Give the properties that HubSpot itself fills."""
    created = "createdate" if entity in ("contacts", "companies", "deals") else "hs_createdate"
    return [
        Property("hs_object_id", "number", "number", readonly=True),
        Property("hs_merged_object_ids", readonly=True),
        Property(created, "datetime", "date", readonly=True),
        Property(stamp(entity), "datetime", "date", readonly=True),
    ]


def stamp(entity: str) -> str:
    """Name the property with the instant of the last change."""
    return STAMPS.get(entity, "hs_lastmodifieddate")


def number(value: str) -> Decimal | None:
    """Read a number; None where it is none."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def day(value: str) -> str:
    """Read a date, or midnight UTC in milliseconds; empty where it is neither."""
    if _DATE.fullmatch(value):
        return value
    at = instant(value)
    whole = at is not None and at == at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at.date().isoformat() if at is not None and whole else ""


def instant(value: str) -> datetime | None:
    """Read milliseconds since 1970, or ISO 8601 with an offset; None where it is neither."""
    try:
        if value.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        at = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def spelled(at: datetime) -> str:
    """Spell an instant as HubSpot does, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis(at: datetime) -> int:
    """Give an instant in whole milliseconds since 1970."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
