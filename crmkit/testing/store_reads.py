"""Laws of reading: order, ranges, places, conditions, pages."""

# ruff: noqa: S101, PLR2004 - a law is an assertion, and its numbers are its point
from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest

from crmkit.contracts.store import Reader, Row, Store, Value
from crmkit.contracts.tables import (
    CUSTOMER,
    DECISION,
    IDENTITY,
    INTEGER,
    META,
    STANDING,
    TABLES,
    TOUCHPOINT,
    VOID,
    Sparse,
    Table,
)
from crmkit.errors import StoreError
from crmkit.testing.rows import expected, pick, row, sorting, touchpoints
from crmkit.testing.store_base import StoreLaws

ORDERS = [
    pytest.param(table, by, id=f"{table.name}-{'-'.join(by)}")
    for table in TABLES
    for by in dict.fromkeys(table.orders)  # the key of a log may be its number
]
SPARSE = [
    pytest.param(table, few, id=f"{table.name}-{few.by[-1]}")
    for table in TABLES
    for few in table.sparse
]
_TEXTS = ("", "B", "a", "a b", "b", "é", "中")
_TYPES: dict[str, tuple[Value, ...]] = {
    "text": _TEXTS,
    "decimal": ("1.5", "-2", "10"),
    "integer": (-(2**40), -1, 0, 7, 2**40),
    "real": (-1.5, 0.0, 2.25),
    "blob": (b"", b"\0\xff", b"a"),
}


def sample(table: Table, count: int = 40) -> list[Row]:
    """Make rows whose columns hold few different values, None among them, with different keys."""
    rows: dict[Row, Row] = {}
    for number in range(count):
        values: dict[str, Value] = {}
        for place, column in enumerate(table.columns):
            choice = _TYPES[column.type]
            turn = number * (place + 3) // (place + 1) + place
            value = choice[turn % len(choice)]
            values[column.name] = None if column.null and turn % 3 == 0 else value
        if table.log:
            values["seq"] = number + 1
        made = row(table, **values)
        rows.setdefault(pick(table, made, table.key), made)
    return list(rows.values())


def write(store: Store, table: Table, rows: list[Row]) -> list[Row]:
    """Append rows in a transaction; those of a log get numbers of the store's own."""
    with store.write() as writer:
        if table.log:
            first = writer.sequence(len(rows))
            rows = [(first + place, *given[1:]) for place, given in enumerate(rows)]
        assert writer.append(table, rows) == []
    return rows


def same(reader: Reader, table: Table, rows: list[Row], **scan: Any) -> None:
    """Compare a scan with what the contract says."""
    assert list(reader.scan(table, **scan)) == expected(table, rows, **scan), scan


class ReadLaws(StoreLaws):
    """One law a test."""

    @pytest.mark.parametrize(("table", "by"), ORDERS)
    def test_every_order(self, store: Store, table: Table, by: tuple[str, ...]) -> None:
        """Rows come by the columns of each declared order and then by the key, both ways."""
        rows = write(store, table, sample(table))
        with store.read() as reader:
            for reverse, limit in product((False, True), (None, 0, 1, 7, 1000)):
                same(reader, table, rows, by=by, reverse=reverse, limit=limit)

    @pytest.mark.parametrize(("table", "by"), ORDERS)
    def test_going_on_behind_any_place(
        self, store: Store, table: Table, by: tuple[str, ...]
    ) -> None:
        """A scan can go on behind every row of it, both ways, also where a column is None."""
        rows = write(store, table, sample(table, 20))
        order = by + tuple(name for name in table.key if name not in by)
        with store.read() as reader:
            for given, reverse in product(rows, (False, True)):
                after = pick(table, given, order)
                same(reader, table, rows, by=by, after=after, reverse=reverse, limit=3)
                same(reader, table, rows, by=by, after=after, equal=after[:1], reverse=reverse)

    @pytest.mark.parametrize(("table", "by"), ORDERS)
    def test_ranges(self, store: Store, table: Table, by: tuple[str, ...]) -> None:
        """Leading columns that equal, and both ends of the next one, which belong to the range."""
        rows = write(store, table, sample(table, 20))
        with store.read() as reader:
            for given, bound in product(rows[::5], range(len(by) + 1)):
                equal = pick(table, given, by[:bound])
                same(reader, table, rows, by=by, equal=equal)
                if bound == len(by):
                    continue
                ends = sorted(
                    {
                        value
                        for value in (r[table.position[by[bound]]] for r in rows)
                        if value is not None
                    }
                )
                for low, high in product((None, *ends[1::3]), (None, *ends[::2])):
                    for reverse in (False, True):
                        same(
                            reader,
                            table,
                            rows,
                            by=by,
                            equal=equal,
                            low=low,
                            high=high,
                            reverse=reverse,
                        )

    @pytest.mark.parametrize(("table", "few"), SPARSE)
    def test_an_order_of_few_rows(self, store: Store, table: Table, few: Sparse) -> None:
        """It gives the rows of any value but the one that leaves them out, as they change."""
        last = table.position[few.by[-1]]
        word = few.without or (1 if table.columns[last].type == INTEGER else "x")
        rows = {pick(table, one, table.key): one for one in sample(table)}
        for number, (key, one) in enumerate(rows.items()):
            value = (few.without, word, one[last])[number % 3]
            rows[key] = (*one[:last], value, *one[last + 1 :])
        write(store, table, list(rows.values()))
        gone, moved = list(rows)[:6], list(rows)[6:18]
        for place, key in enumerate(moved):
            value = rows[moved[place - 1]][last]
            rows[key] = (*rows[key][:last], value, *rows[key][last + 1 :])
        with store.write() as writer:
            writer.put(table, [rows[key] for key in moved])
            writer.delete(table, gone)
        left = [rows[key] for key in rows if key not in gone]
        groups = {pick(table, one, few.by) for one in left}
        asked = {one for one in groups if one[-1] not in (None, few.without)}
        assert asked
        with store.read() as reader:
            for equal, reverse in product(asked, (False, True)):
                same(reader, table, left, by=few.by, equal=equal, reverse=reverse)
                same(reader, table, left, by=few.by, equal=equal, reverse=reverse, limit=1)
            for bad in ((), (*min(asked)[:-1], few.without), (*min(asked)[:-1], None)):
                with pytest.raises(StoreError):
                    list(reader.scan(table, by=few.by, equal=bad))
            with pytest.raises(StoreError):
                list(reader.fetch(table, asked, by=few.by))

    def test_a_place_that_no_row_has(self, store: Store) -> None:
        """A scan goes on behind a place whose row was deleted in the meantime."""
        rows = write(store, META, [("a", "1"), ("c", "1"), ("e", "1")])
        with store.read() as reader:
            for place, reverse in product("bcdf", (False, True)):
                same(reader, META, rows, after=(place,), reverse=reverse)

    def test_conditions(self, store: Store) -> None:
        """Further columns equal a value, one of several, or None; no value at all finds nothing."""
        rows = write(store, STANDING, sample(STANDING))
        conditions: list[dict[str, Any]] = [
            {"tier": "a"},
            {"tier": None},
            {"tier": ("a", "b", "nowhere")},
            {"tier": ("a", None)},
            {"tier": ()},
            {"tier": "a", "stage": None},
            {"rank": (7, 0), "stage": _TEXTS},
            {"total": 2.25},
        ]
        with store.read() as reader:
            for where, by in product(conditions, STANDING.orders):
                same(reader, STANDING, rows, where=where, by=by)
                same(reader, STANDING, rows, where=where, by=by, reverse=True, limit=2)

    def test_contains_is_exact(self, store: Store) -> None:
        """A text is looked for as it is: no wildcard, no other case, no other normal form."""
        texts = [
            "50% off",
            "50 percent",
            "a_b",
            "axb",
            "Straße",
            "STRASSE",
            "e\u0301",
            "\u00e9",
            "",
            "\\%",
            "[a]",
        ]
        rows = write(
            store, CUSTOMER, [row(CUSTOMER, id=str(n), search=text) for n, text in enumerate(texts)]
        )
        with store.read() as reader:
            for text in (
                "%",
                "_",
                "a_b",
                "a.b",
                "%%",
                "stra",
                "Stra",
                "e",
                "\u00e9",
                "\\",
                "",
                "[a]",
                "*",
                "0",
            ):
                same(reader, CUSTOMER, rows, contains={"search": text})

    def test_contains_never_finds_none(self, store: Store) -> None:
        """A column without a value contains nothing, not even the empty text."""
        rows = write(store, CUSTOMER, [row(CUSTOMER, id="a"), row(CUSTOMER, id="b", owner="")])
        with store.read() as reader:
            same(reader, CUSTOMER, rows, contains={"owner": ""})

    def test_columns_come_in_the_order_asked(self, store: Store) -> None:
        """Only the columns that were asked for are given, in that order."""
        rows = write(store, TOUCHPOINT, sample(TOUCHPOINT))
        with store.read() as reader:
            for columns in (("kind", "seq"), ("customer",), ("of", "at", "text")):
                same(reader, TOUCHPOINT, rows, columns=columns, by=("seq",))

    def test_everything_at_once(self, store: Store) -> None:
        """All the arguments of a scan hold together."""
        rows = write(store, TOUCHPOINT, sample(TOUCHPOINT, 200))
        with store.read() as reader:
            for reverse, limit in product((False, True), (None, 4)):
                same(
                    reader,
                    TOUCHPOINT,
                    rows,
                    by=("customer", "at"),
                    equal=("a",),
                    low=-1,
                    high=2**40,
                    after=("a", 7, "a", "b", 0),
                    where={"kind": ("a", "b", "", "é")},
                    contains={"origin": ""},
                    reverse=reverse,
                    limit=limit,
                    columns=("seq", "id", "at"),
                )

    def test_rows_are_tuples(self, store: Store) -> None:
        """Rows come as plain tuples of the table's width, from every way of reading."""
        write(store, META, [("a", "1")])
        with store.write() as writer:
            found = [*writer.scan(META), *writer.fetch(META, [("a",)])]
            assert [type(given) for given in found] == [tuple, tuple]

    def test_fetch_by_key(self, store: Store) -> None:
        """Thousands of keys find their rows, each once; keys without a row find nothing."""
        rows = write(
            store, IDENTITY, [row(IDENTITY, system="s", value=str(n)) for n in range(4000)]
        )
        with store.read() as reader:
            keys = [("s", str(n)) for n in range(3999, -3000, -1)]
            found = list(reader.fetch(IDENTITY, keys))
            assert len(found) == 4000
            assert set(found) == set(rows)
            assert list(reader.fetch(IDENTITY, [])) == []

    @pytest.mark.parametrize(("table", "by"), ORDERS)
    def test_fetch_by_leading_columns(
        self, store: Store, table: Table, by: tuple[str, ...]
    ) -> None:
        """Leading columns of a key or index find all their rows, whole or in part, None too."""
        rows, columns = write(store, table, sample(table)), table.names[::-2]
        with store.read() as reader:
            for count in range(1, len(by) + 1):
                keys = {pick(table, given, by[:count]) for given in rows[::3]}
                found = list(reader.fetch(table, keys, by=by[:count]))
                wanted = [given for given in rows if pick(table, given, by[:count]) in keys]
                assert len(found) == len(wanted)
                assert set(found) == set(wanted)
                some = list(reader.fetch_columns(table, keys, columns, by=by[:count]))
                assert Counter(some) == Counter(pick(table, given, columns) for given in wanted)
            with pytest.raises(StoreError):
                list(reader.fetch_columns(table, [()], ("nothing",)))

    @pytest.mark.parametrize(("table", "by"), ORDERS)
    def test_last_rows_of_each_key(self, store: Store, table: Table, by: tuple[str, ...]) -> None:
        """Each key's greatest rows are given and no more, within a range and under a condition."""
        rows = write(store, table, sample(table, 20))
        name = table.names[-1]
        where = {name: tuple({given[table.position[name]] for given in rows[::2]})}
        with store.read() as reader:
            for width, count in product(range(1, len(by) + 1), (1, 3, 1000)):
                keys = {pick(table, given, by[:width]) for given in rows[::3]}
                ends = sorted({pick(table, given, by)[width:] for given in rows}, key=sorting)
                high = ends[len(ends) // 2][0] if width < len(by) else None
                for ranged in ({}, {"low": high}, {"high": high}, {"high": high, "where": where}):
                    found = list(reader.last_of(table, keys, by=by, count=count, **ranged))
                    assert set(found) <= set(rows)
                    wanted = [
                        given
                        for key in keys
                        for given in expected(
                            table, rows, by=by, equal=key, reverse=True, limit=count, **ranged
                        )
                    ]
                    assert Counter(pick(table, given, by) for given in found) == Counter(
                        pick(table, given, by) for given in wanted
                    ), ranged
            assert list(reader.last_of(table, [], by=by, count=1)) == []

    def test_count(self, store: Store) -> None:
        """Rows are counted, all of them or those that equal, None among the values."""
        rows = write(store, CUSTOMER, sample(CUSTOMER))
        with store.read() as reader:
            assert reader.count(CUSTOMER) == len(rows)
            for where in ({"owner": None}, {"owner": ""}, {"owner": "a", "kind": "b"}, {"seq": 7}):
                assert reader.count(CUSTOMER, where) == len(expected(CUSTOMER, rows, where=where))
            assert reader.count(DECISION) == 0

    def test_an_empty_table(self, store: Store) -> None:
        """Of a workspace that nothing was written to, everything is empty, and nothing fails."""
        with store.read() as reader:
            for table in TABLES:
                assert list(reader.scan(table)) == []
                assert reader.count(table) == 0
            assert list(reader.fetch(META, [("a",)])) == []
        with store.write() as writer:
            assert writer.delete(META, [("a",)]) == 0
            assert writer.append(META, []) == []
            writer.put(META, [])

    def test_what_is_not_declared_is_refused(self, store: Store) -> None:
        """An order, column or key width the table does not have is a StoreError at once."""
        with store.read() as reader:
            for wrong in (
                lambda: list(reader.scan(META, by=("value",))),
                lambda: list(reader.scan(META, where={"nothing": 1})),
                lambda: list(reader.scan(META, columns=("nothing",))),
                lambda: list(reader.scan(META, after=("a", "b"))),
                lambda: list(reader.fetch(META, [("a",)], by=("value",))),
                lambda: list(reader.fetch(META, [("a", "b")])),
                lambda: reader.count(META, {"nothing": 1}),
            ):
                with pytest.raises(StoreError):
                    wrong()

    def test_pages_are_stable_under_writes(self, store: Store) -> None:
        """Page by page, with rows coming and going in between, a row that stays is given once."""
        stay = [f"{n:03}" for n in range(0, 300, 3)]
        write(store, VOID, [row(VOID, customer=id_, touchpoint=1) for id_ in stay])
        seen: list[str] = []
        after: Row | None = None
        page = [("", 0)]
        while page:
            with store.read() as reader:
                rows = reader.scan(VOID, after=after, limit=7, columns=("customer", "touchpoint"))
                page = list(rows)
            seen += [customer for customer, number in page if number == 1]
            after = page[-1] if page else after
            at = int(seen[-1]) if seen else 0
            with store.write() as writer:
                near = {f"{n:03}" for n in range(at - 20, at + 20)} - set(stay)
                writer.put(
                    VOID, [row(VOID, customer=id_, touchpoint=2) for id_ in sorted(near)[::2]]
                )
                writer.delete(VOID, [(id_, 2) for id_ in sorted(near)[1::3]])
        assert seen == stay

    def test_numbers_order_a_log(self, store: Store) -> None:
        """A log is read in the order it was written, from behind any number on."""
        with store.write() as writer:
            writer.append(TOUCHPOINT, touchpoints(writer, "zyx"))
        with store.write() as writer:
            writer.append(TOUCHPOINT, touchpoints(writer, "abc"))
        with store.read() as reader:
            found = list(
                reader.scan(TOUCHPOINT, by=("seq",), columns=("id", "seq", "source", "rev"))
            )
            assert [given[0] for given in found] == list("zyxabc")
            rest = reader.scan(TOUCHPOINT, by=("seq",), low=found[3][1], columns=("id",))
            assert list(rest) == [("a",), ("b",), ("c",)]
