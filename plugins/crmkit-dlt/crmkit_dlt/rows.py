"""Rows as dlt hands them over, and what dlt's schema says of their table.

dlt moves a value that does not fit its column's type into a column beside it, ``when▶v_text``;
here it comes back to where it stood, so that a mapping can read it or name what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

_VARIANT = re.compile(r"(.+)(?:▶|__)v_\w+")
_UPSERTS = frozenset({"merge", "replace"})


@attrs.frozen
class Shape:
    """What the schema says of one table.

    Attributes:
        name: The table's name.
        upserts: Whether a row that comes again with other content replaces what it said before.
        utc: Columns whose instants dlt has turned into UTC, taking those without an offset for it.
        columns: All columns, by the names that the source gave them.
    """

    name: str
    upserts: bool
    utc: frozenset[str]
    columns: frozenset[str]
    _variants: Mapping[str, str]
    _deleted: Mapping[str, bool]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Shape:
        """Read dlt's table schema."""
        columns: Mapping[str, Mapping[str, Any]] = table.get("columns", {})
        found = {name: _VARIANT.fullmatch(name) for name, c in columns.items() if c.get("variant")}
        variants = {name: match[1] for name, match in found.items() if match}
        upserts = table.get("write_disposition") in _UPSERTS
        return cls(
            str(table["name"]),
            upserts,
            frozenset(
                name
                for name, column in columns.items()
                if column.get("data_type") == "timestamp" and column.get("timezone") is not False
            ),
            frozenset(columns) - frozenset(variants),
            variants,
            {
                name: column.get("data_type") == "bool"
                for name, column in columns.items()
                if upserts and column.get("hard_delete")
            },
        )

    def row(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Give a row as the source gave it."""
        row = dict(item)
        for name, base in self._variants.items():
            if (value := row.pop(name, None)) is not None:
                row[base] = value
        return row

    def is_deleted(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the source deleted a row: a flag that is true, or another hint not null."""
        return any(
            row.get(name) is True if is_flag else row.get(name) is not None
            for name, is_flag in self._deleted.items()
        )
