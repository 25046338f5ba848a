"""Working days: weekends, holidays, days worked instead, and years that nobody knows yet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmkit.clock import micros
from crmkit.errors import ConfigError
from crmkit.outreach.days import WorkingDays

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC))


def test_a_weekend_waits_for_monday():
    """In a working day now is now; on Saturday it is Monday's midnight where they work."""
    days = WorkingDays()
    assert days.open_from(at("2026-06-05 23:59"), SHANGHAI) == at("2026-06-05 23:59")
    assert days.open_from(at("2026-06-06 00:00"), SHANGHAI) == at("2026-06-08 00:00")


def test_the_firms_own_days_go_before_the_calendar():
    """Closed on a Monday, open on a Sunday, or a week from Sunday to Thursday."""
    days = WorkingDays.of({"closed": ["2026-06-08"], "open": [date(2026, 6, 7)]})
    assert days.why_closed(date(2026, 6, 7)) is None
    assert days.why_closed(date(2026, 6, 8)) == "2026-06-08 is a day off"
    week = WorkingDays.of({"working": ["sun", "mon", "tue", "wed", "thu"]})
    assert week.why_closed(date(2026, 6, 7)) is None
    assert week.why_closed(date(2026, 6, 5)) is not None


@pytest.mark.row("R37")
def test_holidays_and_the_weekends_worked_instead():
    """The Spring Festival of 2024 in China: off to the 17th; the Sunday after is worked."""
    pytest.importorskip("holidays")
    days = WorkingDays.of({"holidays": "CN"})
    assert days.why_closed(date(2024, 2, 18)) is None
    assert "Spring Festival" in str(days.why_closed(date(2024, 2, 12)))
    assert days.open_from(at("2024-02-12 09:00"), SHANGHAI) == at("2024-02-18 00:00")


def test_a_year_whose_schedule_is_not_official_is_unknown():
    """It is not taken for an ordinary one; naming days of it says that somebody looked it up."""
    pytest.importorskip("holidays")
    days = WorkingDays.of({"holidays": "CN"})
    assert days.open_from(at("2090-03-03 09:00"), SHANGHAI) is None
    assert "2090 in CN are not official yet" in str(days.why_closed(date(2090, 3, 3)))
    named = WorkingDays.of({"holidays": "CN", "closed": ["2090-02-01"]})
    assert named.why_closed(date(2090, 3, 3)) is None
    opened = WorkingDays.of({"holidays": "CN", "open": ["2089-03-02"]})
    assert opened.why_closed(date(2089, 3, 2)) is None
    assert opened.why_closed(date(2090, 3, 3)) is not None


def test_where_holidays_follow_from_rules_every_year_is_known():
    """The first of May of any year is off in Germany."""
    pytest.importorskip("holidays")
    days = WorkingDays.of({"holidays": "DE"})
    assert days.why_closed(date(2087, 5, 1)) is not None
    assert days.why_closed(date(2087, 5, 2)) is None
    assert days.why_closed(date(2987, 5, 2)) is not None  # further than anybody has reckoned


def test_which_messages_wait_for_a_working_day():
    """What a colleague carries out, unless channels or purposes are named."""
    days = WorkingDays()
    assert days.holds("care", "visits", person=True)
    assert not days.holds("care", "email", person=False)
    named = WorkingDays.of({"channels": ["email"], "purposes": ["marketing"]})
    assert named.holds("marketing", "email", person=False)
    assert not named.holds("care", "email", person=False)
    assert not named.holds("marketing", "visits", person=True)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("working", {"working": ["moon"]}),
        ("working", {"working": []}),
        ("working", {"working": "mon"}),
        ("closed", {"closed": ["tomorrow"]}),
        ("closed", {"closed": [datetime(2026, 6, 8, tzinfo=UTC)]}),
        ("open", {"open": ["2026-06-08"], "closed": ["2026-06-08"]}),
        ("purposes", {"purposes": ["spam"]}),
        ("channels", {"channels": "email"}),
        ("holidays", {"holidays": 5}),
        ("shut", {"shut": []}),
    ],
)
def test_what_is_wrong_is_named(key: str, wrong: dict[str, Any]):
    """Before any message waits for it."""
    with pytest.raises(ConfigError) as error:
        WorkingDays.of(wrong)
    assert error.value.key == f"outreach.days.{key}"  # type: ignore[attr-defined]


def test_a_country_that_nobody_knows_is_named():
    """As soon as the configuration is read."""
    pytest.importorskip("holidays")
    with pytest.raises(ConfigError, match="is no country"):
        WorkingDays.of({"holidays": "XX"})
