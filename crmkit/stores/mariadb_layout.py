"""How the tables lie in MariaDB: types that keep every value, and keys made with their table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ColumnCollectionConstraint

from crmkit.arguments import ID_LIMIT
from crmkit.contracts.tables import BLOB, DECIMAL, INTEGER, REAL, TEXT, Column, Table
from crmkit.stores.sql.schema import PREFIX

CHARSET = "utf8mb4"
EXACT, EXACT_MYSQL = "utf8mb4_nopad_bin", "utf8mb4_0900_bin"
"""Collations that compare code points and take no blank for nothing: MariaDB's, and MySQL's."""
_NAMES = ("mysql", "mariadb")
"""What SQLAlchemy calls its dialect, whichever server it finds there."""
_WIDTHS = {
    # An index holds 3,072 bytes, four a character: where several texts make a key, or one is
    # longer than an id, each has what it needs.
    "identity.value": 320,
    "message.purpose": 100,
    "message.provider": 500,
    "meta.name": 700,
    "pair.connector": 100,
    "pair.object": 100,
    "pair.theirs": 400,
    "sync_case.connector": 100,
    "sync_case.object": 100,
    "sync_case.what": 50,
    "sync_case.key": 300,
}
"""Characters of columns in keys and indexes, where they are not those of an id."""
OPTIONS: Mapping[str, Any] = {
    f"{name}_{option}": value
    for name in _NAMES
    for option, value in (("engine", "InnoDB"), ("row_format", "DYNAMIC"), ("charset", CHARSET))
}
"""Of every table, whatever the server makes of one that says nothing: MyISAM undoes nothing."""


class _Exact(mysql.VARCHAR):
    """A text that is in a key, compared by its code points."""


class _Long(mysql.LONGTEXT):
    """A text of any length, compared by its code points."""


@compiles(_Exact, *_NAMES)
def _exact(kind: _Exact, compiler: Any, **_: Any) -> str:
    return f"VARCHAR({kind.length}){_collated(compiler)}"


@compiles(_Long, *_NAMES)
def _long(_: _Long, compiler: Any, **__: Any) -> str:
    return f"LONGTEXT{_collated(compiler)}"


def _collated(compiler: Any) -> str:
    return f" CHARACTER SET {CHARSET} COLLATE {collation(compiler.dialect)}"


def collation(dialect: Any) -> str:
    """Give the collation of our texts at the server that an initialised `dialect` has found."""
    return EXACT if dialect.is_mariadb else EXACT_MYSQL


class _Key(ColumnCollectionConstraint):
    """An index within CREATE TABLE: no table is ever there without its indexes."""


@compiles(_Key, *_NAMES)
def _key(key: _Key, compiler: Any, **_: Any) -> str:
    names = ", ".join(compiler.preparer.quote(column.name) for column in key.columns)
    return f"KEY {compiler.preparer.quote(str(key.name))} ({names})"


def type_of(column: Column) -> sa.types.TypeEngine[Any]:
    """Give the type of a column; a text's is that of one in a key."""
    types: dict[str, sa.types.TypeEngine[Any]] = {
        TEXT: _Exact(ID_LIMIT),
        INTEGER: sa.BigInteger(),
        REAL: mysql.DOUBLE(),
        DECIMAL: _Long(),
        BLOB: mysql.LONGBLOB(),
    }
    return types[column.type]


def lay_out(table: Table, metadata: sa.MetaData) -> sa.Table:
    """Describe a table: rows lie in the order of a log's number, or of the key.

    InnoDB ends each index with what the rows are ordered by, so that the order of an index is the
    whole order of a scan; a log's, whose key is another, says so itself.
    """
    looked_by = {name for order in table.indexed for name in order}
    columns = []
    for column in table.columns:
        kind = type_of(column)
        if column.type == TEXT:
            width = _WIDTHS.get(f"{table.name}.{column.name}", ID_LIMIT)
            kind = _Exact(width) if column.name in looked_by else _Long()
        columns.append(sa.Column(column.name, kind, nullable=column.null))
    by_number = table.log and table.key != ("seq",)
    indexes: list[sa.Constraint] = []
    if by_number:
        indexes.append(sa.UniqueConstraint("workspace", *table.key, name="key"))
    for by in (*table.indexes, *(one.by for one in table.sparse)):  # whole: there are no others
        rest = tuple(name for name in table.key if name not in by) if by_number else ()
        names = ("workspace", *by, *rest)
        indexes.append(_Key(*names, name=index_name(by)))
    return sa.Table(
        f"{PREFIX}{table.name}",
        metadata,
        sa.Column("workspace", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        sa.PrimaryKeyConstraint("workspace", *(("seq",) if table.log else table.key)),
        *indexes,
        **OPTIONS,
    )


def index_name(by: tuple[str, ...]) -> str:
    """Name the index that is read by these columns."""
    return "_".join(("by", *by))


def index_of(table: Table, by: tuple[str, ...]) -> str:
    """Name the index that a table is looked into by, where these are leading columns."""
    order = next(order for order in table.indexed if order[: len(by)] == by)
    if order == (("seq",) if table.log else table.key):
        return "PRIMARY"
    return "key" if order == table.key else index_name(order)
