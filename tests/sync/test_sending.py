"""Batches on their way, and what becomes of those that are lost."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Lock
from typing import Any

import pytest

from crmkit.contracts.connector import Result, RetryLater, Upsert
from crmkit.sync.sending import Sender
from tests.sync.fake import CAN, Fake, Shop
from tests.sync.kit import customers, quiet, shop


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


class Spent(Fake):
    """Its first batch is refused for want of calls; the others take as long as they are told."""

    def upsert(self, entity: str, records: Sequence[Upsert]) -> Sequence[Result]:
        with LOCK:
            if not self.calls.count("upsert"):
                self.calls.append("upsert")
                raise RetryLater("the calls of the day are spent", after=9.0, kind="daily")
            begun = super().upsert(entity, records)
        GATE.wait(10)
        return begun


LOCK, GATE = Lock(), Event()


def test_what_no_call_was_begun_for_is_put_off_once_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty batches are ready, and four threads: the CRM is not asked twenty times in vain."""
    put_off = Sender._put_off

    def told(sender: Sender, batch: Sequence[Any]) -> None:
        put_off(sender, batch)
        if len(batch) > 20:  # what was ready, all together
            GATE.set()

    monkeypatch.setattr(Sender, "_put_off", told)
    shop = Shop(Spent(thread_safe=True))
    for number in range(400):
        shop.save(f"c{number}", f"c{number}@example.com")
    report = shop.run()
    assert "spent" in report.stopped
    assert GATE.is_set()
    begun = shop.fake.calls.count("upsert")
    assert begun <= 5  # each thread had one on its way, and the refused one's may have had the next
    assert report.written == (begun - 1) * 20
    assert shop.run().written == 400 - report.written
    assert len(shop.theirs()) == 400
    assert shop.run().written == 0


def test_of_two_whose_making_was_lost_each_finds_his_own() -> None:
    """Though one's name might be the other's, cut short there."""
    one = shop(Fake(lose=1))
    one.save("Li", id="b")
    one.save("Li Na", id="a")
    one.run()
    one.run()
    assert sorted(record.values["Name"] for record in one.theirs()) == ["Li", "Li Na"]
    assert sorted((found.id, found.name) for found in customers(one)) == [
        ("a", "Li Na"),
        ("b", "Li"),
    ]
    quiet(one)
