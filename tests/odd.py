"""Values that a host may hand over by mistake: of every type, at every edge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))
ODD: tuple[Any, ...] = (
    *(None, "", " ", "x\0y", "\ud800", "a" * 5000, "77777", "²", "9" * 24, "x:2026-06-01", b"x"),
    *(0, -1, 5, True, 2**70, 10**5000, 1.5, float("nan"), float("inf")),
    *(Decimal(5), Decimal("NaN"), Decimal("sNaN")),
    *(object(), print, [], {}, (), ("a",), [None], [[]], [object()], {"a": 1}, {1: 2}, {None: 1}),
    *(date(2026, 5, 1), date.min, date.max),
    *(NOW, NOW + timedelta(days=3), datetime(2026, 5, 1)),  # noqa: DTZ001 - a naive one is the point
    *(datetime.min.replace(tzinfo=zone) for zone in (UTC, EAST, WEST)),
    *(datetime.max.replace(tzinfo=zone) for zone in (UTC, EAST, WEST)),
    *(timedelta(0), timedelta.max, timedelta.min, timedelta(microseconds=1)),
)
