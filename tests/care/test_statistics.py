"""``crm.report``: what there is, counted once, of a period or of all time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

import crmkit

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def record(number: int, days: int, **more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(days=days)).isoformat()
    who = {"email": f"c{number % 3}@example.com"}
    return {"id": f"r-{number}", "kind": "visit", "at": at, "customer": who} | more


@pytest.fixture
def crm() -> Iterator[crmkit.CRM]:
    with crmkit.connect("memory://", clock=lambda: NOW, plugins=[]) as crm:
        money = {"kind": "purchase", "amount": "5", "currency": "CNY"}
        crm.capture([record(1, 1), record(2, 10, **money), record(3, 20, origin="typed")], "shop")
        crm.capture([record(4, 40)], "till")
        yield crm


def test_everything_is_counted_by_what_it_is(crm: crmkit.CRM) -> None:
    """Kinds, sources, currencies and how they came add up; tiers stand as advance set them."""
    found = crm.report()
    assert (found.customers, found.touchpoints) == (3, 4)
    assert found.by_touchpoint == {"visit": 3, "purchase": 1}
    assert found.by_source == {"shop": 3, "till": 1}
    assert found.by_currency == {"CNY": 1}
    assert (found.captured, found.typed, found.captured_share) == (3, 1, 0.75)
    assert (found.first, found.last) == (NOW - timedelta(days=40), NOW - timedelta(days=1))
    assert found.by_tier == {}
    crm.lifecycle.advance()
    assert sum(crm.report().by_tier.values()) == 3
    assert crm.report().to_dict()["by_form"] == {"person": 3}


def test_a_period_has_its_first_instant_and_not_its_last(crm: crmkit.CRM) -> None:
    """Neighbouring periods count each touchpoint once."""
    ends = [NOW - timedelta(days=days) for days in (40, 20, 10, 0)]
    counts = [crm.report(*pair).touchpoints for pair in pairwise(ends)]
    assert counts == [1, 1, 2]
    assert crm.report(until=ends[0]).touchpoints == 0


def test_what_was_taken_back_is_told_apart(crm: crmkit.CRM) -> None:
    """A retracted touchpoint counts as taken back, and nowhere else."""
    crm.touchpoints.retract("shop", "r-1", reason="a mistake")
    found = crm.report()
    assert (found.touchpoints, found.taken_back) == (3, 1)
    assert found.by_touchpoint == {"visit": 2, "purchase": 1}


def test_progress_is_told(crm: crmkit.CRM) -> None:
    """Whoever waits can be shown that something is done."""
    told: list[int] = []
    crm.report(step=told.append)
    assert told == [0]


def test_a_period_that_is_none_is_refused(crm: crmkit.CRM) -> None:
    """An end before the start, or an instant without an offset, is an error that names it."""
    with pytest.raises(crmkit.InvalidValueError) as error:
        crm.report(NOW, NOW - timedelta(days=1))
    assert error.value.field == "until"  # type: ignore[attr-defined]
    with pytest.raises(crmkit.NaiveTimeError):
        crm.report(datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused
