"""A customer as the CRM has him: fields changed as it told them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

from crmkit.capture.exact import Fault
from crmkit.capture.normalise import EMAIL, PHONE
from crmkit.model.customer import CUSTOMER_KINDS, Address, Customer, Identity
from crmkit.sync.fields import OWN

KEYS = {"email": EMAIL, "phone": PHONE}
"""Fields that are keys, with their systems."""
ADDRESS = frozenset({"street", "city", "region", "postcode", "country"})
"""Fields of a customer's first address."""


def with_values(customer: Customer, values: Mapping[str, Any], *, merged: bool) -> Customer:
    """Give a customer with fields changed; an e-mail address or phone is added, none taken away.

    Where somebody was `merged` into him, the last of his own fields is kept as an empty one:
    without any, he would show those of the other again.

    Raises:
        Fault: a value cannot be his.
    """
    changed: dict[str, Any] = {}
    custom = dict(customer.custom)
    address = {name: value for name, value in values.items() if name in ADDRESS}
    identities = list(customer.identities)
    for name, value in values.items():
        if name in KEYS:
            identities += [Identity(KEYS[name], value)] if value else []
        elif name.startswith(OWN):
            custom[name.removeprefix(OWN)] = value
        elif name == "birthday":
            changed[name] = None if value is None else date.fromisoformat(value)
        elif name == "kind" and value not in CUSTOMER_KINDS:
            raise Fault(name, f"must be one of {', '.join(CUSTOMER_KINDS)}, got {value!r}")
        elif name not in ADDRESS and name != "id":
            changed[name] = _emptied(name) if value is None else value
    if address:
        changed["addresses"] = _addressed(customer, address)
    emptied = {name.removeprefix(OWN) for name, value in values.items() if value is None}
    left = {name: value for name, value in custom.items() if name not in emptied}
    custom = custom if merged and not left else left
    return attrs.evolve(customer, custom=custom, identities=tuple(identities), **changed)


def _emptied(name: str) -> Any:
    return next(field.default for field in attrs.fields(Customer) if field.name == name)


def _addressed(customer: Customer, parts: Mapping[str, Any]) -> tuple[Address, ...]:
    first, *others = customer.addresses or (Address(),)
    given = {name: value for name, value in parts.items() if name != "street"}
    if "street" in parts:
        given["lines"] = tuple((parts["street"] or "").splitlines())
    return (attrs.evolve(first, **given), *others)
