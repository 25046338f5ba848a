"""Batches on their way."""

from __future__ import annotations

from tests.sync.fake import CAN, Fake, Shop


def test_who_is_looked_at_twice_in_a_run_is_made_once() -> None:
    """A merged customer is met by his own place in our order and by the other's, chunks apart."""
    shop = Shop(Fake(can=CAN - {"upsert"}, batch=5_000))
    first = shop.save("Ann", "ann@example.com")
    for number in range(2_100):
        shop.save(f"c{number}", f"c{number}@example.com")
    other = shop.save("Ann B", "annb@example.com")
    shop.crm.customers.merge(first.id, other.id, reason="one")
    shop.run()
    assert len(shop.theirs(Name="Ann")) == 1
    assert len(shop.theirs()) == 2_101
    assert shop.run().written == 0
