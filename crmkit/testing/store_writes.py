"""Laws of a transaction: what it writes, when it shows, and that it is all or nothing."""

# ruff: noqa: S101, PLR2004, PT012 - a law is an assertion, its numbers are its point, and what
# raises in a block is what undoes it
from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from crmkit.contracts.store import Row, Store, Writer
from crmkit.contracts.tables import CUSTOMER, DECISION, META, STATE, TOUCHPOINT, VOID
from crmkit.errors import CrmkitError, StoreClosed, StoreError
from crmkit.testing.rows import row, touchpoints
from crmkit.testing.store_base import Open, StoreLaws


class _Undo(Exception):  # noqa: N818 - no error: a test asks for a rollback
    """Raised inside a block by a test."""


class WriteLaws(StoreLaws):
    """One law a test."""

    def test_append_leaves_a_known_key_as_it_is(self, store: Store) -> None:
        """A row whose key is there is not added, and its position is told."""
        with store.write() as writer:
            assert writer.append(META, [("a", "1"), ("b", "1")]) == []
        with store.write() as writer:
            assert writer.append(META, [("c", "2"), ("b", "2"), ("d", "2"), ("a", "2")]) == [1, 3]
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1"), ("b", "1"), ("c", "2"), ("d", "2")]

    def test_append_takes_the_first_of_a_key_in_one_batch(self, store: Store) -> None:
        """Of two rows with one key the first is added, and the position of the later told."""
        with store.write() as writer:
            assert writer.append(META, [("a", "1"), ("b", "1"), ("a", "2"), ("a", "3")]) == [2, 3]
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1"), ("b", "1")]

    def test_append_to_a_log_is_idempotent_by_source_and_id(self, store: Store) -> None:
        """A record captured again under a new number is a duplicate, and the first one stays."""
        with store.write() as writer:
            first = touchpoints(writer, ["o-1", "o-2"], source="shop")
            assert writer.append(TOUCHPOINT, first) == []
        with store.write() as writer:
            again = touchpoints(writer, ["o-2", "o-3", "o-1", "o-3"], source="shop")
            assert writer.append(TOUCHPOINT, again) == [0, 2, 3]
        with store.read() as reader:
            assert list(reader.scan(TOUCHPOINT, by=("seq",))) == [*first, again[1]]

    def test_append_tells_one_source_from_another(self, store: Store) -> None:
        """The same id from two sources is two records."""
        with store.write() as writer:
            rows = touchpoints(writer, ["o-1"], source="shop")
            rows += touchpoints(writer, ["o-1"], source="web")
            assert writer.append(TOUCHPOINT, rows) == []

    def test_append_finds_the_known_ones_of_a_large_batch(self, store: Store) -> None:
        """Few known keys among thousands of new ones are each told, and nothing else is."""
        with store.write() as writer:
            assert writer.append(META, [(f"k{n:05}", "old") for n in range(0, 5000, 617)]) == []
        with store.write() as writer:
            batch: list[Row] = [(f"k{n:05}", "new") for n in range(5000)]
            assert writer.append(META, batch) == list(range(0, 5000, 617))
            assert writer.count(META) == 5000
            assert writer.count(META, {"value": "old"}) == 9

    def test_put_replaces_the_whole_row(self, store: Store) -> None:
        """Nothing of the row before is left, also where the new one has None."""
        with store.write() as writer:
            writer.put(CUSTOMER, [row(CUSTOMER, id="c", seq=1, owner="lin", number="7")])
        with store.write() as writer:
            writer.put(CUSTOMER, [row(CUSTOMER, id="c", seq=2)])
        with store.read() as reader:
            assert list(reader.scan(CUSTOMER)) == [row(CUSTOMER, id="c", seq=2)]
            assert list(reader.fetch(CUSTOMER, [("lin",)], by=("owner",))) == []

    def test_put_takes_the_last_of_a_key_in_one_batch(self, store: Store) -> None:
        """Of two rows with one key the later holds, wherever they stand."""
        with store.write() as writer:
            writer.put(META, [("b", "1"), ("a", "1"), ("b", "2"), ("c", "1"), ("b", "0")])
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1"), ("b", "0"), ("c", "1")]

    def test_put_takes_the_last_of_a_key_in_a_large_batch(self, store: Store) -> None:
        """However many rows come at once, each is replaced by the last of its key."""
        first = [(f"k{n:04}", "1") for n in range(1_203)]
        later = [(f"k{n:04}", str(n)) for n in (*range(0, 1_203, 2), 600)]
        with store.write() as writer:
            writer.put(META, first)
        with store.write() as writer:
            writer.put(META, [*first, *later, ("k0600", "last")])
        with store.read() as reader:
            assert dict(reader.scan(META)) == {**dict(first), **dict(later), "k0600": "last"}

    def test_change_writes_what_may_differ(self, store: Store) -> None:
        """A changed row is found by what it says now, whole, and no more by what it said before."""
        before = [row(CUSTOMER, id=c, seq=n, owner="lin", number=c) for n, c in enumerate("abc", 1)]
        after = [row(CUSTOMER, id=c, seq=9, owner="wu", number=c) for c in "ac"]
        with store.write() as writer:
            writer.put(CUSTOMER, before)
        with store.write() as writer:
            writer.change(CUSTOMER, after, ("seq", "owner"))
            writer.change(CUSTOMER, [], ("owner",))
            assert sorted(writer.fetch(CUSTOMER, [("wu",)], by=("owner",))) == after
        with store.read() as reader:
            assert list(reader.scan(CUSTOMER)) == [after[0], before[1], after[1]]
            assert list(reader.fetch(CUSTOMER, [("lin",)], by=("owner",))) == [before[1]]
            assert list(reader.fetch(CUSTOMER, [("a",)], by=("number",))) == [after[0]]

    def test_work_of_the_callers_own_is_done_by_the_end_of_a_block(self, store: Store) -> None:
        """Piece by piece, whenever the store likes, beside what the block writes."""
        done: list[int] = []
        rows = [(f"k{n:04}", "1") for n in range(2_500)]

        def work() -> Iterator[None]:
            for piece in range(50):
                done.append(piece)
                yield

        with store.write() as writer:
            with writer.meanwhile(work()):
                writer.put(META, rows)
            assert done == list(range(50))
            with writer.meanwhile(iter(())):
                assert writer.append(META, [("k0007", "2"), ("x", "1")]) == [0]
        with store.read() as reader:
            assert list(reader.scan(META)) == [*rows, ("x", "1")]

    def test_work_that_fails_harms_nothing_else(self, store: Store) -> None:
        """What it raises is raised at the end of the block, whose writes stand."""

        def work() -> Iterator[None]:
            yield
            raise _Undo

        with store.write() as writer:
            with pytest.raises(_Undo), writer.meanwhile(work()):
                writer.put(META, [(f"k{n:04}", "1") for n in range(2_500)])
            writer.put(META, [("x", "1")])
        with store.read() as reader:
            assert reader.count(META) == 2_501

    def test_work_beside_a_block_is_done_as_far_as_there_is_time(self, store: Store) -> None:
        """In order, none of it twice, and none of it behind the block."""
        done: list[int] = []

        def work() -> Iterator[None]:
            for piece in range(10_000):
                done.append(piece)
                yield

        with store.write() as writer:
            with writer.while_waiting(work()):
                writer.put(META, [(f"k{n:04}", "1") for n in range(2_500)])
            there = len(done)
            writer.put(META, [("x", "1")])
        assert done == list(range(there))
        with store.read() as reader:
            assert reader.count(META) == 2_501

    def test_work_beside_a_commit_keeps_nothing_from_standing(self, store: Store) -> None:
        """As much is done as there is time for, and what it raises comes once all is written."""

        def work() -> Iterator[None]:
            yield
            raise _Undo

        with suppress(_Undo), store.write() as writer:
            writer.put(META, [("a", "1")])
            writer.while_committing(work())
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1")]

    def test_work_is_left_where_its_block_fails(self, store: Store) -> None:
        """A block that raises does not wait for the rest of the work."""

        def endless() -> Iterator[None]:
            while True:
                yield

        with pytest.raises(_Undo), store.write() as writer, writer.meanwhile(endless()):
            raise _Undo

    def test_delete_tells_how_many(self, store: Store) -> None:
        """Rows that were there are counted, each once; keys that find nothing are not."""
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1"), ("c", "1")])
            assert writer.delete(META, [("a",), ("x",), ("c",), ("a",)]) == 2
            assert writer.delete(META, []) == 0
        with store.read() as reader:
            assert list(reader.scan(META)) == [("b", "1")]

    def test_clear_takes_every_row_of_a_table(self, store: Store) -> None:
        """What was there and what this transaction wrote is gone, of this table alone."""
        with store.write() as writer:
            writer.put(META, [(f"k{n:04}", "1") for n in range(2_500)])
            writer.append(TOUCHPOINT, touchpoints(writer, "abc"))
        with store.write() as writer:
            writer.put(META, [("later", "1")])
            writer.clear(META)
            assert writer.count(META) == 0
            writer.append(META, [("k0001", "2")])
        with store.read() as reader:
            assert list(reader.scan(META)) == [("k0001", "2")]
            assert reader.count(TOUCHPOINT) == 3
        with store.write() as writer:
            writer.clear(TOUCHPOINT)
        with store.write() as writer:
            assert writer.append(TOUCHPOINT, touchpoints(writer, "abc")) == []

    def test_delete_by_leading_columns(self, store: Store) -> None:
        """A part of a key or of an index deletes all the rows it finds."""
        with store.write() as writer:
            writer.put(VOID, [row(VOID, customer=c, touchpoint=n) for c in "ab" for n in (1, 2)])
            assert writer.delete(VOID, [("a",)], by=("customer",)) == 2
            writer.append(TOUCHPOINT, touchpoints(writer, ["1", "2", "3"], customer="a"))
            writer.append(TOUCHPOINT, touchpoints(writer, ["4"], customer="b"))
            assert writer.delete(TOUCHPOINT, [("a",), ("z",)], by=("customer",)) == 3
        with store.read() as reader:
            assert [found[0] for found in reader.scan(VOID)] == ["b", "b"]
            assert [found[2] for found in reader.scan(TOUCHPOINT)] == ["4"]

    def test_delete_of_none(self, store: Store) -> None:
        """None as a key deletes the rows that have no value, and no other."""
        with store.write() as writer:
            rows = [
                row(CUSTOMER, id=id_, owner=owner)
                for id_, owner in zip("abc", (None, "", "x"), strict=True)
            ]
            writer.put(CUSTOMER, rows)
            assert writer.delete(CUSTOMER, [(None,)], by=("owner",)) == 1
            assert [found[0] for found in writer.scan(CUSTOMER)] == ["b", "c"]

    def test_a_key_can_come_back(self, store: Store) -> None:
        """What was deleted can be added again, in the same transaction and in a later one."""
        with store.write() as writer:
            writer.put(META, [("a", "1")])
            writer.delete(META, [("a",)])
            assert writer.append(META, [("a", "2")]) == []
            writer.delete(META, [("a",)])
        with store.write() as writer:
            assert list(writer.scan(META)) == []
            assert writer.append(META, [("a", "3")]) == []
            assert list(writer.scan(META)) == [("a", "3")]

    def test_a_transaction_reads_its_own_writes(self, store: Store) -> None:
        """Whatever was written shows at once to whoever wrote it, by every way of reading."""
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1"), ("d", "1")])
        with store.write() as writer:
            writer.put(META, [("b", "2"), ("c", "2")])
            writer.delete(META, [("a",)])
            assert list(writer.scan(META)) == [("b", "2"), ("c", "2"), ("d", "1")]
            assert list(writer.scan(META, after=("b",), limit=1)) == [("c", "2")]
            assert list(writer.scan(META, reverse=True)) == [("d", "1"), ("c", "2"), ("b", "2")]
            assert sorted(writer.fetch(META, [("a",), ("b",), ("c",)])) == [("b", "2"), ("c", "2")]
            assert writer.count(META) == 3
            assert writer.append(META, [("c", "3")]) == [0]

    def test_a_changed_row_moves_in_every_order(self, store: Store) -> None:
        """A replaced row stands where its new values belong, inside the transaction and after."""
        with store.write() as writer:
            writer.put(
                CUSTOMER, [row(CUSTOMER, id=c, owner="lin", seq=n) for n, c in enumerate("abc")]
            )
        by_seq, by_owner = ("seq",), ("owner", "id")
        with store.write() as writer:
            assert [found[0] for found in writer.scan(CUSTOMER, by=by_seq)] == ["a", "b", "c"]
            writer.put(CUSTOMER, [row(CUSTOMER, id="a", owner="wu", seq=9)])
            assert [found[0] for found in writer.scan(CUSTOMER, by=by_seq)] == ["b", "c", "a"]
        with store.read() as reader:
            assert [found[0] for found in reader.scan(CUSTOMER, by=by_seq)] == ["b", "c", "a"]
            assert [found[0] for found in reader.scan(CUSTOMER, by=by_owner)] == ["b", "c", "a"]
            assert [found[0] for found in reader.fetch(CUSTOMER, [("wu",)], by=("owner",))] == ["a"]

    def test_a_scan_is_not_disturbed_by_writing(self, store: Store) -> None:
        """A scan gives the rows as they were when it was asked for, whatever is written since."""
        with store.write() as writer:
            writer.put(META, [(f"k{n:04}", "old") for n in range(5000)])
        with store.write() as writer:
            seen = 0
            for name, value in writer.scan(META):
                assert value == "old"
                writer.put(META, [(name, "new"), (f"{name}+", "more")])
                seen += 1
            assert seen == 5000
            assert writer.count(META, {"value": "new"}) == 5000

    def test_an_exception_undoes_everything(self, store: Store) -> None:
        """A block that raises leaves no trace in any table."""
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1")])
        with pytest.raises(_Undo), store.write() as writer:
            self._write_everywhere(writer)
            raise _Undo
        self._nothing_happened(store)

    def test_an_exception_undoes_everything_for_good(self, opened: Open) -> None:
        """What was undone is still undone when the database is opened again."""
        store = opened()
        if not store.persistent:
            pytest.skip("the data does not outlive the store")
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1")])
        with pytest.raises(_Undo), store.write() as writer:
            self._write_everywhere(writer)
            raise _Undo
        store.close()
        self._nothing_happened(opened())

    def test_a_failed_write_undoes_everything(self, store: Store) -> None:
        """A row the database refuses is a StoreError, and takes the whole transaction along."""
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1")])
        with pytest.raises(StoreError), store.write() as writer:
            self._write_everywhere(writer)
            writer.append(META, [("x", "1"), ("y", None)])
        self._nothing_happened(store)

    @pytest.mark.parametrize("how", ["append", "put"])
    @pytest.mark.parametrize("refused", [("x",), ("x", "1", "1"), ("x", None), (None, "1")])
    def test_a_failed_write_cannot_go_on(self, store: Store, refused: Row, how: str) -> None:
        """Swallowing the error keeps nothing: the block raises it again, whatever was refused."""
        with store.write() as writer:
            writer.put(META, [("a", "1"), ("b", "1")])
        for rows in ([refused], [("c", "3"), refused]):
            with pytest.raises(StoreError), store.write() as writer:
                self._write_everywhere(writer)
                with suppress(StoreError):
                    getattr(writer, how)(META, rows)
            self._nothing_happened(store)

    @staticmethod
    def _write_everywhere(writer: Writer) -> None:
        writer.put(META, [("a", "2"), ("c", "2")])
        writer.delete(META, [("b",)])
        writer.append(TOUCHPOINT, touchpoints(writer, ["o-1"], customer="a"))
        writer.append(DECISION, [row(DECISION, seq=writer.sequence(1))])
        writer.put(STATE, [row(STATE, customer="a")])

    @staticmethod
    def _nothing_happened(store: Store) -> None:
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1"), ("b", "1")]
            assert [reader.count(table) for table in (TOUCHPOINT, DECISION, STATE)] == [0, 0, 0]

    def test_a_commit_lasts(self, opened: Open) -> None:
        """What was committed is there when the database is opened again."""
        store = opened()
        if not store.persistent:
            pytest.skip("the data does not outlive the store")
        with store.write() as writer:
            rows = touchpoints(writer, ["o-1"], customer="a")
            writer.append(TOUCHPOINT, rows)
            writer.put(META, [("a", "1")])
        store.close()
        with opened().read() as reader:
            assert list(reader.scan(TOUCHPOINT)) == rows
            assert list(reader.scan(META)) == [("a", "1")]

    def test_a_closed_store_says_so(self, opened: Open) -> None:
        """After close every use is a StoreClosed, and closing again does nothing."""
        store = opened()
        with store.write() as writer:
            writer.put(META, [("a", "1")])
        store.close()
        store.close()
        with pytest.raises(StoreClosed), store.read():
            pass
        with pytest.raises(StoreClosed), store.write():
            pass
        with pytest.raises(StoreClosed):
            store.workspaces()

    def test_a_block_is_over_at_its_end(self, store: Store) -> None:
        """A reader or writer that is used after its block is a StoreError, not a surprise."""
        with store.write() as writer:
            writer.put(META, [("a", "1")])
        with store.read() as reader:
            rows = reader.scan(META)
        for use in (
            lambda: list(rows),
            lambda: list(reader.scan(META)),
            reader.watermark,
            lambda: list(writer.fetch(META, [("a",)])),
            lambda: writer.put(META, [("a", "2")]),
            lambda: writer.append(META, [("b", "2")]),
            lambda: writer.sequence(1),
        ):
            with pytest.raises(CrmkitError):
                use()
        with store.read() as reader:
            assert list(reader.scan(META)) == [("a", "1")]
