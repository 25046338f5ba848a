"""The calls of a day are counted over all processes, whoever writes them down last."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from crmkit.contracts.connector import RetryLater
from crmkit.stores import open_store
from crmkit.sync.remembered import StoredMeter
from tests.sync.fake import Clock


def test_two_that_count_at_the_same_time_lose_nothing() -> None:
    """As a run and a web server that reads what webhooks name do."""
    clock = Clock()
    with closing(open_store("memory://")) as store:
        one, other = (StoredMeter(store, "crm", 10, clock) for _ in range(2))
        one.take(4)
        other.take(3)
        other.flush()
        one.flush()
        one.flush()
        third = StoredMeter(store, "crm", 10, clock)
        third.take(3)
        with pytest.raises(RetryLater, match="10 calls of 24 hours are spent"):
            third.take()
        clock.now += timedelta(days=1)
        third.take(10)


def test_what_others_counted_is_known_after_writing_down() -> None:
    """A process that stays open does not go by what it read when it began."""
    clock = Clock()
    with closing(open_store("memory://")) as store:
        stays, run = (StoredMeter(store, "crm", 10, clock) for _ in range(2))
        stays.take()
        run.take(8)
        run.flush()
        stays.flush()
        stays.take()
        with pytest.raises(RetryLater):
            stays.take()
