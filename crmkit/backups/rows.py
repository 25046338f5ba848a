"""Rows of a store as lines of JSON, and back; those of an older schema become today's."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from crmkit.contracts.store import Row
from crmkit.contracts.tables import BLOB, TABLES, Column, Table

BY_NAME = {table.name: table for table in TABLES}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def described(table: Table) -> list[str]:
    """Describe the columns as a file does: ``"customer:text!"``, ``!`` where None may not be."""
    return [f"{one.name}:{one.type}{'' if one.null else '!'}" for one in table.columns]


def named(described: Sequence[str]) -> tuple[str, ...]:
    """Give the names out of such a description."""
    return tuple(one.partition(":")[0] for one in described)


def pack(table: Table, rows: Sequence[Row]) -> bytes:
    """Write rows, a line each; bytes are written in base64."""
    blobs = [place for place, one in enumerate(table.columns) if one.type == BLOB]
    plain = [_with(row, blobs, _text) for row in rows] if blobs else rows
    return ("\n".join(map(_encode, plain)) + "\n").encode("utf-8", "surrogatepass")


def unpacker(table: Table, names: tuple[str, ...]) -> Callable[[bytes], list[Row]]:
    """Give what reads lines of `pack`.

    Args:
        table: Today's table.
        names: The columns that the file has, in its order.

    Raises:
        KeyError: the file lacks a column that must have a value, or has one that is not known.
    """
    blobs = [place for place, one in enumerate(table.columns) if one.type == BLOB]
    arranged = _arranged(table, names)

    def unpack(lines: bytes) -> list[Row]:
        # No line break stands inside a line: JSON escapes it.
        rows = map(tuple, json.loads(b"[" + lines[:-1].replace(b"\n", b",") + b"]"))
        return [_with(row, blobs, _bytes) for row in arranged(rows)]

    return unpack


def _arranged(table: Table, names: tuple[str, ...]) -> Callable[[Any], Any]:
    if names == table.names:
        return lambda rows: rows
    places = {name: place for place, name in enumerate(names)}
    lacking = [one.name for one in table.columns if one.name not in places]
    needed = [one for one in lacking if not _column(table, one).null]
    if needed or set(names) - set(table.names):
        raise KeyError(*needed, *sorted(set(names) - set(table.names)))
    nothing = len(names)  # a None that stands behind each row
    pick = itemgetter(*(places.get(name, nothing) for name in table.names))
    return lambda rows: (pick((*row, None)) for row in rows)


def _column(table: Table, name: str) -> Column:
    return table.columns[table.position[name]]


def _with(row: Row, places: list[int], change: Callable[[Any], Any]) -> Row:
    if not places:
        return row
    cells = list(row)
    for place in places:
        if cells[place] is not None:
            cells[place] = change(cells[place])
    return tuple(cells)


def _text(value: bytes) -> str:
    return b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return b64decode(value, validate=True)
