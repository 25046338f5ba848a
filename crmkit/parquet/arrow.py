"""Rows of the tables as columns of Arrow's, and Arrow itself where it is installed.

Instants are ``timestamp[us, UTC]``. Decimals are their exact decimal text, since one may have a
hundred digits, which no decimal column holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from crmkit.contracts.store import Row
from crmkit.contracts.tables import INTEGER, REAL, Column, Table
from crmkit.errors import ConfigError
from crmkit.paging import pages

BATCH = 16_384
"""Rows that are turned into columns together."""
_INSTANTS = frozenset({"at", "recorded"})


def arrow(module: str = "") -> Any:
    """Give pyarrow, or a module of it such as ``parquet``.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ImportError as error:
        message = "files of Parquet need pyarrow: pip install 'crmkit[parquet]'"
        raise ConfigError(message, key="parquet") from error


def schema(table: Table, names: Iterable[str] | None = None) -> Any:
    """Give the Arrow schema of a table, or of some of its columns."""
    pa = arrow()
    wanted = table.names if names is None else tuple(names)
    columns = (table.columns[table.position[name]] for name in wanted)
    return pa.schema([pa.field(one.name, _type(one), nullable=one.null) for one in columns])


def batches(rows: Iterable[Row], form: Any) -> Iterator[Any]:
    """Give rows as tables of Arrow's, `BATCH` rows each but for the last.

    Args:
        rows: With values for the columns of `form`, in their order.
        form: An Arrow schema.
    """
    pa = arrow()
    for batch in pages(rows, BATCH):
        columns = zip(zip(*batch, strict=True), form.types, strict=True)
        yield pa.Table.from_arrays([_array(pa, *one) for one in columns], schema=form)


def _array(pa: Any, values: tuple[Any, ...], kind: Any) -> Any:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _type(column: Column) -> Any:
    pa = arrow()
    if column.type == INTEGER:
        return pa.timestamp("us", tz="UTC") if column.name in _INSTANTS else pa.int64()
    return pa.float64() if column.type == REAL else pa.string()
