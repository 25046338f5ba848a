"""A shop as a dlt source, and what its tables are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import crmkit_dlt
import dlt

import crmkit

ORDERS: dict[str, Any] = {
    "source": "shop",
    "fields": {
        "id": "{No}",
        "kind": "purchase",
        "at": "{When}",
        "amount": "{Sum}",
        "currency": "EUR",
        "item": "{Item}",
    },
    "customer": {"email": "{Mail}"},
}
CLIENTS: dict[str, Any] = {
    "fields": {"name": "{Name}"},
    "identities": {"email": "{Mail}", "shop": "{No}"},
}
TABLES = {
    "orders": crmkit_dlt.Touchpoints(ORDERS),
    "clients": crmkit_dlt.Customers(CLIENTS),
}


def order(number: int, **more: Any) -> dict[str, Any]:
    """Give an order of Ann's."""
    plain = {"No": number, "When": "2026-05-01T10:00:00+08:00", "Sum": "12.50"}
    return plain | {"Item": "tea", "Mail": "ann@example.com"} | more


def orders(*rows: dict[str, Any], **hints: Any) -> Any:
    """Give a resource with these rows; merged by default."""
    given = {"name": "orders", "primary_key": "No", "write_disposition": "merge"} | hints
    return dlt.resource(list(rows), **given)


def table(name: str, rows: Iterable[dict[str, Any]], **hints: Any) -> Any:
    """Give a resource of another name."""
    return dlt.resource(rows, name=name, **hints)


def said(url: str, email: str = "ann@example.com") -> list[crmkit.Touchpoint]:
    """Give a customer's touchpoints, by id."""
    with crmkit.connect(url) as crm:
        found = crm.customers.find(email=email)
        touchpoints = crm.touchpoints.of(found.id) if found else ()
        return sorted(touchpoints, key=lambda one: one.id)
