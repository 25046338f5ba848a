"""A stream is cut into the same batches, whether they are read ahead or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.capture.cutting import Cutter
from crmkit.capture.normalise import Normaliser
from crmkit.capture.parse import Parser
from crmkit.capture.whose import Whose
from crmkit.clock import micros
from crmkit.model.touchpoint import KINDS, Rejection, Touchpoint

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RECORDS = st.lists(
    st.sampled_from(["plain", "wrong", "huge", "careful", "object", "unread"]), max_size=450
)


def record(number: int, kind: str) -> Any:
    """Make a record: plain, read by every rule, refused, of many characters, or none at all."""
    made: dict[str, Any] = {"id": str(number), "kind": "note", "at": NOW, "customer": "c1"}
    if kind == "object":
        return Touchpoint(**made | {"source": "shop"})
    if kind == "unread":
        return Rejection({"line": number}, "record", "is no JSON")
    more = {
        "plain": {},
        "wrong": {"amount": "many"},
        "huge": {"text": "x" * 4_000, "attributes": {"a": "y" * 9_000}},
        "careful": {"rating": "5"},
    }
    return made | more[kind]


def cutter(records: Any, size: int) -> Cutter:
    parser = Parser(frozenset(KINDS), "shop")
    parser.set_clock(micros(NOW))
    return Cutter(records, parser, Whose(Normaliser(None)), size)


def batches(cut: Cutter, steps: Iterator[int]) -> Iterator[tuple[Any, ...]]:
    """Give what is in each batch, of which some pieces are read ahead."""
    while True:
        read = cut.batch()
        staged = read.staged
        if not staged.records:
            return
        refused = [(place, one.field, one.reason) for place, one in read.rejected]
        yield staged.places, [tuple(one) for one in staged.parsed], staged.records, refused
        ahead = cut.ahead()
        for _ in range(next(steps, 0)):
            next(ahead, None)


@given(RECORDS, st.sampled_from([1, 7, 100, 120, 1_000]), st.lists(st.integers(0, 4)))
def test_batches_are_the_same_read_ahead(kinds: list[str], size: int, steps: list[int]) -> None:
    """Of a list, which may be read ahead, and of the same records one by one."""
    records = [record(number, kind) for number, kind in enumerate(kinds)]
    alone = list(batches(cutter(iter(records), size), iter(())))
    ahead = list(batches(cutter(records, size), iter(steps)))
    assert ahead == alone
    assert [one for _, _, listed, _ in ahead for one in listed] == records


def test_a_batch_of_huge_records_ends_early_read_ahead_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is no room, though there are fewer records than a batch has."""
    monkeypatch.setattr("crmkit.capture.cutting._ROOM", 50_000)
    records = [record(number, "huge") for number in range(40)]
    alone = [len(one[2]) for one in batches(cutter(iter(records), 100), iter(()))]
    ahead = [len(one[2]) for one in batches(cutter(records, 100), iter([9] * 40))]
    assert ahead == alone
    assert len(alone) > 1


def test_what_a_host_makes_is_never_asked_for_ahead() -> None:
    """A generator may ask the database that is being written; so may a list of its own kind."""
    asked: list[int] = []

    def stream() -> Iterator[Any]:
        for number in range(30):
            asked.append(number)
            yield record(number, "plain")

    class Lazy(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            return stream()

    for records in (stream(), Lazy()):
        asked.clear()
        cut = cutter(records, 10)
        cut.batch()
        assert list(cut.ahead()) == []
        assert len(asked) == 10
    mixed = [record(number, "plain") for number in range(100)] + [record(100, "object")]
    cut = cutter(mixed, 50)
    assert len(cut.batch().staged.records) == 50
    assert len(list(cut.ahead())) == 0  # the next hundred hold an object of the host's
