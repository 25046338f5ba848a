"""What only the memory store does: versions that readers hold, and orders that are kept."""

from __future__ import annotations

import random

import pytest

from crmkit.contracts.tables import CUSTOMER, META
from crmkit.errors import StoreBusy, StoreError
from crmkit.stores.memory import Database, MemoryStore
from crmkit.testing.rows import row


def test_nobody_pays_for_a_snapshot_that_nobody_holds():
    """Without readers a commit changes the tables in place; a reader's version is left alone."""
    database = Database()
    store = MemoryStore(database)
    before = None
    for number in range(3):
        with store.write() as writer:
            writer.put(META, [("a", str(number)), ("b", "0")])
        table = database.versions["default"].tables["meta"]
        assert before is None or table is before
        before = table
    with store.read() as reader:
        with store.write() as writer:
            writer.put(META, [("a", "9")])
        assert database.versions["default"].tables["meta"] is not before
        assert list(reader.fetch(META, [("a",)])) == [("a", "2")]
    with store.write() as writer:
        writer.put(META, [("a", "10")])
    with store.read() as reader:
        assert list(reader.scan(META)) == [("a", "10"), ("b", "0")]


def test_an_order_is_kept_not_sorted_anew():
    """A small change moves single places of a sorted order, and leaves it right."""
    database = Database()
    store = MemoryStore(database)
    with store.write() as writer:
        rows = [row(CUSTOMER, id=f"{n:04}", seq=n * 7919 % 1000) for n in range(1000)]
        writer.put(CUSTOMER, rows)
    with store.read() as reader:
        list(reader.scan(CUSTOMER, by=("seq",), limit=1))
    places = database.versions["default"].tables["customer"].orders["seq", "id"]
    dice = random.Random(7)
    for _ in range(50):
        with store.write() as writer:
            name = f"{dice.randrange(1100):04}"
            writer.put(CUSTOMER, [row(CUSTOMER, id=name, seq=dice.randrange(1000))])
            writer.delete(CUSTOMER, [(f"{dice.randrange(1000):04}",)])
    table = database.versions["default"].tables["customer"]
    assert table.orders["seq", "id"] is places
    assert places == sorted((found[1], found[0]) for found in table.rows.values())


def test_a_write_inside_a_write_is_refused():
    """A thread that would wait for itself is told so at once."""
    store = MemoryStore()
    with store.write(), pytest.raises(StoreError, match="in this thread"), store.write():
        pass


def test_a_writer_does_not_wait_for_ever():
    """A writer that waits too long for another is a StoreBusy, and the next one works."""
    database = Database()
    database.turns.timeout = 0.01
    store = MemoryStore(database)
    with database.turns.turn():
        database.turns._holders.clear()  # as if another thread held it
        with pytest.raises(StoreBusy, match="try again"), store.write():
            pass
    with store.write() as writer:
        writer.put(META, [("a", "1")])
