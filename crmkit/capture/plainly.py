"""Files without a mapping: columns, and keys of JSON objects, that are named like a record's."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.capture.fields import KNOWN
from crmkit.model.customer import Customer

FIELDS = KNOWN - {"customer", "friend", "attributes"}
"""Keys of a record that hold one value."""
_IDENTITIES = frozenset({"email", "phone", "name"})
_CUSTOMER, _KEYS = "customer.", "identities."


def record_sections(header: list[str] | None) -> dict[str, Any] | None:
    """Give the sections for columns that are named like a record's keys; None: JSON Lines."""
    if header is None:
        return None
    sections: dict[str, Any] = {"fields": {}, "customer": {}, "attributes": {}}
    for name in filter(None, header):
        value = "{" + name + "}"
        if name in FIELDS:
            sections["fields"][name] = value
        elif name in _IDENTITIES:
            sections["customer"][name] = value
        elif name.startswith(_CUSTOMER):
            sections["customer"][name.removeprefix(_CUSTOMER)] = value
        elif name == "customer":
            sections["customer"] = value
        else:
            sections["attributes"][name] = value
        if isinstance(sections["customer"], str):
            break
    return sections


def customer_sections(header: list[str] | None) -> dict[str, Any]:
    """Give the sections for columns that are named like a customer's fields."""
    known = {field.name for field in attrs.fields(Customer)} - {"identities", "created_at"}
    sections: dict[str, Any] = {"fields": {}, "identities": {}, "custom": {}}
    if header is None:
        return sections | {"fields": None}
    for name in filter(None, header):
        value = "{" + name + "}"
        if name in ("email", "phone"):
            sections["identities"][name] = value
        elif name.startswith(_KEYS):
            sections["identities"][name.removeprefix(_KEYS)] = value
        elif name in known:
            sections["fields"][name] = value
        else:
            sections["custom"][name] = value
    return sections


def whose(record: dict[str, Any]) -> dict[str, Any]:
    """Gather the keys of a flat JSON object that say whose it is, as columns would.

    An object with a `customer` of its own is left as it is.

    Example:
        >>> whose({"id": "v-1", "email": "ann@example.com", "customer.shop": 17})
        {'id': 'v-1', 'customer': {'email': 'ann@example.com', 'shop': 17}}
    """
    if record.get("customer") is not None:
        return record
    found: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in record.items():
        if name in _IDENTITIES:
            found[name] = value
        elif name.startswith(_CUSTOMER):
            found[name.removeprefix(_CUSTOMER)] = value
        else:
            rest[name] = value
    return rest | {"customer": found} if found else record


def keyed(customer: dict[str, Any]) -> dict[str, Any]:
    """Gather the keys of a flat JSON object that find a customer, as columns would."""
    if customer.get("identities"):
        return customer
    found: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in customer.items():
        if name in ("email", "phone") or name.startswith(_KEYS):
            found[name.removeprefix(_KEYS)] = value
        else:
            rest[name] = value
    return rest | {"identities": found} if found else customer
