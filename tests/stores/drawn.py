"""What hypothesis draws for a store: batches of rows, keys to look up, and ways to scan."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from crmkit.contracts.store import Row
from crmkit.contracts.tables import CUSTOMER, META, STATE, TOUCHPOINT, VOID, Table

USED = (META, VOID, CUSTOMER, STATE, TOUCHPOINT)
"""Tables of every shape: with and without indexes, a log, a key of one column and of more."""
TABLE = st.sampled_from(USED)
# One value is likelier than the others, so that keys are met again.
_CHOICES: dict[str, Any] = {
    "text": st.sampled_from([*["a"] * 6, "", "A", "b", "é", "a b", "店"]),
    "decimal": st.sampled_from(["0", "1.50", "-2"]),
    "integer": st.sampled_from([*[1] * 6, -1, 0, 2**40]),
    "real": st.sampled_from([0.0, -1.5, 0.1]),
    "blob": st.sampled_from([b"", b"\0a"]),
}
_YEARS = st.sampled_from([-(10**15), -1, 0, 2**40, 2 * 10**15])
_FEW = 5
"""Columns of a table that get values, beside those that it is looked into by."""


def value(table: Table, name: str) -> st.SearchStrategy[Any]:
    column = table.columns[table.position[name]]
    if table is TOUCHPOINT and name == "at":  # which may decide where a row lies
        return _YEARS
    return st.none() | _CHOICES[column.type] if column.null else _CHOICES[column.type]


@st.composite
def batches(draw: st.DrawFn) -> tuple[Table, list[dict[str, Any]]]:
    """Draw rows of a table, a log's without their number; one, some, or enough to be many."""
    table = draw(TABLE)
    looked_by = {name for order in table.orders for name in order}
    names = [name for place, name in enumerate(table.names) if place < _FEW or name in looked_by]
    if table.log:
        names.remove("seq")
    one = st.fixed_dictionaries({name: value(table, name) for name in names})
    size = draw(st.sampled_from([1, 4, 9]))
    return table, draw(st.lists(one, min_size=size, max_size=size))


@st.composite
def keys(draw: st.DrawFn) -> tuple[Table, tuple[str, ...], list[Row]]:
    """Draw what `fetch` and `delete` take: leading columns, and values for them."""
    table = draw(TABLE)
    order = draw(st.sampled_from(table.orders))
    by = order[: draw(st.integers(1, len(order)))]
    one = st.tuples(*(value(table, name) for name in by))
    return table, by, draw(st.lists(one, max_size=4))


@st.composite
def scans(draw: st.DrawFn) -> tuple[Table, dict[str, Any]]:
    """Draw what `scan` takes."""
    table = draw(TABLE)
    by = draw(st.sampled_from(table.orders))
    order = by + tuple(name for name in table.key if name not in by)
    bound = draw(st.integers(0, len(by)))
    how: dict[str, Any] = {"by": by, "reverse": draw(st.booleans())}
    how["equal"] = tuple(draw(value(table, name)) for name in by[:bound])
    if bound < len(by):
        how["low"] = draw(st.none() | value(table, by[bound]))
        how["high"] = draw(st.none() | value(table, by[bound]))
    if draw(st.booleans()):
        how["after"] = how["equal"] + tuple(draw(value(table, name)) for name in order[bound:])
    if draw(st.booleans()):
        name = draw(st.sampled_from(table.names))
        several = st.lists(value(table, name), max_size=3).map(tuple)
        how["where"] = {name: draw(value(table, name) | several)}
    how["limit"] = draw(st.none() | st.integers(0, 4))
    return table, how
