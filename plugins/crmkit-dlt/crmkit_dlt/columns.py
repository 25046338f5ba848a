"""Mappings made ready: records of rows, and the little that a deleted row must say."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from crmkit import MappingError, map_customers, map_touchpoints
from crmkit_dlt.report import LOG
from crmkit_dlt.rows import Shape
from crmkit_dlt.tables import ColumnMapping, Customers, Touchpoints

Make = Callable[[dict[str, Any]], Any]
"""Makes a record of a row, a `Rejection`, or None where the mapping leaves it out."""


@attrs.frozen
class Reader:
    """How the rows of one table are read.

    Attributes:
        make: Makes the record or customer.
        who: Makes as much of it as identifies it, which is all that a deleted row may hold.
        source: Source that the mapping names.
        columns: Columns that the mapping asks for; empty: any.
        local: Columns whose instants have no offset: the mapping names their zone.
    """

    make: Make
    who: Make
    source: str | None
    columns: frozenset[str]
    local: frozenset[str]

    def check(self, shape: Shape, *, strict: bool) -> None:
        """Hold the mapping against the table.

        Raises:
            MappingError: local times were lost; or, where `strict`, a column is not there.
        """
        lost = sorted(self.local & shape.utc)
        if lost:
            raise MappingError(
                f"table {shape.name!r}: dlt took {lost[0]!r} for UTC, so the mapping's `timezone` "
                "comes too late. Where the source's times have no offset, let them come as they "
                f'are written: columns={{{lost[0]!r}: {{"data_type": "text"}}}} on the resource '
                '(for datetimes {"data_type": "timestamp", "timezone": False}). Where they have '
                "one, leave `timezone` out of the mapping",
                field=lost[0],
            )
        missing = sorted(
            name
            for name in self.columns
            if name not in shape.columns and name.partition(".")[0] not in shape.columns
        )
        if missing:
            known = ", ".join(sorted(n for n in shape.columns if not n.startswith("_dlt_")))
            said = f"table {shape.name!r} has no column {missing[0]!r}; it has {known}"
            if strict:
                raise MappingError(said, field=missing[0])
            LOG.warning("%s (so far: a source leaves out what it never had)", said)


def touchpoint_reader(table: Touchpoints) -> Reader:
    """Make the mapping of touchpoints ready.

    Raises:
        MappingError: it makes no sense.
    """
    mapped = map_touchpoints(_given(table.mapping))
    fields = _plain(table.mapping).get("fields")
    if fields is None:
        return Reader(mapped, lambda row: row, mapped.source, mapped.columns, mapped.local)
    key = {name: fields[name] for name in ("id", "source") if name in fields}
    who = map_touchpoints({"fields": key}) if key else mapped
    return Reader(mapped, who, mapped.source, mapped.columns, mapped.local)


def customer_reader(table: Customers) -> Reader:
    """Make the mapping of customers ready.

    Raises:
        MappingError: it makes no sense.
    """
    mapped = map_customers(_given(table.mapping))
    plain = _plain(table.mapping)
    if not {"fields", "identities"} & plain.keys():
        return Reader(mapped, mapped, mapped.source, mapped.columns, mapped.local)
    number = {name: one for name, one in plain.get("fields", {}).items() if name == "number"}
    who = map_customers({"fields": number, "identities": plain.get("identities", {})})
    return Reader(mapped, who, mapped.source, mapped.columns, mapped.local)


def _given(mapping: ColumnMapping) -> Path | str | dict[str, Any] | None:
    return mapping if mapping is None or isinstance(mapping, (Path, str)) else dict(mapping)


def _plain(mapping: ColumnMapping) -> dict[str, Any]:
    """Give the tables of a mapping that was read already, so that it can be read."""
    if isinstance(mapping, (Path, str)):
        return tomllib.loads(Path(mapping).read_text("utf-8-sig"))
    return dict(mapping or {})
