"""Scores beside customers who are new, merged or erased since they were paired."""

from __future__ import annotations

import pytest

from tests.sync.fake import CONTACTS, MAPPING, Shop
from tests.sync.kit import PLAIN, quiet

SCORES = {"concept": "scores", "object": CONTACTS, "fields": {"total": "Score"}}


def test_a_plan_counts_whom_it_does_not_make() -> None:
    """Who would be made here has no score yet, and costs the others nothing."""
    shop = Shop(mappings=(MAPPING, SCORES))
    shop.book.create(CONTACTS, {"Name": "Ann", "Email": "ann@example.com"})
    shop.save("Li Lei", "li@example.com")
    plan = shop.crm.sync.plan("crm")
    assert [(one.side, one.name) for one in plan.creates] == [("ours", "Ann"), ("theirs", "Li Lei")]
    assert plan.creates[1].fields["scores.total"][1] is not None
    assert [(one.side, one.name, one.remote_id) for one in plan.updates] == [("theirs", "Ann", "1")]
    report = shop.run()
    assert (report.created, report.updated) == (2, 1)
    assert shop.run().written == 0


def test_merged_and_erased_customers_stop_nobody_s_score() -> None:
    """Those who were paired and are gone by the next run have no score to send."""
    shop = Shop(mappings=(MAPPING, SCORES))
    keep, drop, gone = (shop.save(one, f"{one}@x.org").id for one in "abc")
    shop.run()
    shop.crm.customers.merge(keep, drop, reason="the same")
    shop.crm.customers.erase(gone, reason="asked")
    shop.run()
    assert [one.values["Name"] for one in shop.theirs()] == ["a"]
    assert shop.run().written == 0


@pytest.mark.parametrize("there", [3, 12])
def test_a_score_that_stood_there_was_never_sent(there: int) -> None:
    """However little ours differs from it."""
    one = Shop(mappings=(PLAIN, SCORES))
    one.book.create(CONTACTS, {"Name": "Ann", "Email": "ann@example.com", "Score": there})
    one.run()
    assert one.theirs()[0].values["Score"] == 0
    quiet(one)
