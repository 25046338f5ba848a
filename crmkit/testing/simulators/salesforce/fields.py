"""The objects of a new organisation, with their fields as ``describe`` tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

TEXTS = frozenset(
    "string textarea email phone url picklist combobox multipicklist reference id".split()
)
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
}
MERGED = ("Account", "Contact", "Lead")
"""Objects whose records people merge: these have a ``MasterRecordId``."""


@attrs.define(kw_only=True)
class Column:
    """One field of an object.

    Attributes:
        name: Its name.
        type: Salesforce's type: ``string``, ``double``, ``picklist``...
        length: Longest text.
        required: A record cannot be without it.
        default: What a new record has where nothing was given.
        readonly: Nobody writes it.
        external: It is an external id.
        unique: No two records share a value.
        lookup: ``idLookup``: a single record can be found by it.
        choices: Values of a picklist.
        restricted: No other values than `choices` are taken.
    """

    name: str
    type: str = "string"
    length: int = 255
    required: bool = False
    default: Any = None
    readonly: bool = False
    external: bool = False
    unique: bool = False
    lookup: bool = False
    choices: tuple[str, ...] = ()
    restricted: bool = True

    def described(self) -> dict[str, Any]:
        """Give it as ``describe`` does."""
        values = [
            {"active": True, "defaultValue": False, "label": choice, "value": choice}
            for choice in self.choices
        ]
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": self.length if self.type in TEXTS else 0,
            "nillable": not self.required and self.type != "boolean",
            "defaultedOnCreate": self.default is not None or self.type == "boolean",
            "createable": not self.readonly,
            "updateable": not self.readonly,
            "filterable": self.type != "textarea",
            "sortable": self.type not in ("textarea", "multipicklist"),
            "externalId": self.external,
            "unique": self.unique,
            "idLookup": self.external or self.lookup or self.name == "Id",
            "custom": self.name.endswith("__c"),
            "restrictedPicklist": bool(self.choices) and self.restricted,
            "picklistValues": values,
        }


def organisation() -> dict[str, dict[str, Column]]:
    """Give the objects of a new organisation, by name, with their fields by name."""
    people = (
        Column(name="LastName", length=80, required=True),
        Column(name="FirstName", length=40),
        Column(name="Name", length=121, readonly=True),
        Column(name="Email", type="email", length=80, lookup=True),
        Column(name="Phone", type="phone", length=40),
        Column(name="MobilePhone", type="phone", length=40),
        Column(name="Title", length=128),
        Column(name="Description", type="textarea", length=32000),
        Column(name="LeadSource", type="picklist", choices=("Web", "Other"), restricted=False),
        Column(name="DoNotCall", type="boolean", default=False),
        *_ours(),
    )
    deal = (
        Column(name="Name", length=120, required=True),
        Column(
            name="StageName",
            type="picklist",
            required=True,
            choices=("Prospecting", "Negotiation/Review", "Closed Won", "Closed Lost"),
            restricted=False,
        ),
        Column(name="CloseDate", type="date", required=True),
        Column(name="Amount", type="currency"),
        Column(name="Probability", type="percent"),
        Column(name="AccountId", type="reference", length=18),
        Column(name="Description", type="textarea", length=32000),
        Column(name="IsClosed", type="boolean", readonly=True),
        *_ours(),
    )
    account = (
        Column(name="Name", length=255, required=True),
        Column(name="Phone", type="phone", length=40),
        Column(name="Website", type="url", length=255),
        Column(name="Industry", type="picklist", choices=("Retail", "Energy"), restricted=False),
        Column(name="AnnualRevenue", type="currency"),
        Column(name="NumberOfEmployees", type="int"),
        Column(name="Description", type="textarea", length=32000),
        *_ours(),
    )
    activity = (
        Column(name="Subject", type="combobox", length=255),
        Column(name="Description", type="textarea", length=32000),
        Column(name="ActivityDate", type="date"),
        Column(name="WhoId", type="reference", length=18),
        Column(name="WhatId", type="reference", length=18),
        Column(name="Ext__c", length=64, external=True, unique=True),
    )
    done = ("Not Started", "In Progress", "Completed")
    return {
        "Contact": _whole(
            "Contact",
            people,
            Column(name="Birthdate", type="date"),
            Column(name="AccountId", type="reference", length=18),
        ),
        "Account": _whole("Account", account),
        "Lead": _whole("Lead", people, Column(name="Company", length=255, required=True)),
        "Opportunity": _whole("Opportunity", deal),
        "Task": _whole(
            "Task",
            activity,
            Column(name="Status", type="picklist", choices=done, default=done[0], restricted=False),
        ),
        "Event": _whole(
            "Event",
            activity,
            Column(name="StartDateTime", type="datetime"),
            Column(name="DurationInMinutes", type="int"),
        ),
    }


def _ours() -> tuple[Column, ...]:
    """Give the custom fields that a shop adds for crmkit."""
    return (
        Column(name="Ext__c", length=64, external=True, unique=True),
        Column(name="Score__c", type="double"),
        Column(name="Tier__c", type="picklist", choices=("key", "core", "potential")),
        Column(name="Stage__c", length=40),
        Column(name="Next_Contact__c", type="datetime"),
        Column(name="Next_Reason__c", length=255),
        Column(name="Interests__c", type="multipicklist", choices=("tea", "coffee", "茶具")),
    )


def _whole(entity: str, own: Iterable[Column], *more: Column) -> dict[str, Column]:
    system = [
        Column(name="Id", type="id", length=18, readonly=True),
        Column(name="IsDeleted", type="boolean", readonly=True),
        Column(name="CreatedDate", type="datetime", readonly=True),
        Column(name="LastModifiedDate", type="datetime", readonly=True),
        Column(name="SystemModstamp", type="datetime", readonly=True),
        Column(name="OwnerId", type="reference", length=18, default="005000000000001AAA"),
    ]
    if entity in MERGED:
        system.append(Column(name="MasterRecordId", type="reference", length=18, readonly=True))
    return {column.name: column for column in (*system, *own, *more)}
