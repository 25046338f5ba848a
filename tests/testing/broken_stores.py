"""Stores that each break one law, and the suite run on them: see test_store_suite_bites.

Each class says what is wrong with it and which test must notice.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from unittest.mock import patch

import pytest

from crmkit.contracts.store import Reader, Row, Writer
from crmkit.contracts.tables import DECIMAL, REAL, TEXT, Table
from crmkit.stores.checks import order
from crmkit.stores.memory import Database, MemoryStore
from crmkit.stores.memory_table import Version
from crmkit.stores.memory_transaction import MemoryReader, MemoryWriter
from crmkit.testing import StoreSuite
from crmkit.testing.rows import pick, sorting


def keys_of(table: Table, rows: Iterable[Row]) -> list[Row]:
    return [tuple(row[table.position[name]] for name in table.key) for row in rows]


class Broken(MemoryStore):
    """A memory store whose readers and writers may be of other classes."""

    notices: ClassVar[str]
    Read: ClassVar[type[MemoryReader]] = MemoryReader
    Write: ClassVar[type[MemoryWriter]] = MemoryWriter

    def reader(self, version: Version, seq: int) -> MemoryReader:
        return self.Read(version, seq)

    def writer(self, version: Version, seq: int) -> MemoryWriter:
        return self.Write(version, seq)


def changing(change: Callable[[Table, Any], Any], *types: str) -> type[MemoryWriter]:
    """Make a writer that changes every value of some types on its way in."""

    def changed(table: Table, rows: Sequence[Row]) -> list[Row]:
        return [
            tuple(
                change(table, value) if column.type in types and value is not None else value
                for column, value in zip(table.columns, row, strict=True)
            )
            for row in rows
        ]

    class Changing(MemoryWriter):
        def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
            return super().append(table, changed(table, rows))

        def put(self, table: Table, rows: Sequence[Row]) -> None:
            super().put(table, changed(table, rows))

    return Changing


class AppendOverwrites(Broken):
    """An append replaces what is there."""

    notices = "test_append_leaves_a_known_key_as_it_is"

    class Write(MemoryWriter):
        def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
            known = super().append(table, rows)
            self.put(table, rows)
            return known


class AppendTrustsItsBatch(Broken):
    """Keys are looked up before the batch only, so the second of two is not noticed."""

    notices = "test_append_takes_the_first_of_a_key_in_one_batch"

    class Write(MemoryWriter):
        def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
            known = set(keys_of(table, self.fetch(table, keys_of(table, rows))))
            keys = keys_of(table, rows)
            self.put(table, [row for row, key in zip(rows, keys, strict=True) if key not in known])
            return [place for place, key in enumerate(keys) if key in known]


class LogByNumber(Broken):
    """A log's rows are told apart by their number: a record captured again is added again."""

    notices = "test_append_to_a_log_is_idempotent_by_source_and_id"

    class Write(MemoryWriter):
        def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
            if not table.log or table.key == ("seq",):
                return super().append(table, rows)
            place = table.position["rev"]
            return super().append(table, [(*r[:place], r[0], *r[place + 1 :]) for r in rows])


class Autocommit(Broken):
    """What was written before an exception stays."""

    notices = "test_an_exception_undoes_everything"

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        failure: BaseException | None = None
        with super()._write() as writer:
            try:
                yield writer
            except BaseException as error:  # noqa: BLE001 - the fault itself
                failure = error
        if failure is not None:
            raise failure


class Unshaken(Broken):
    """A transaction goes on after a write that was refused, and what came before it is kept."""

    notices = "test_a_failed_write_cannot_go_on"

    class Write(MemoryWriter):
        def put(self, table: Table, rows: Sequence[Row]) -> None:
            try:
                super().put(table, rows)
            finally:
                self.failure = None

        def append(self, table: Table, rows: Sequence[Row]) -> list[int]:
            try:
                return super().append(table, rows)
            finally:
                self.failure = None


class NoTurns(Broken):
    """Writers do not wait for each other: the last one wins."""

    notices = "test_writers_at_the_same_time_lose_nothing"

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with patch.object(self._held().turns, "turn", nullcontext), super()._write() as writer:
            time.sleep(0.001)
            yield writer


class CaseFolding(Broken):
    """Keys are compared without case, as a server's default collation does."""

    notices = "test_keys_are_compared_exactly"

    class Write(MemoryWriter):
        def row(self, table: Table, key: Row) -> Row | None:
            folded = [str(value).casefold() for value in key]
            for other, found in {**self.base(table).rows, **self.changed(table)}.items():
                if [str(value).casefold() for value in other] == folded:
                    return found
            return None


class Trimming(Broken):
    """Trailing blanks are cut off, as CHAR columns do."""

    notices = "test_text_of_any_script"
    Write = changing(lambda _, value: value.rstrip(" "), TEXT)


class Normalising(Broken):
    """Text is brought into one normal form."""

    notices = "test_text_of_any_script"
    Write = changing(lambda _, value: unicodedata.normalize("NFC", value), TEXT)


class EmptyIsNone(Broken):
    """The empty text is no value, as in Oracle."""

    notices = "test_none_is_not_empty"

    class Write(MemoryWriter):
        def put(self, table: Table, rows: Sequence[Row]) -> None:
            nullable = [column.null for column in table.columns]
            super().put(
                table,
                [
                    tuple(
                        None if null and value == "" else value
                        for null, value in zip(nullable, row, strict=True)
                    )
                    for row in rows
                ],
            )


class FifteenDigits(Broken):
    """Doubles are carried as text of fifteen digits."""

    notices = "test_doubles_are_exact_to_the_bit"
    Write = changing(lambda _, value: float(f"{value:.15g}"), REAL)


class PlusZero(Broken):
    """Minus zero becomes zero, as in SQLite's REAL columns."""

    notices = "test_doubles_are_exact_to_the_bit"
    Write = changing(lambda _, value: value + 0.0, REAL)


class BinaryDecimals(Broken):
    """Decimals go through a double."""

    notices = "test_decimals_are_exact"
    Write = changing(lambda _, value: str(Decimal(float(value))), DECIMAL)


class ShortDecimals(Broken):
    """Decimals lose their trailing zeros."""

    notices = "test_decimals_are_exact"
    Write = changing(lambda _, value: str(Decimal(value).normalize()), DECIMAL)


class EscapingManyRows(Broken):
    """The faster way for many rows escapes bytes once more."""

    notices = "test_many_at_once"

    class Write(MemoryWriter):
        def put(self, table: Table, rows: Sequence[Row]) -> None:
            if len(rows) > 100:
                rows = [tuple(map(self.escaped, row)) for row in rows]
            super().put(table, rows)

        def escaped(self, value: Any) -> Any:
            return value.replace(b"\\", b"\\\\") if isinstance(value, bytes) else value


class CountsEverybody(Broken):
    """A count looks at all workspaces."""

    notices = "test_workspaces_do_not_see_each_other"

    def reader(self, version: Version, seq: int) -> MemoryReader:
        others = self._held().versions

        class Everybody(MemoryReader):
            def count(self, table: Table, where: Any = None) -> int:
                looks = [MemoryReader(other, seq) for other in others.values()]
                return sum(MemoryReader.count(look, table, where) for look in looks)

        return Everybody(version, seq)


class DeletesEverywhere(Broken):
    """A delete forgets which workspace it is for."""

    notices = "test_writing_stays_in_the_workspace"

    def writer(self, version: Version, seq: int) -> MemoryWriter:
        others = self._held().versions

        class Everywhere(MemoryWriter):
            def delete(self, table: Table, keys: Iterable[Row], **by: Any) -> int:
                wanted = list(keys)
                for other in others.values():
                    for row in list(MemoryReader(other, seq).fetch(table, wanted, **by)):
                        if other is not self.version:
                            del other.tables[table.name].rows[keys_of(table, [row])[0]]
                return super().delete(table, wanted, **by)

        return Everywhere(version, seq)


class NoSnapshot(Broken):
    """A reader sees what others commit meanwhile."""

    notices = "test_a_reader_does_not_see_later_commits"

    @contextmanager
    def _read(self) -> Iterator[Reader]:
        database, workspace = self._held(), self.workspace

        class Live(MemoryReader):
            def base(self, table: Table) -> Any:
                self.version = database.versions.get(workspace, self.version)
                return super().base(table)

        yield Live(Version(), database.seq)


class DirtyReads(Broken):
    """What is written shows to others before it is committed."""

    notices = "test_a_reader_does_not_see_an_open_write"

    def writer(self, version: Version, seq: int) -> MemoryWriter:
        database, workspace = self._held(), self.workspace

        class Eager(MemoryWriter):
            def put(self, table: Table, rows: Sequence[Row]) -> None:
                super().put(table, rows)
                database.commit(workspace, self.changes, seq)

        return Eager(version, seq)


class TornCommit(Broken):
    """Tables are committed one after the other."""

    notices = "test_tables_change_together"

    class Torn(Database):
        def commit(self, workspace: str, changes: Any, seq: int) -> None:
            for name, change in changes.items():
                super().commit(workspace, {name: change}, seq)
                time.sleep(0.005)

    make = Torn


class PutMerges(Broken):
    """None in a new row leaves the old value standing."""

    notices = "test_put_replaces_the_whole_row"

    class Write(MemoryWriter):
        def put(self, table: Table, rows: Sequence[Row]) -> None:
            merged = []
            for row, key in zip(rows, keys_of(table, rows), strict=True):
                old = self.row(table, key) or row
                pairs = zip(row, old, strict=True)
                merged.append(tuple(was if new is None else new for new, was in pairs))
            super().put(table, merged)


class PutKeepsTheFirst(Broken):
    """Of two rows with one key the first holds, as where a batch is sorted backwards."""

    notices = "test_put_takes_the_last_of_a_key_in_one_batch"

    class Write(MemoryWriter):
        def put(self, table: Table, rows: Sequence[Row]) -> None:
            super().put(table, list(reversed(rows)))


class DeleteCountsKeys(Broken):
    """A delete tells how many keys it was given."""

    notices = "test_delete_tells_how_many"

    class Write(MemoryWriter):
        def delete(self, table: Table, keys: Iterable[Row], **by: Any) -> int:
            wanted = list(keys)
            super().delete(table, wanted, **by)
            return len(wanted)


class ReadsOnlyTheCommitted(Broken):
    """A transaction's scan does not show its own writes."""

    notices = "test_a_transaction_reads_its_own_writes"

    class Write(MemoryWriter):
        def scan(self, table: Table, **how: Any) -> Iterator[Row]:
            return MemoryReader(self.version, self.seq).scan(table, **how)


class Halloween(Broken):
    """A scan meets the rows that are written while it runs."""

    notices = "test_a_scan_is_not_disturbed_by_writing"

    class Write(MemoryWriter):
        def scan(self, table: Table, **how: Any) -> Iterator[Row]:
            after = None
            while page := list(super().scan(table, **how, after=after, limit=1)):
                yield page[0]
                (after,) = keys_of(table, page)


class TiesAnyhow(Broken):
    """Rows that are equal by the order come anyhow, not by the key."""

    notices = "test_every_order"

    class Read(MemoryReader):
        def scan(self, table: Table, *, by: Any = None, **how: Any) -> Iterator[Row]:
            rows = list(super().scan(table, by=by, **how))
            if "columns" not in how:
                rows.reverse()
                columns = by or table.key
                rows.sort(
                    key=lambda row: sorting(pick(table, row, columns)),
                    reverse=how.get("reverse", False),
                )
            return iter(rows)


class OpenRanges(Broken):
    """The upper end of a range does not belong to it."""

    notices = "test_ranges"

    class Read(MemoryReader):
        def scan(self, table: Table, *, high: Any = None, **how: Any) -> Iterator[Row]:
            column = (how.get("by") or table.key)[len(how.get("equal", ())) :][:1]
            for row in super().scan(table, high=high, **how):
                if high is None or row[table.position[column[0]]] != high:
                    yield row


class AfterInclusive(Broken):
    """A page begins with the last row of the one before."""

    notices = "test_going_on_behind_any_place"

    class Read(MemoryReader):
        def scan(self, table: Table, *, after: Any = None, **how: Any) -> Iterator[Row]:
            if after is not None:
                names = order(table, how.get("by"))
                key = tuple(after[names.index(name)] for name in table.key)
                yield from super().fetch(table, [key])
            yield from super().scan(table, after=after, **how)


class PagesByNumber(Broken):
    """A page is found by counting rows, so rows that come and go move it."""

    notices = "test_pages_are_stable_under_writes"

    def reader(self, version: Version, seq: int) -> MemoryReader:
        store = self

        class Counting(MemoryReader):
            def scan(self, table: Table, *, after: Any = None, **how: Any) -> Iterator[Row]:
                skip = 0 if after is None else store.given
                rows = list(super().scan(table, **{**how, "limit": None}))
                page = rows[skip:][: how.get("limit")]
                store.given = skip + len(page)
                return iter(page)

        return Counting(version, seq)

    given = 0


class Wildcards(Broken):
    """A text is looked for without case, as LIKE does."""

    notices = "test_contains_is_exact"

    class Read(MemoryReader):
        def scan(self, table: Table, *, contains: Any = None, **how: Any) -> Iterator[Row]:
            for row in super().scan(table, **how):
                texts = ((row[table.position[n]], text) for n, text in (contains or {}).items())
                if all(value and text.casefold() in value.casefold() for value, text in texts):
                    yield row


class NoneEqualsNothing(Broken):
    """None as a key finds nothing, as a plain SQL comparison does."""

    notices = "test_fetch_by_leading_columns"

    class Read(MemoryReader):
        def fetch(self, table: Table, keys: Iterable[Row], **by: Any) -> Iterator[Row]:
            return super().fetch(table, [key for key in keys if None not in key], **by)


class FirstForLast(Broken):
    """Of each key the first rows are given, not the last."""

    notices = "test_last_rows_of_each_key"

    class Read(MemoryReader):
        def last_of(
            self, table: Table, keys: Iterable[Row], *, count: int, **how: Any
        ) -> Iterator[Row]:
            by = how.pop("by")
            for key in dict.fromkeys(keys):
                yield from self.scan(table, by=by, equal=key, limit=count, **how)


class NumbersAgain(Broken):
    """Each workspace counts by itself, and from the beginning."""

    notices = "test_numbers_are_given_once"

    def writer(self, version: Version, seq: int) -> MemoryWriter:  # noqa: ARG002
        return MemoryWriter(version, 0)


class EagerWatermark(Broken):
    """The watermark covers numbers whose transaction is still open."""

    notices = "test_the_watermark_leaves_out_an_open_write"

    class Write(MemoryWriter):
        def watermark(self) -> int:
            return self.last


class GapsBelowTheWatermark(Broken):
    """Numbers are reserved at once and committed later, and the watermark is the highest seen."""

    notices = "test_nothing_new_appears_below_the_watermark"

    def reader(self, version: Version, seq: int) -> MemoryReader:
        return MemoryReader(version, max(seq, getattr(self._held(), "reserved", 0)))

    def writer(self, version: Version, seq: int) -> MemoryWriter:
        database: Any = self._held()

        class Reserving(MemoryWriter):
            def sequence(self, count: int) -> int:
                first = super().sequence(count)
                database.reserved = self.last
                time.sleep(0.002)
                return first

        return Reserving(version, seq)


class NeverClosed(Broken):
    """A closed store goes on working."""

    notices = "test_a_closed_store_says_so"

    def close(self) -> None:
        pass


class NeverOver(Broken):
    """A writer can be used after its block, and what it then does is lost."""

    notices = "test_a_block_is_over_at_its_end"

    class Write(MemoryWriter):
        def check(self) -> None:
            pass


class Forgetful(Broken):
    """It says that its data lasts, and starts anew at each opening."""

    notices = "test_a_commit_lasts"
    persistent = True

    def __init__(self, _: Database, workspace: str = "default") -> None:
        super().__init__(Database(), workspace)


class Unguarded(Broken):
    """Nothing holds writers and readers apart while tables change."""

    notices = "test_a_reader_does_not_see_later_commits"

    def read(self) -> AbstractContextManager[Reader]:
        version = self._held().versions.get(self.workspace) or Version()
        return nullcontext(self.reader(version, self._held().seq))


BROKEN = [
    store
    for store in vars().copy().values()
    if isinstance(store, type) and issubclass(store, Broken) and store is not Broken
]


@dataclass
class Factory:
    """Opens one store class on one database."""

    store: type[MemoryStore]

    def __post_init__(self) -> None:
        self.database = getattr(self.store, "make", Database)()

    def __call__(self, workspace: str = "default") -> MemoryStore:
        return self.store(self.database, workspace)


def suite(store: type[MemoryStore]) -> type[StoreSuite]:
    class Suite(StoreSuite):
        @pytest.fixture
        def store_factory(self) -> Factory:
            return Factory(store)

    return Suite


TestHonest = suite(MemoryStore)
for _store in BROKEN:
    globals()[f"Test{_store.__name__}"] = suite(_store)
