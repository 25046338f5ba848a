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


def test_a_feed_that_tells_of_most_records_erases_nobody_either() -> None:
    """The run stops before the first, and again, until somebody says that ours shall stay."""
    erasing = {**MAPPING, "on_remote_delete": "erase"}
    shop = Shop(mappings=[erasing], url="sqlite://")
    for number in range(30):
        shop.save(f"Ann {number}", f"ann{number}@example.com")
    shop.run()
    for entry in shop.theirs()[:20]:
        shop.book.delete(CONTACTS, entry.id)
    for _ in range(2):
        with pytest.raises(crmkit.CrmkitError, match="20 of 30 records of Contacts are gone"):
            shop.run()
    with pytest.raises(crmkit.CrmkitError, match="20 of 30"):
        shop.crm.sync.plan("crm")
    assert len(shop.crm.customers.search(limit=100).items) == 30
    erasing["on_remote_delete"] = "unlink"
    shop.crm.sync._setup.sections["crm"]["mapping"][0]["on_remote_delete"] = "unlink"  # type: ignore[index]
    assert not shop.run().stopped
    assert len(shop.crm.customers.search(limit=100).items) == 30


def test_a_plan_tells_what_is_held_back_already() -> None:
    """Both sides are not called equal while somebody is waited for."""
    shop = Shop()
    shop.save("refuse me", "ann@example.com")
    assert shop.run().quarantined == 1
    plan = shop.crm.sync.plan("crm")
    assert plan.empty
    assert [one.reason for one in plan.quarantined] == ["Name: this name is refused here"]
