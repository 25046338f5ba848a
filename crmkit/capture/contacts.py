"""Contacts of customers: people too, and somebody erased may be one of them.

A contact is told by his e-mail address and phone, as a customer is, and by his own id where he is
a customer himself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from crmkit.capture.keys import Key
from crmkit.capture.normalise import EMAIL, PHONE, Normaliser
from crmkit.model.customer import Contact


def contact_keys(contact: Contact | Mapping[str, Any], normaliser: Normaliser) -> Iterator[Key]:
    """Give the keys by which a contact is somebody."""
    said = contact if isinstance(contact, Mapping) else attrs.asdict(contact)
    for system in (EMAIL, PHONE):
        written = said.get(system)
        value = normaliser.key(system, written) if isinstance(written, str) else None
        if value is not None:
            yield system, value
