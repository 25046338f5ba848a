"""The days in a drafted plan's text are those of the agenda's zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crmkit.care.plan_words import Tongue
from crmkit.clock import zone
from tests.lifecycle.firm import firm

EVENING = datetime(2026, 5, 1, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(("name", "day"), [("Asia/Shanghai", 2), ("America/Lima", 1)])
def test_an_instant_falls_on_the_zones_day(name: str, day: int) -> None:
    """A day without a time stays what it is."""
    there = zone(name)
    assert there is not None
    say = Tongue("en", there)
    assert say.day(EVENING) == f"2026-05-0{day}"
    assert say.day(EVENING.date()) == "2026-05-01"


def test_a_cause_begins_on_the_day_that_was_asked_for() -> None:
    """Midnight in Shanghai is the day before by UTC, which the text does not give."""
    there = zone("Asia/Shanghai")
    since = datetime(2025, 9, 1, tzinfo=there)
    until = datetime(2025, 12, 1, tzinfo=there)
    with firm(agenda={"timezone": "Asia/Shanghai"}) as shop:
        shop.buyer("ann", *range(480, 150, -30), owner="lin", amount="900")
        cause = shop.crm.value.explain("ann", since, until)
        text = shop.care.draft("ann", owner="lin", cause=cause, lang="en").situation.introduction
    assert "Score from 2025-09-01 to 2025-12-01: " in text
