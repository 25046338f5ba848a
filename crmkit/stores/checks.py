"""What is asked of a call before any store carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from crmkit.contracts.store import Row, Value
from crmkit.contracts.tables import Table
from crmkit.errors import StoreError


def translated(place: Any) -> str | None:
    """Say why an engine or connection of SQLAlchemy's cannot be used: it names other schemas."""
    if not place.get_execution_options().get("schema_translate_map"):
        return None
    return (
        "translates the names of schemas, which crmkit's own statements do not follow: give one "
        "without schema_translate_map, whose search_path names the schema"
    )


def picker(places: Iterable[int]) -> Callable[[Row], Row]:
    """Give a function that takes these places of a row as a tuple."""
    several = tuple(places)
    if len(several) == 1:
        (place,) = several
        return lambda row: (row[place],)
    return itemgetter(*several)


def in_order(table: Table, rows: Iterable[Row], places: Iterable[int]) -> list[Row]:
    """Sort rows by some of their columns: one by one, which takes half as long as tuples would.

    Raises:
        StoreError: values of one column cannot be compared.
    """
    found = list(rows)
    try:
        for place in reversed(tuple(places)):
            found.sort(key=itemgetter(place))
    except TypeError as error:
        message = f"A key of {table.name} holds None, or a value of another type than the others"
        raise StoreError(message) from error
    return found


def order(table: Table, by: tuple[str, ...] | None, equal: Row = ()) -> tuple[str, ...]:
    """Give the full order that `scan` by `by` promises: those columns, then the rest of the key.

    Raises:
        StoreError: `by` is none of the table's orders, or `equal` does not name the few rows that
            have it.
    """
    if by is None:
        return table.key
    if few := table.sparse_by(by):
        if len(equal) != len(by) or equal[-1] in (None, few.without):
            message = f"{table.name} by {by} is asked for one value of each, {few.without} not last"
            raise StoreError(message)
    elif by not in table.orders:
        raise StoreError(f"{table.name} is not ordered by {by}; choose one of {table.orders}")
    return by + tuple(name for name in table.key if name not in by)


def leading(table: Table, by: tuple[str, ...] | None) -> tuple[str, ...]:
    """Give the columns that the keys of `fetch` and `delete` bind.

    Raises:
        StoreError: no order of the table starts with `by`.
    """
    if by is None:
        return table.key
    if not by or not any(order[: len(by)] == by for order in table.orders):
        raise StoreError(f"No key or index of {table.name} starts with {by}")
    return by


def known(table: Table, *groups: Mapping[str, Any] | tuple[str, ...] | None) -> None:
    """Raise StoreError where a column that is asked for is not the table's."""
    for names in groups:
        for name in names or ():
            if name not in table.position:
                raise StoreError(f"{table.name} has no column {name!r}")


def enough(table: Table, names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the columns of an order that tell its places apart: of a log's numbers is one each."""
    if table.log and "seq" in names:
        return names[: names.index("seq") + 1]
    return names


def place(
    by: tuple[str, ...], equal: Row, span: tuple[Value, Value], after: Row | None, full: int
) -> None:
    """Raise StoreError where the place that a scan starts from does not fit its order."""
    if len(equal) + (span != (None, None)) > len(by):
        raise StoreError(f"equal, low and high bind more columns than {by} has")
    if after is not None and (len(after) != full or after[: len(equal)] != equal):
        raise StoreError(f"after must hold {full} values and start with those of equal")


def unended(*, over: bool) -> None:
    """Raise StoreError where the block of a read or write is over."""
    if over:
        message = "This read or write is over: use it, and what it gives, inside its block"
        raise StoreError(message)


def unfailed(failure: StoreError | None) -> None:
    """Raise StoreError where a write of the transaction has failed: it cannot go on, nor be kept.

    Its caller may have swallowed what it raised, and a database may have undone more than it.
    """
    if failure is not None:
        message = f"This write failed before and will be undone: {failure}"
        raise type(failure)(message, **vars(failure)) from failure


def width(table: Table, rows: Sequence[Row]) -> None:
    """Raise StoreError where a row has not one value a column."""
    wrong = set(map(len, rows)) - {len(table.columns)}
    if wrong:
        message = f"A row of {table.name} has {len(table.columns)} values, not {min(wrong)}"
        raise StoreError(message)
