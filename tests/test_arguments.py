"""Arguments: taken as they are needed, or refused by one error that names them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

import crmkit
from crmkit import arguments
from crmkit.clock import EARLIEST, LATEST, day, instant, micros, zone


class Rude:
    """Cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


TAKEN: list[tuple[Callable[[], Any], Any]] = [
    (lambda: arguments.text("a", "王"), "王"),
    (lambda: arguments.text("a", ""), ""),
    (lambda: arguments.optional_text("a", None), None),
    (lambda: arguments.texts("a", "one"), ("one",)),
    (lambda: arguments.texts("a", iter(["one", "two"])), ("one", "two")),
    (lambda: arguments.choice("a", "x", ("x", "y")), "x"),
    (lambda: arguments.count("a", 0), 0),
    (lambda: arguments.count("a", arguments.MOST), arguments.MOST),
    (lambda: arguments.number("a", Decimal("1.5")), 1.5),
    (lambda: arguments.number("a", 100, 0, 100), 100.0),
    (lambda: arguments.seq_of("17"), 17),
    (lambda: arguments.seq_of("²"), None),
    (lambda: arguments.seq_of("-1"), None),
    (lambda: arguments.seq_of("9" * 30), None),
    (lambda: day(date(1900, 1, 2)), date(1900, 1, 2)),
    (lambda: zone("Asia/Shanghai").key, "Asia/Shanghai"),  # type: ignore[union-attr]
    (lambda: zone("Mars/X"), None),
    (lambda: zone("Europe"), None),
    (lambda: zone("../etc/localtime"), None),
]
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
REFUSED: list[Callable[[], Any]] = [
    lambda: arguments.text("a", 5),
    lambda: arguments.text("a", b"x"),
    lambda: arguments.text("a", "x" * 201, arguments.ID_LIMIT),
    lambda: arguments.text("a", "x\0"),
    lambda: arguments.text("a", "\ud800"),
    lambda: arguments.text("a", " ", least=1),
    lambda: arguments.text("a", Rude()),
    lambda: arguments.texts("a", 5),
    lambda: arguments.texts("a", ["x", None]),
    lambda: arguments.texts("a", {"x": 1}),
    lambda: arguments.items("a", "text", "records"),
    lambda: arguments.instance("a", 5, timedelta, "a timedelta"),
    lambda: arguments.choice("a", "z", ("x", "y")),
    lambda: arguments.choice("a", [], frozenset({"x"})),
    lambda: arguments.count("a", -1),
    lambda: arguments.count("a", 0, least=1),
    lambda: arguments.count("a", True),
    lambda: arguments.count("a", 1.0),
    lambda: arguments.count("a", "5"),
    lambda: arguments.count("a", 2**70),
    lambda: arguments.count("a", 10**5000),
    lambda: arguments.number("a", "5"),
    lambda: arguments.number("a", True),
    lambda: arguments.number("a", float("nan")),
    lambda: arguments.number("a", Decimal("sNaN")),
    lambda: arguments.number("a", 10**5000),
    lambda: arguments.number("a", 101, 0, 100),
    lambda: micros(date(2026, 5, 1), "a"),  # type: ignore[arg-type]
    lambda: micros(datetime(2026, 5, 1), "a"),  # noqa: DTZ001 - a naive one is the point
    lambda: micros(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "a"),
    lambda: micros(datetime(1899, 12, 31, 23, 59, tzinfo=UTC), "a"),
    lambda: micros(datetime.max.replace(tzinfo=UTC), "a"),
    lambda: day(NOON, "a"),
    lambda: day("2026-05-01", "a"),  # type: ignore[arg-type]
    lambda: day(date.min, "a"),
    lambda: day(date.max, "a"),
]


@pytest.mark.parametrize(("take", "found"), TAKEN, ids=map(str, range(len(TAKEN))))
def test_what_is_right_is_taken(take: Callable[[], Any], found: Any) -> None:
    """A checker gives what it was given, in the type that is needed."""
    assert take() == found


@pytest.mark.parametrize("take", REFUSED, ids=map(str, range(len(REFUSED))))
def test_what_is_wrong_is_refused_by_its_name(take: Callable[[], Any]) -> None:
    """The error is crmkit's own, names the argument as a fact and in words, and stays short."""
    with pytest.raises(crmkit.InvalidValueError) as caught:
        take()
    assert caught.value.field == "a"  # type: ignore[attr-defined]
    assert str(caught.value).startswith("a ")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("hours", [-24, -14, 0, 14, 24])
def test_every_instant_that_is_taken_can_be_written_in_every_zone(hours: int) -> None:
    """From the first to the last, and back: no date runs over the calendar's end."""
    offset = timedelta(hours=hours) - timedelta(minutes=hours // 24)
    for edge in (EARLIEST, LATEST):
        assert micros(instant(edge, int(offset.total_seconds()))) == edge
