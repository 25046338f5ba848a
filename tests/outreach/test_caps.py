"""Caps: against a naive count, over days on which clocks are changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.clock import DAY, SECOND, instant, micros
from crmkit.errors import ConfigError
from crmkit.outreach.caps import Cap, free_from

QUARTER = 900 * SECOND
REACH = {"day": 3 * DAY, "week": 9 * DAY, "month": 33 * DAY}  # what is older never counts
STARTS = ["2026-03-06", "2026-03-27", "2026-04-03", "2026-10-30", "2026-12-30", "2011-12-28"]
ZONES = [
    *("America/New_York", "Asia/Shanghai", "Pacific/Apia", "Asia/Beirut", "America/Havana"),
    *("Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"),
]


def at(text: str, zone: str = "UTC") -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))


def period(when: int, zone: str, per: str) -> tuple[int, ...]:
    day: date = instant(when).astimezone(ZoneInfo(zone)).date()
    if per == "month":
        return (day.year, day.month)
    return tuple(day.isocalendar())[:2] if per == "week" else (day.toordinal(),)


def naive(cap: Cap, per: str, sent: Sequence[int], now: int, zones: Collection[str]) -> int | None:
    """Look at every quarter of an hour from now on, and count."""
    assert cap.most is not None
    when = now
    while when < now + 70 * DAY:
        if cap.period is None:
            count = sum(one > when - cap.span for one in sent)
        else:
            count = sum(
                any(period(one, zone, per) >= period(when, zone, per) for zone in zones)
                for one in sent
            )
        if count < cap.most:
            return when
        when += QUARTER
    return None


@pytest.mark.row("R37")
@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(STARTS),
    st.sampled_from(["day", "day", "week", "month", "24h", "7d", "90m"]),
    st.integers(1, 3),
    st.lists(st.integers(-4 * 96, 8), max_size=6),
    st.integers(0, 4 * 96),
    st.sets(st.sampled_from(ZONES), min_size=1, max_size=2),
)
def test_it_frees_when_a_naive_count_says_so(
    start: str, per: str, most: int, sent: list[int], quarters: int, zones: set[str]
) -> None:
    """Calendar and rolling, one zone and two, messages behind and (by a clock set back) ahead."""
    now = at(start) + quarters * QUARTER
    cap = Cap.of({"max": most, "per": per}, "cap")
    times = [now + one * QUARTER for one in sent]
    assert free_from(cap, times, now, zones) == naive(cap, per, times, now, zones)
    reach = cap.span or REACH[per]
    assert free_from(cap, [now - reach - one - 1 for one in range(most)], now, zones) == now


@pytest.mark.row("R37")
def test_none_means_no_cap_and_nought_means_none():
    """A cap of nothing never frees; no cap never holds."""
    for none in ({"max": None, "per": "day"}, None):
        assert free_from(Cap.of(none, "cap"), range(9), 9, ["UTC"]) == 9
    assert free_from(Cap.of({"max": 0, "per": "day"}, "cap"), [], 9, ["UTC"]) is None


def test_a_calendar_day_is_not_24_hours():
    """A message at 23:59 leaves the next day free; 24 hours do not."""
    late, next_day = at("2026-06-01 23:59"), at("2026-06-02 00:00")
    assert free_from(Cap(1, "day"), [late], late, ["UTC"]) == next_day
    assert free_from(Cap(1, None, DAY), [late], next_day, ["UTC"]) == late + DAY


def test_of_two_zones_the_later_midnight_counts():
    """Who may be in Shanghai or in New York waits for the new day in both."""
    sent = at("2026-06-01 10:00", "Asia/Shanghai")
    zones = ("Asia/Shanghai", "America/New_York")
    assert free_from(Cap(1, "day"), [sent], sent, zones) == at("2026-06-02", "Asia/Shanghai")
    evening = at("2026-06-01 20:00", "Asia/Shanghai")
    found = free_from(Cap(1, "day"), [evening], evening, zones)
    assert found == at("2026-06-02", "America/New_York")


def test_where_nobody_knows_the_zone_the_day_is_over_everywhere():
    """Strictly: not before it would be over wherever he is."""
    sent = at("2026-06-01 12:00")
    found = free_from(Cap(1, "day"), [sent], sent, ())
    assert found == at("2026-06-02 12:00")  # he may have read it at midnight, at UTC-12
    everywhere = [free_from(Cap(1, "day"), [sent], sent, [zone]) for zone in ZONES]
    assert all(one is not None and one <= found for one in everywhere)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("caps.x", 3),
        ("caps.x.max", {"per": "day"}),
        ("caps.x.per", {"max": 3}),
        ("caps.x.max", {"max": -1, "per": "day"}),
        ("caps.x.max", {"max": True, "per": "day"}),
        ("caps.x.max", {"max": "3", "per": "day"}),
        ("caps.x.per", {"max": 3, "per": "year"}),
        ("caps.x.per", {"max": 3, "per": "0h"}),
        ("caps.x.per", {"max": 3, "per": "99999d"}),
        ("caps.x.per", {"max": 3, "per": []}),
        ("caps.x.pre", {"max": 3, "pre": "day"}),
    ],
)
def test_what_is_no_cap(key: str, wrong: Any):
    """The setting is named."""
    with pytest.raises(ConfigError) as error:
        Cap.of(wrong, "caps.x")
    assert error.value.key == key  # type: ignore[attr-defined]
