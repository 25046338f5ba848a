"""More objects of the CRM in memory: organisations, people, notes and deals, and their mappings."""

from __future__ import annotations

from typing import Any

from crmkit.contracts.connector import Field

ACCOUNTS, PEOPLE, NOTES, DEALS = "Accounts", "People", "Notes", "Deals"
ACCOUNT = Field(name="Account", type="reference", targets=(ACCOUNTS,))
STAGES = ("Qualification", "Needs", "Proposal", "Acceptance", "Closed Won", "Closed Lost")
OBJECTS: dict[str, tuple[Field, ...]] = {
    ACCOUNTS: (
        Field(name="Name", required=True),
        Field(name="Email", unique=True),
        Field(name="Parent", type="reference", targets=(ACCOUNTS,)),
    ),
    PEOPLE: (
        Field(name="Name", required=True),
        Field(name="Title"),
        Field(name="Email"),
        Field(name="Phone"),
        Field(name="First", type="flag"),
        ACCOUNT,
    ),
    NOTES: (
        Field(name="Text"),
        Field(name="Kind", type="choice", choices=("Call", "Note", "Visit")),
        Field(name="At", type="instant"),
        Field(name="Amount", type="number"),
        Field(name="Currency"),
        ACCOUNT,
    ),
    DEALS: (
        Field(name="Name", required=True),
        Field(name="Amount", type="number"),
        Field(name="Currency"),
        Field(name="Stage", type="choice", choices=STAGES),
        Field(name="Closes", type="date"),
        Field(name="Owner", type="reference"),
        Field(name="Fight"),
        ACCOUNT,
    ),
}
ORGANISATIONS: dict[str, Any] = {
    "concept": "customers",
    "object": ACCOUNTS,
    "match": "email",
    "fields": {"name": "Name", "email": "Email", "parent": "Parent"},
}
CONTACTS: dict[str, Any] = {
    "concept": "contacts",
    "object": PEOPLE,
    "fields": {
        "name": "Name",
        "title": "Title",
        "email": "Email",
        "phone": "Phone",
        "primary": "First",
        "customer": "Account",
    },
}
TOUCHPOINTS: dict[str, Any] = {
    "concept": "touchpoints",
    "object": NOTES,
    "kind": ["note", "call", "visit"],
    "fields": {
        "text": "Text",
        "kind": {"field": "Kind", "values": {"note": "Note", "call": "Call", "visit": "Visit"}},
        "at": "At",
        "amount": "Amount",
        "currency": "Currency",
        "customer": "Account",
    },
}
DEALS_MAPPING: dict[str, Any] = {
    "concept": "opportunities",
    "object": DEALS,
    "match": "name",
    "fields": {
        "name": "Name",
        "amount": "Amount",
        "currency": "Currency",
        "stage": {
            "field": "Stage",
            "values": {
                "meet": "Qualification",
                "discover": "Qualification",
                "confirm": "Needs",
                "clarify": "Needs",
                "propose": "Proposal",
                "commit": "Proposal",
                "accept": "Acceptance",
                "pay": "Closed Won",
                "lost": "Closed Lost",
            },
        },
        "closes": "Closes",
        "owner": "Owner",
        "competition": "Fight",
        "customer": "Account",
    },
}
