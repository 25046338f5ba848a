"""Where ids lead: what was written under one that was merged belongs to another today."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit.contracts.store import Reader
from crmkit.contracts.tables import CUSTOMER

_ROOT = CUSTOMER.position["root"]


def roots_of(reader: Reader, ids: Iterable[str | None]) -> dict[str, str]:
    """Give where each id leads today; one that nobody has is not among the keys."""
    keys = {(one,) for one in ids if one is not None}
    return {row[0]: row[_ROOT] for row in reader.fetch(CUSTOMER, keys)}


def root_of(reader: Reader, customer: str | None) -> str:
    """Give where an id leads today; one that nobody has stays as it is."""
    return roots_of(reader, [customer]).get(customer or "", str(customer))


def merged(reader: Reader) -> dict[str, str]:
    """Give every id that was merged into another, with where it leads."""
    pairs = reader.scan(CUSTOMER, columns=("id", "root"))
    return {customer: root for customer, root in pairs if customer != root}
