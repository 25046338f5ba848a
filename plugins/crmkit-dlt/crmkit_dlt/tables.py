"""What the tables of a source mean: touchpoints, customers, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import attrs

from crmkit import ConfigError, CrmkitError

ColumnMapping = Path | str | Mapping[str, Any] | None
"""A mapping as ``crmkit import --map`` reads it: a TOML file, or the same as a dict."""
ON_DELETE = ("keep", "erase")


@attrs.frozen
class Touchpoints:
    """Rows of this table are touchpoints.

    Attributes:
        mapping: Which column is what; None: columns are named like a touchpoint's fields.
        source: Source of the records; None: the one that the mapping names, or else the table's
            name. The source and a row's id are what tells a row that comes again.
    """

    mapping: ColumnMapping = None
    source: str | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class Customers:
    """Rows of this table are customers.

    Attributes:
        mapping: Which column is what; None: columns are named like a customer's fields.
        on_delete: What a row that was deleted means: ``keep`` the customer, or ``erase`` him with
            everything that is known of him, which cannot be undone.
    """

    mapping: ColumnMapping = None
    on_delete: str = attrs.field(default="keep", kw_only=True)

    @on_delete.validator
    def _check(self, _attribute: object, value: object) -> None:
        if value not in ON_DELETE:
            message = f"on_delete must be {' or '.join(ON_DELETE)}, got {value!r}"
            raise ConfigError(message, key="on_delete")


@attrs.frozen
class Ignored:
    """Rows of this table are passed over."""


Table = Touchpoints | Customers | Ignored


class UnmappedTableError(CrmkitError):
    """A source brings tables of which nobody said what they are; nothing was written.

    Attributes:
        tables: Their names.
    """

    def __init__(self, tables: Collection[str], known: Collection[str]) -> None:
        """Name them, and what to do."""
        names = ", ".join(map(repr, sorted(tables)))
        first = min(tables)
        super().__init__(
            f"tables={{...}} does not say what {names} {'is' if len(tables) == 1 else 'are'}; it "
            f"knows {', '.join(map(repr, sorted(known))) or 'none'}. Add "
            f"{first!r}: Touchpoints(...), Customers(...) or Ignored()"
        )
        self.tables = tuple(sorted(tables))


def checked(tables: object) -> dict[str, Table]:
    """Take what a caller says of his tables.

    Raises:
        ConfigError: it is no mapping of names to `Touchpoints`, `Customers` or `Ignored`.
    """
    if not isinstance(tables, Mapping) or not tables:
        message = f"tables must say what each table is, such as {{'orders': ...}}, got {tables!r}"
        raise ConfigError(message, key="tables")
    for name, table in tables.items():
        if not isinstance(name, str) or not isinstance(table, Table):
            message = f"tables: {name!r} must be Touchpoints, Customers or Ignored, got {table!r}"
            raise ConfigError(message, key="tables")
    return dict(tables)
