"""Laws of sharing: snapshots, threads, numbers in commit order, workspaces apart."""

# ruff: noqa: S101, PLR2004 - a law is an assertion, and its numbers are its point
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from crmkit.contracts.store import Store, Writer
from crmkit.contracts.tables import META, STATE, TOUCHPOINT
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import Open, StoreLaws, again

THREADS = 4


def together(*works: Callable[[], None]) -> None:
    """Run functions at the same time and raise what any of them raised."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait(timeout=30)
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result(timeout=120)


def increment(writer: Writer, name: str = "n") -> None:
    """Add one to a number kept as text."""
    found = list(writer.fetch(META, [(name,)]))
    writer.put(META, [(name, str(int(found[0][1]) + 1 if found else 1))])


class SharingLaws(StoreLaws):
    """One law a test."""

    def test_a_reader_does_not_see_later_commits(self, store: Store) -> None:
        """A look stays what it was when it began, by every way of reading, also not yet used."""
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1")])
        with store.read() as reader, store.read() as unused:
            rows = reader.scan(META)
            assert next(rows) == ("a", "1")
            before = reader.watermark()
            with store.write() as writer:
                writer.put(META, [("b", "2"), ("c", "2")])
                writer.append(TOUCHPOINT, touchpoints(writer, ["o-1"]))
            for look in (reader, unused):
                assert list(look.scan(META)) == [("a", "1"), ("b", "1")]
                assert list(look.fetch(META, [("b",), ("c",)])) == [("b", "1")]
                assert look.count(META) == 2
                assert look.count(TOUCHPOINT) == 0
                assert look.watermark() == before
            assert list(rows) == [("b", "1")]
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1"), ("b", "2"), ("c", "2")]

    def test_a_reader_does_not_see_an_open_write(self, store: Store) -> None:
        """What is written is seen by nobody else before its block ends, and then at once."""
        with store.write() as writer:
            writer.put(META, [("a", "1")])
        with store.write() as writer:
            writer.put(META, [("a", "2"), ("b", "2")])
            with store.read() as reader:
                assert list(reader.scan(META)) == [("a", "1")]
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "2"), ("b", "2")]

    def test_writers_at_the_same_time_lose_nothing(self, store: Store) -> None:
        """Many threads that read a number and write it back one greater add up."""

        def work() -> None:
            for _ in range(25):
                again(store, increment)

        together(*[work] * THREADS)
        with store.read() as reader:
            assert list(reader.fetch(META, [("n",)])) == [("n", str(25 * THREADS))]

    def test_writers_of_several_stores_lose_nothing(self, opened: Open) -> None:
        """The same through stores that were opened each by itself."""
        stores = [opened() for _ in range(THREADS)]

        def work(store: Store) -> Callable[[], None]:
            def run() -> None:
                for _ in range(10):
                    again(store, increment)

            return run

        together(*map(work, stores))
        with opened().read() as reader:
            assert list(reader.fetch(META, [("n",)])) == [("n", str(10 * THREADS))]

    def test_a_key_is_added_by_one_writer(self, store: Store) -> None:
        """Of threads that append the same records at once, each record is new to exactly one."""
        ids = [f"o-{n}" for n in range(40)]
        added: list[str] = []

        def append(writer: Writer) -> list[str]:
            rows = touchpoints(writer, ids[:20] + ids[10:], source="shop")
            known = writer.append(TOUCHPOINT, rows)
            return [given[2] for place, given in enumerate(rows) if place not in known]

        together(*[lambda: added.extend(again(store, append))] * THREADS)
        assert sorted(added) == sorted(ids)
        with store.read() as reader:
            assert reader.count(TOUCHPOINT) == len(ids)

    def test_tables_change_together(self, store: Store) -> None:
        """A state is never seen without the touchpoints behind it, nor they without it."""
        done = threading.Event()

        def write() -> None:
            try:
                for number in range(40):
                    again(store, lambda writer, number=number: step(writer, number))  # type: ignore[misc]
            finally:
                done.set()

        def step(writer: Writer, number: int) -> None:
            writer.append(TOUCHPOINT, touchpoints(writer, [str(number)], customer="a"))
            writer.put(STATE, [row(STATE, customer="a", own=number + 1)])

        def read() -> None:
            over = False
            while not over:
                over = done.is_set()
                with store.read() as reader:
                    states = list(reader.scan(STATE, columns=("own",)))
                    assert reader.count(TOUCHPOINT) == (states[0][0] if states else 0)

        together(write, read, read)

    def test_one_store_serves_many_threads(self, store: Store) -> None:
        """Threads read and write through one store without getting in each other's way."""

        def work(name: str) -> Callable[[], None]:
            def run() -> None:
                for number in range(15):
                    again(store, lambda writer: increment(writer, name))
                    with store.read() as reader:
                        found = list(reader.scan(META, equal=(name,)))
                        assert found == [(name, str(number + 1))]

            return run

        together(*(work(f"thread {n}") for n in range(THREADS)))
        with store.read() as reader:
            assert [value for _, value in reader.scan(META)] == ["15"] * THREADS

    def test_numbers_are_given_once(self, opened: Open) -> None:
        """Reserved numbers are consecutive, grow, and are never given again in a workspace."""
        one, two = opened(), opened()
        given: list[int] = []
        for count, store in enumerate((one, two, one, two, one), start=1):
            with store.write() as writer:
                first = writer.sequence(count)
                second = writer.sequence(1)
                rows = [row(TOUCHPOINT, seq=first + n, id=str(first + n)) for n in range(count)]
                rows.append(row(TOUCHPOINT, seq=second, id=str(second)))
                writer.append(TOUCHPOINT, rows)
                given += [found[0] for found in rows]
        assert given == sorted(set(given))
        assert min(given) >= 1

    def test_the_watermark_reaches_every_commit(self, store: Store) -> None:
        """When nobody writes, the watermark covers every number that was used."""
        with store.write() as writer:
            rows = touchpoints(writer, "abc")
            writer.append(TOUCHPOINT, rows)
        with store.read() as reader:
            assert reader.watermark() >= rows[-1][0]

    def test_the_watermark_leaves_out_an_open_write(self, store: Store) -> None:
        """Numbers that a transaction reserved are above the watermark until it ends."""
        with store.write() as writer:
            first = writer.sequence(5)
            assert writer.watermark() < first
            with store.read() as reader:
                assert reader.watermark() < first

    def test_nothing_new_appears_below_the_watermark(self, store: Store) -> None:
        """Whoever has read up to the watermark has missed nothing, however many write."""
        done = threading.Event()
        looks: list[tuple[int, set[int]]] = []

        def work(name: str) -> Callable[[], None]:
            def run() -> None:
                for number in range(15):

                    def step(writer: Writer, number: int = number) -> None:
                        ids = [f"{name}-{number}-{part}" for part in "ab"]
                        writer.append(TOUCHPOINT, touchpoints(writer, ids))

                    again(store, step)

            return run

        def read() -> None:
            over = False
            while not over:
                over = done.is_set()
                with store.read() as reader:
                    mark = reader.watermark()
                    rows = reader.scan(TOUCHPOINT, by=("seq",), high=mark, columns=("seq",))
                    looks.append((mark, {seq for (seq,) in rows}))

        def write() -> None:
            try:
                together(*(work(f"w{n}") for n in range(THREADS)))
            finally:
                done.set()

        together(write, read)
        final = looks[-1][1]
        assert len(final) == 15 * 2 * THREADS
        for mark, seen in looks:
            assert seen == {seq for seq in final if seq <= mark}
        marks = [mark for mark, _ in looks]
        assert marks == sorted(marks)


class WorkspaceLaws(StoreLaws):
    """One law a test."""

    def test_workspaces_do_not_see_each_other(self, opened: Open) -> None:
        """The same keys in two workspaces are different rows, by every way of reading."""
        one, two = opened("one"), opened("two")
        with one.write() as writer:
            writer.put(META, [("a", "one"), ("b", "one")])
            rows = touchpoints(writer, ["o-1", "o-2"], source="shop", customer="c", origin="one")
            assert writer.append(TOUCHPOINT, rows) == []
        with two.write() as writer:
            assert writer.append(META, [("a", "two"), ("c", "two")]) == []
            rows = touchpoints(writer, ["o-1"], source="shop", customer="c", origin="two")
            assert writer.append(TOUCHPOINT, rows) == []
        for store, metas, count in ((one, ["one", "one"], 2), (two, ["two", "two"], 1)):
            with store.read() as reader:
                name = metas[0]
                assert [value for _, value in reader.scan(META)] == metas
                assert [value for _, value in reader.scan(META, reverse=True)] == metas
                assert list(reader.fetch(META, [("a",)])) == [("a", name)]
                assert reader.count(META) == 2
                assert reader.count(META, {"value": "one"}) == (2 if name == "one" else 0)
                assert len(list(reader.scan(META, contains={"value": "o"}))) == 2
                for by in TOUCHPOINT.orders:
                    found = list(reader.scan(TOUCHPOINT, by=by, columns=("origin",)))
                    assert found == [(name,)] * count
                by_customer = reader.fetch(TOUCHPOINT, [("c",)], by=("customer",))
                assert len(list(by_customer)) == count

    def test_writing_stays_in_the_workspace(self, opened: Open) -> None:
        """Replacing and deleting in one workspace leaves the other's rows of those keys alone."""
        one, two = opened("one"), opened("two")
        for store in (one, two):
            with store.write() as writer:
                writer.put(META, [("a", "1"), ("b", "1")])
                writer.append(TOUCHPOINT, touchpoints(writer, ["o-1"], customer="c"))
        with one.write() as writer:
            writer.put(META, [("a", "2")])
            assert writer.delete(META, [("b",)]) == 1
            assert writer.delete(TOUCHPOINT, [("c",)], by=("customer",)) == 1
        with two.read() as reader:
            assert list(reader.scan(META)) == [("a", "1"), ("b", "1")]
            assert reader.count(TOUCHPOINT) == 1

    def test_names_of_workspaces_are_compared_exactly(self, opened: Open) -> None:
        """Workspaces whose names look alike are different ones, listed in order."""
        names = ["a", "A", "a ", "á", "a\u0301", "店", "default", "%", "x" * 200]
        for place, name in enumerate(names):
            with opened(name).write() as writer:
                writer.put(META, [("a", str(place))])
        for place, name in enumerate(names):
            with opened(name).read() as reader:
                assert list(reader.scan(META)) == [("a", str(place))]
        assert opened().workspaces() == sorted(names)
        assert opened("店").workspace == "店"
