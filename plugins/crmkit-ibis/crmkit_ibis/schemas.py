"""The columns of an exported log's tables, for one that has no files since it has no rows."""

from __future__ import annotations

from crmkit.contracts.tables import DECISION, INTEGER, REAL, TOUCHPOINT, VOID, Column

_INSTANTS = frozenset({"at", "recorded"})


def _type(column: Column) -> str:
    if column.type == INTEGER:
        return "timestamp('UTC')" if column.name in _INSTANTS else "int64"
    return "float64" if column.type == REAL else "string"


SCHEMAS: dict[str, dict[str, str]] = {
    "touchpoints": {column.name: _type(column) for column in TOUCHPOINT.columns},
    "decisions": {column.name: _type(column) for column in DECISION.columns},
    "voids": {column.name: _type(column) for column in VOID.columns},
    "customers": {"id": "string", "root": "string"},
}
"""By table."""
