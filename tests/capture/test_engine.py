"""Batches, repetition, failure and death: every record is taken once, or told."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmkit.capture.engine import Settings
from crmkit.contracts.store import Writer
from crmkit.contracts.tables import META, STATE, TABLES, TOUCHPOINT
from crmkit.errors import StoreBusy, StoreError
from crmkit.model.touchpoint import Rejection
from crmkit.model.value import ValueModel
from crmkit.stores import open_store
from crmkit.value.layout import Layout
from tests.capture.importer import COUNT, stream
from tests.capture.kit import LAYOUT, NOW, Shop, dump, purchase
from tests.capture.test_amending import Desk, assert_states_are_right
from tests.pages import ROOT


def test_a_report_counts_everything() -> None:
    """New, known, rejected, typed and unpriced are told apart."""
    shop = Shop()
    report = shop.capture(
        purchase(1),
        purchase(1),
        purchase(1, amount="1"),
        purchase(2, origin="typed", currency="USD"),
        purchase(3, source="till"),
        Rejection("line 9", "record", "is no text"),
        {},
    )
    assert (report.new, report.duplicate, report.rejections) == (3, 1, 3)
    assert (report.captured, report.typed, report.unpriced) == (2, 1, ("USD",))
    assert [one.field for one in report.rejected] == ["id", "record", "kind"]
    assert {row[10] for row in shop.rows(TOUCHPOINT)} == {int(report.run)}
    assert shop.capture() == attrs.evolve(report, **dict.fromkeys(COUNTS, 0), **NOTHING)


def test_a_conflict_of_instants_is_told_as_dates() -> None:
    """Whoever reads why a record was rejected reads dates, not microseconds."""
    shop = Shop()
    shop.capture(purchase(1))
    (told,) = shop.capture(purchase(1, at="2026-05-09T10:00:00+08:00")).rejected
    assert "at is 2026-05-09T02:00:00+00:00, was 2026-05-02T02:00:00+00:00" in told.reason


COUNTS = ("new", "duplicate", "rejections", "captured", "typed")
NOTHING: dict[str, Any] = {"run": "", "rejected": (), "unpriced": ()}


def test_the_same_content_is_known_however_it_is_written() -> None:
    """Another offset, another spelling of a number, another order of keys: the same record."""
    shop = Shop()
    shop.capture(purchase(1, at="2026-05-01T10:00:00+08:00", attributes={"a": 1, "b": [1, 2]}))
    for same in (
        {"at": "2026-05-01T02:00:00Z"},
        {"at": "2026-05-01T02:00:00Z", "amount": 880},
        {"at": "2026-05-01T02:00:00Z", "attributes": {"b": [1, 2]}, "a": 1},
    ):
        again = purchase(1, attributes={"b": [1, 2], "a": 1}) | same
        assert shop.capture(again).duplicate == 1
    for other in (
        {"at": "2026-05-01T02:00:01Z"},
        {"text": "x"},
        {"attributes": {"a": 1.5}},
        {"kind": "visit"},
        {"customer": {"email": "bob@example.com"}},
    ):
        again = purchase(1, at="2026-05-01T02:00:00Z", attributes={"a": 1, "b": [1, 2]}) | other
        assert "other content" in shop.capture(again).rejected[0].reason
    assert len(shop.rows(TOUCHPOINT)) == 1


def test_unchanged_records_write_nothing() -> None:
    """A capture of what is known leaves every table as it is, and reserves nothing."""
    shop = Shop()
    shop.capture_all(islice(stream(), 1_500))
    before = {table.name: shop.rows(table) for table in TABLES}
    with shop.store.read() as reader:
        place = reader.watermark()
    shop.capture_ = None
    report = shop.capture_all(islice(stream(), 1_500))
    assert (report.new, report.run) == (0, "")
    assert {table.name: shop.rows(table) for table in TABLES} == before
    with shop.store.read() as reader:
        assert reader.watermark() == place


def test_rejections_can_be_streamed() -> None:
    """With `on_reject` the report keeps none, and they come in the order of the records."""
    heard: list[Rejection] = []
    bad = (purchase(number, amount="much" if number % 2 else None) for number in range(1000))
    report = Shop().capture_all(bad, on_reject=heard.append)
    assert (report.rejected, report.rejections) == ((), 500)
    assert [one.record["id"] for one in heard] == [f"o-{n}" for n in range(1, 1000, 2)]


def test_earlier_batches_stay_when_one_fails() -> None:
    """A source or store that fails in the middle costs only the batch it failed in."""

    def torn() -> Iterator[dict[str, Any]]:
        for number in range(250):
            yield purchase(number)
        raise OSError("gone")

    told: list[int] = []
    shop = Shop(
        settings=Settings(
            clock=lambda: NOW, batch=100, told=lambda rows, _roots: told.append(len(rows))
        )
    )
    with pytest.raises(OSError, match="gone"):
        shop.capture_all(torn())
    assert len(shop.rows(TOUCHPOINT)) == 200
    report = shop.capture_all(purchase(number) for number in range(250))
    assert (report.new, report.duplicate) == (50, 200)
    assert told == [100, 100, 50]


def test_what_a_failed_batch_learnt_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that was undone leaves no customer behind, in the database or in memory."""
    shop = Shop()
    shop.capture(purchase(1))
    with monkeypatch.context() as patch:

        def full(*_args: Any) -> None:
            raise StoreError("disk full")

        patch.setattr("crmkit.capture.states.fold_batch", full)
        with pytest.raises(StoreError):
            shop.capture(purchase(2, customer={"shop": "17"}))
    assert shop.capture(purchase(3, customer={"shop": "17"})).new == 1
    customers = {row[4] for row in shop.rows(TOUCHPOINT)}
    assert shop.who("shop", "17") in customers


def test_a_batch_that_loses_a_race_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store whose writers overlap may say at the last moment that a key is taken."""
    shop = Shop()
    lost = [2]
    write = type(shop.store).write

    @contextlib.contextmanager
    def racing(store: Any) -> Iterator[Writer]:
        with write(store) as writer:
            append = writer.append

            def late(table: Any, rows: Any) -> list[int]:
                if table is TOUCHPOINT and lost[0]:
                    lost[0] -= 1
                    return [0]
                return append(table, rows)

            monkeypatch.setattr(writer, "append", late)
            yield writer

    monkeypatch.setattr(type(shop.store), "write", racing)
    assert shop.capture(purchase(1)).new == 1
    lost[0] = 99
    with pytest.raises(StoreBusy):
        shop.capture(purchase(2))
    assert len(shop.rows(TOUCHPOINT)) == 1


def test_huge_records_make_small_batches() -> None:
    """However large the records are, a batch holds only so much at a time."""
    told: list[int] = []
    shop = Shop(settings=Settings(clock=lambda: NOW, told=lambda rows, _: told.append(len(rows))))
    report = shop.capture_all(purchase(number, text="x" * 900_000) for number in range(40))
    assert report.new == sum(told) == 40
    assert max(told) < 20


def test_an_open_transaction_takes_everything() -> None:
    """Captured into the host's own transaction, all is undone with it."""
    shop = Shop()
    shop.capture(purchase(1))
    assert shop.capture_ is not None
    with contextlib.suppress(RuntimeError), shop.store.write() as writer:
        report = shop.capture_.run(writer, [purchase(2, customer={"a": "1"})], LAYOUT, source="x")
        assert report.new == 1
        raise RuntimeError
    shop.capture_.forget()
    assert len(shop.rows(TOUCHPOINT)) == 1
    assert shop.capture(purchase(3, customer={"a": "1"})).new == 1


def test_states_under_another_model_are_built_anew() -> None:
    """A state that another layout wrote is not added to but refolded."""
    desk = Desk()
    desk.capture(purchase(1))
    first = LAYOUT.model.indicators[0]
    slower = attrs.evolve(first, half_life=first.half_life * 2)
    other = Layout(ValueModel("other", (slower,), currency="CNY"))
    assert desk.capture_ is not None
    desk.capture_.run(desk.store, [purchase(2)], other, source="shop")
    (state,) = desk.rows(STATE)
    assert state[1] == other.id
    desk.capture(purchase(3))
    assert_states_are_right(desk)


def test_what_lies_ahead_waits() -> None:
    """A record of tomorrow is kept, and counts when it has happened."""
    desk = Desk()
    desk.capture(purchase(1, at="2026-06-02T10:00:00Z"), purchase(2))
    assert_states_are_right(desk)


# -- death ---------------------------------------------------------------------------------


def run_until_killed(url: str, batches: int, delay: float) -> bool:
    """Start an import and kill it after some batches and a moment; False: it had ended."""
    command = [sys.executable, "-m", "tests.capture.importer", url]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(batches):
        if not process.stdout.readline():
            break
    time.sleep(delay)
    alive = process.poll() is None
    process.kill()
    process.stdout.close()
    process.wait()
    return alive


def end_as_clean(folder: Path, kills: int, seed: int) -> None:
    """Kill an import again and again, finish it, and compare with one that was left in peace."""
    dice = random.Random(seed)
    url = f"sqlite:///{folder / 'killed.db'}"
    alive = [run_until_killed(url, dice.randrange(4), dice.random() * 0.02) for _ in range(kills)]
    assert any(alive)
    killed = Shop(store=open_store(url))
    clean = Shop()
    for shop in (killed, clean):
        shop.settings = Settings(clock=lambda: NOW, region="CN", batch=150)
        shop.capture_all(stream())
    assert len(clean.rows(TOUCHPOINT)) > COUNT * 0.8
    assert any(row[0].startswith("return-of") for row in clean.rows(META))
    one, other = dump(killed.store), clean.dump()
    for table in TABLES:
        assert one[table.name] == other[table.name], table.name
    killed.store.close()


def test_a_killed_import_ends_like_a_clean_one(tmp_path: Path) -> None:
    """Killed at any point and run again, an import leaves what one clean run leaves."""
    end_as_clean(tmp_path, 5, 1)


def test_two_processes_may_import_the_same(tmp_path: Path) -> None:
    """Two imports of one file at the same time leave what one leaves."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    open_store(url).close()
    command = [sys.executable, "-m", "tests.capture.importer", url]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    shared = Shop(store=open_store(url))
    clean = Shop(settings=Settings(clock=lambda: NOW, region="CN", batch=150))
    clean.capture_all(stream())
    one, other = shared.dump(), clean.dump()
    for table in TABLES:
        assert one[table.name] == other[table.name], table.name
    shared.store.close()


@pytest.mark.slow("kills an import fifty times")
def test_an_import_killed_fifty_times_ends_like_a_clean_one(tmp_path: Path) -> None:
    """Fifty deaths change nothing either."""
    end_as_clean(tmp_path, 50, 2)


class _NoLength(str):
    __slots__ = ()

    def __len__(self) -> int:
        raise RuntimeError


class _NoHash(str):
    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError


def test_texts_that_raise_cost_only_their_record() -> None:
    """Whatever a host's own classes do when they are looked at, the others come in."""
    shop = Shop()
    report = shop.capture(
        purchase(1),
        purchase(2, id=_NoLength("o-2")),
        purchase(3, customer={"email": _NoHash("bob@example.com")}),
        purchase(4, kind=_NoHash("purchase")),
        purchase(5, text=_NoLength("thanks")),
        purchase(6),
    )
    assert (report.new, report.rejections) == (2, 4)
