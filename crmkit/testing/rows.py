"""Rows for tests of a store, and what a store must give for them, said in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmkit.contracts.store import Row, Value, Writer
from crmkit.contracts.tables import BLOB, INTEGER, REAL, TOUCHPOINT, Table

_EMPTY = {INTEGER: 0, REAL: 0.0, BLOB: b""}


def row(table: Table, **values: Value) -> Row:
    """Make a row; a column that is not given is None, or empty where None may not be.

    Raises:
        TypeError: the table has no such column.
    """
    if unknown := values.keys() - table.position.keys():
        raise TypeError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    return tuple(
        values[column.name]
        if column.name in values
        else None
        if column.null
        else _EMPTY.get(column.type, "")
        for column in table.columns
    )


def touchpoints(writer: Writer, ids: Iterable[str], **values: Value) -> list[Row]:
    """Make touchpoints with these ids and fresh numbers; nothing is written."""
    wanted = list(ids)
    first = writer.sequence(len(wanted)) if wanted else 0
    return [
        row(TOUCHPOINT, **{"seq": first + place, "id": id_, **values})
        for place, id_ in enumerate(wanted)
    ]


def pick(table: Table, given: Row, names: Iterable[str]) -> Row:
    """Take some columns out of a row."""
    return tuple(given[table.position[name]] for name in names)


def sorting(values: Row) -> list[tuple[bool, Any]]:
    """Give what values sort by: text by code point, None before every value."""
    return [(value is not None, 0 if value is None else value) for value in values]


def expected(  # noqa: C901, PLR0913 - `Reader.scan`, argument by argument
    table: Table,
    rows: Iterable[Row],
    *,
    by: tuple[str, ...] | None = None,
    equal: Row = (),
    low: Value = None,
    high: Value = None,
    after: Row | None = None,
    where: Mapping[str, Value | tuple[Value, ...]] | None = None,
    contains: Mapping[str, str] | None = None,
    reverse: bool = False,
    limit: int | None = None,
    columns: tuple[str, ...] | None = None,
) -> list[Row]:
    """Give what a scan of exactly these rows must give: the contract, without any cleverness."""
    by = by or table.key
    order = by + tuple(name for name in table.key if name not in by)

    def place(given: Row) -> list[tuple[bool, Any]]:
        return sorting(pick(table, given, order))

    def wanted(given: Row) -> bool:
        if pick(table, given, by[: len(equal)]) != equal:
            return False
        if low is not None or high is not None:
            value: Any = given[table.position[by[len(equal)]]]
            if value is None or (low is not None and value < low):
                return False
            if high is not None and value > high:
                return False
        if after is not None:
            here, there = place(given), sorting(after)
            if here >= there if reverse else here <= there:
                return False
        for name, choice in (where or {}).items():
            if given[table.position[name]] not in (
                choice if isinstance(choice, tuple) else (choice,)
            ):
                return False
        texts = ((given[table.position[name]], text) for name, text in (contains or {}).items())
        return all(value is not None and text in value for value, text in texts)

    found = sorted(filter(wanted, rows), key=place, reverse=reverse)
    return [pick(table, given, columns or table.names) for given in found][:limit]
