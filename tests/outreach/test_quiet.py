"""Quiet hours, by the clocks on the walls: against a look at every minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.clock import micros
from crmkit.outreach.quiet import MINUTE, QuietHours, allowed_from, clock_time

NIGHT = QuietHours(time(21), time(8))
WEEKS = {
    "America/New_York": ("2026-03-06", "2026-10-30"),
    "Europe/Berlin": ("2026-03-27", "2026-10-23"),
    "Australia/Lord_Howe": ("2026-04-03", "2026-10-02"),
    "Asia/Shanghai": ("2026-02-01",),
    "Africa/Casablanca": ("2026-02-13", "2026-03-20"),
    "Pacific/Apia": ("2011-12-28",),
}
ZONES = sorted(WEEKS)
HORIZON = 2 * 24 * 60
CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 30, 45]))


def at(text: str, zone: str = "UTC", fold: int = 0) -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return micros(local.astimezone(UTC))


def oracle(now: int, zones: Collection[str], quiet: QuietHours) -> int | None:
    """Look at the clocks in every minute of the next two days."""
    first = datetime.fromtimestamp(now // 1_000_000, UTC)
    walls = [ZoneInfo(name) for name in zones]
    for minute in range(HORIZON):
        when = first + timedelta(minutes=minute)
        shown = [when.astimezone(zone) for zone in walls]
        minutes = [clock.hour * 60 + clock.minute for clock in shown]
        start = quiet.start.hour * 60 + quiet.start.minute
        end = quiet.end.hour * 60 + quiet.end.minute
        # so many minutes since the quiet hours began, against how long they are
        if all((m - start) % 1440 >= (end - start) % 1440 for m in minutes):
            return micros(when)
    return None


@pytest.mark.row("R37")
@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from([(zone, week) for zone, weeks in WEEKS.items() for week in weeks]),
    st.integers(0, 5 * 24 * 60),
    st.lists(st.sampled_from(ZONES), max_size=2),
    CLOCKS,
    CLOCKS,
)
def test_the_first_minute_that_is_quiet_nowhere(
    week: tuple[str, str], minutes: int, others: list[str], start: time, end: time
) -> None:
    """In the weeks in which clocks are put forward and back, in one zone and in several."""
    zone, first = week
    now = at(first) + minutes * MINUTE
    zones = {zone, *others}
    found = allowed_from(now, zones, QuietHours(start, end))
    expected = oracle(now, zones, QuietHours(start, end))
    if expected is None:
        assert found is None or found > now + (HORIZON - 1) * MINUTE
    else:
        assert found == expected


@pytest.mark.row("R37")
def test_it_waits_for_the_morning_where_the_reader_is():
    """At nine in the evening it is quiet, at eight in the morning no more, to the microsecond."""
    evening = at("2026-06-01 21:00", "Asia/Shanghai")
    morning = at("2026-06-02 08:00", "Asia/Shanghai")
    assert allowed_from(evening - 1, ["Asia/Shanghai"], NIGHT) == evening - 1
    assert allowed_from(evening, ["Asia/Shanghai"], NIGHT) == morning
    assert allowed_from(morning - 1, ["Asia/Shanghai"], NIGHT) == morning
    assert allowed_from(morning + 5, ["Asia/Shanghai"], NIGHT) == morning + 5


def test_clocks_put_forward_over_the_end_end_it():
    """Half past two never comes: at the change it is three, and quiet no more."""
    quiet = QuietHours(time(23), time(2, 30))
    changed = at("2026-03-08 07:00")
    assert allowed_from(changed - 200, ["America/New_York"], quiet) == changed


def test_clocks_put_back_into_it_begin_it_again():
    """Quiet from half past one: twice, and between them is half an hour in which it is not."""
    quiet = QuietHours(time(1, 30), time(2))
    again = at("2026-11-01 01:00", "America/New_York", fold=1)
    assert allowed_from(again - MINUTE, ["America/New_York"], quiet) == again
    second = at("2026-11-01 01:30", "America/New_York", fold=1)
    ended = at("2026-11-01 02:00", "America/New_York")
    assert allowed_from(second, ["America/New_York"], quiet) == ended


def test_all_zones_must_permit():
    """Between New York and Los Angeles it is eight in the west; of no zone nobody knows."""
    zones = ("America/New_York", "America/Los_Angeles")
    early = at("2026-06-01 09:00", "America/New_York")
    assert allowed_from(early, zones, NIGHT) == at("2026-06-01 08:00", "America/Los_Angeles")
    assert allowed_from(early, (), NIGHT) is None


def test_narrow_windows_far_apart_never_meet():
    """One hour of the day in Berlin is never the same hour in Auckland."""
    narrow = QuietHours(time(11), time(10))
    now = at("2026-06-01 12:00")
    assert allowed_from(now, ["Europe/Berlin", "Pacific/Auckland"], narrow) is None
    assert allowed_from(now, ["Europe/Berlin"], narrow) == at("2026-06-02 08:00")


def test_windows_that_meet_in_one_season_only():
    """New York and Kolkata are nine and a half hours apart in summer, ten and a half in winter."""
    quiet = QuietHours(time(19, 30), time(9, 15))
    summer = at("2026-06-01 12:00")
    assert allowed_from(summer, ["America/New_York", "Asia/Kolkata"], quiet) == at(
        "2026-06-01 13:15"
    )
    tight = QuietHours(time(19), time(9, 15))
    winter = at("2026-12-01 12:00")
    found = allowed_from(winter, ["America/New_York", "Asia/Kolkata"], tight)
    assert found == at("2027-03-14 13:15")


def test_equal_ends_are_never_quiet():
    """Not even where nobody knows the zone."""
    assert allowed_from(5, (), QuietHours(time(9), time(9))) == 5


def test_narrower_windows_of_a_region():
    """Of several windows a time lies outside all."""
    florida = QuietHours(time(20), time(8))
    half_past_eight = at("2026-06-01 20:30", "America/New_York")
    assert allowed_from(half_past_eight, ["America/New_York"], NIGHT) == half_past_eight
    found = allowed_from(half_past_eight, ["America/New_York"], NIGHT, florida)
    assert found == at("2026-06-02 08:00", "America/New_York")


@pytest.mark.parametrize("text", ["", "8:00", "24:00", "08:60", "08:00:00", "0８:00", "08:00\n"])
def test_what_is_no_time_of_day(text: str):
    """Hours and minutes in two digits each; nothing else."""
    assert clock_time(text) is None
    assert clock_time("08:05") == time(8, 5)
