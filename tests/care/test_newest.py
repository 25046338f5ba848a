"""Touchpoints read newest first, and no further back than somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from crmkit.care.matters import newest_first
from crmkit.care.newest import Newest
from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT, VOID
from crmkit.stores import open_store
from crmkit.testing.rows import row
from crmkit.value.history import read_log

UNTIL = 900


def touchpoints(count: int) -> list[Any]:
    """Give touchpoints of two ids of one customer, several an instant, in no order."""
    return [
        row(
            TOUCHPOINT,
            seq=number,
            source="s",
            id=str(number * 7919 % count),
            customer="ab"[number % 3 == 0],
            at=number * 31 % 100 * 10,
        )
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 400])
@pytest.mark.parametrize("url", ["memory://", "sqlite://"])
def test_lazily_read_is_what_reading_all_of_it_gives(url: str, count: int) -> None:
    """Whatever the pages cut, instants in common or rows taken back: it is the same list."""
    store = open_store(url)
    rows = touchpoints(count)
    with store.write() as writer:
        writer.append(TOUCHPOINT, rows)
        writer.put(VOID, [row(VOID, customer=r[4], touchpoint=r[0]) for r in rows[2::5]])
    with store.read() as reader:
        log = read_log(reader, ["a", "b"])
        expected = newest_first([*log["a"], *log["b"]], UNTIL)
        voided = frozenset(r[0] for r in rows[2::5])
        found = Newest(reader, ["a", "b"], UNTIL, voided)
        assert list(islice(found, 3)) == expected[:3]
        assert list(found) == expected
        assert list(found) == expected  # kept
        assert len(found) == len(expected)
        assert found[-1:] == expected[-1:]
    store.close()


def test_who_looks_at_a_few_reads_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two thousand rows the newest ask for a page of each id, and nothing before that."""
    store = open_store("memory://")
    limits: list[int] = []
    with store.write() as writer:
        writer.append(TOUCHPOINT, touchpoints(2_000))
    with store.read() as reader:
        read = reader.scan

        def scan(*args: Any, **options: Any) -> Iterator[Row]:
            limits.append(options["limit"])
            return read(*args, **options)

        monkeypatch.setattr(reader, "scan", scan)
        found = Newest(reader, ["a", "b"], UNTIL, frozenset())
        assert not limits
        next(iter(found))
    assert 2 <= sum(limits) < 400
    store.close()
