"""Records that are gone on one side."""

from __future__ import annotations

import pytest

import crmkit
from tests.sync.fake import CAN, CONTACTS, MAPPING, Fake, Shop


def test_nobody_is_erased_since_a_right_was_lost_there() -> None:
    """Where most records vanish from the enumeration at once, a run that would erase stops."""
    fake = Fake(can=CAN - {"deleted_feed"})
    shop = Shop(fake, mappings=[{**MAPPING, "on_remote_delete": "erase"}])
    for number in range(40):
        shop.save(f"Ann {number}", f"ann{number}@example.com")
    shop.run()
    for entry in shop.theirs()[:15]:
        shop.book.delete(CONTACTS, entry.id)
    assert shop.run().deleted == 15
    for entry in shop.theirs()[:22]:
        shop.book.delete(CONTACTS, entry.id)
    with pytest.raises(crmkit.CrmkitError, match="22 of 25 records of Contacts are gone"):
        shop.run()
    assert len(shop.crm.customers.search(limit=100).items) == 25
