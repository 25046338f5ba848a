"""Transactions that let a channel go on in between keep every law of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from crmkit.contracts.store import Reader, Store, Writer
from crmkit.contracts.tables import META
from crmkit.outreach import attentive
from crmkit.outreach.attentive import AttentiveReader, AttentiveWriter
from crmkit.outreach.steps import Beside, Breath, Steps
from crmkit.stores.memory import Database, MemoryStore
from crmkit.testing import StoreSuite

Count = list[None]


def awaited(count: Count) -> Breath:
    """Give a breath that somebody waits for, who counts."""
    breath = Breath()
    breath.awaited = partial(count.append, None)
    return breath


class AttentiveStore(MemoryStore):
    """Every transaction is one of ours."""

    @contextmanager
    def read(self) -> Iterator[Reader]:  # type: ignore[override]
        with super().read() as reader:
            yield AttentiveReader(reader, awaited([]))

    @contextmanager
    def write(self) -> Iterator[Writer]:  # type: ignore[override]
        with super().write() as writer:
            yield AttentiveWriter(writer, awaited([]))


class TestAttentive(StoreSuite):
    """The laws, with few rows at a time so that there are parts."""

    persistent = False

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attentive, "_ROWS", 2)

    @pytest.fixture
    def store_factory(self) -> Callable[[str], Store]:
        return partial(AttentiveStore, Database())


def test_somebody_who_waits_goes_on_between_the_parts():
    """Once a part; where nobody waits all rows go to the store together."""
    rows = [(f"{number:03}", "") for number in range(100)]
    count: Count = []
    breath = awaited(count)
    with MemoryStore().write() as plain:
        writer = AttentiveWriter(plain, breath)
        writer.put(META, rows)
        assert len(count) == 3
        assert len(list(writer.fetch(META, [row[:1] for row in rows]))) == 100
        assert len(count) == 6
        assert list(writer.scan(META)) == rows
        assert len(count) == 11
        breath.awaited = None
        writer.put(META, rows)
        assert len(count) == 11


def test_a_step_breathes_for_whoever_does_it():
    """And for nobody behind it."""
    count: Count = []
    breath = Breath()

    def step() -> Steps[None]:
        breath()
        yield
        breath()

    work = Beside(step(), breath=breath)
    assert work(partial(count.append, None))
    assert len(count) == 1
    work.finish()
    breath()
    assert len(count) == 1
