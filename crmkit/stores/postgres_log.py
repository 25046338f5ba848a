"""The touchpoints in PostgreSQL: partitions by year, and the keys in a table beside them.

Old years are then vacuumed, backed up and moved away by themselves. A table in partitions cannot
keep a key unique that does not name the year, so that every (source, id, rev) stands once more in
a table of its own, whose primary key makes a second append of one record fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from operator import itemgetter

import sqlalchemy as sa

from crmkit.clock import DAY, EPOCH, instant
from crmkit.contracts.store import Row
from crmkit.contracts.tables import TOUCHPOINT, Table
from crmkit.stores.sql.schema import PREFIX

LOG = f"{PREFIX}{TOUCHPOINT.name}"
KEYS = f"{LOG}_once"
BY_YEAR = "RANGE (at)"
_WHOLE_KEY = ("workspace", *TOUCHPOINT.key)
_AT = TOUCHPOINT.position["at"]
_PLACES = [TOUCHPOINT.position[name] for name in TOUCHPOINT.key]
KEY_COLUMNS = tuple(TOUCHPOINT.columns[place] for place in _PLACES)
"""Columns of what `keys_of` gives."""
_FIRST, _LAST = 1899, 9999  # stand for everything before 1900, and from 9999 on
_MAKING = 0x63726D6B6975  # an advisory lock: whoever makes partitions


def is_log(table: Table) -> bool:
    """Tell whether a table is the one that lies in partitions."""
    return table is TOUCHPOINT


def keys_table(log: sa.Table) -> None:
    """Describe the table of keys beside the log's."""
    columns = (sa.Column(name, log.c[name].type, nullable=False) for name in _WHOLE_KEY)
    sa.Table(KEYS, log.metadata, *columns, sa.PrimaryKeyConstraint(*_WHOLE_KEY))


def keys_of(rows: Iterable[Row]) -> list[Row]:
    """Give the key of each row."""
    return list(map(itemgetter(*_PLACES), rows))


def make_partitions(connection: sa.Connection, rows: Iterable[Row]) -> None:
    """Make the years of these rows that have no partition yet.

    A partition is made beside the log and attached then: readers and writers go on meanwhile.
    """
    years = {_year(day) for day in {row[_AT] // DAY for row in rows}}
    if years <= _made(connection):
        return
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MAKING})")
    for year in sorted(years - _made(connection)):
        name = f"{LOG}_{year}"
        connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {LOG} INCLUDING DEFAULTS)")
        span = f"FROM ({_start(year)}) TO ({_start(year + 1)})"
        attach = f"ALTER TABLE {LOG} ATTACH PARTITION {name} FOR VALUES {span}"
        connection.exec_driver_sql(attach)


def _year(day: int) -> int:
    if day * DAY < _start_of(_FIRST + 1):
        return _FIRST
    return _LAST if day * DAY >= _start_of(_LAST) else instant(day * DAY).year


def _start(year: int) -> int | str:
    """Give where a partition starts, as it stands in its bounds."""
    if year <= _FIRST:
        return "MINVALUE"
    return "MAXVALUE" if year > _LAST else _start_of(year)


def _start_of(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def _made(connection: sa.Connection) -> set[int]:
    """Give the years that have a partition."""
    select = (
        "SELECT relname FROM pg_inherits JOIN pg_class "  # noqa: S608 - our own name
        f"ON pg_class.oid = inhrelid WHERE inhparent = '{LOG}'::regclass"
    )
    names = connection.exec_driver_sql(select).scalars()
    return {int(str(name).rpartition("_")[2]) for name in names}


def with_keys(delete: str) -> str:
    """Make of a text that deletes rows of the log one that deletes their keys too."""
    same = " AND ".join(f"once.{name} = gone.{name}" for name in _WHOLE_KEY)
    return (
        f"WITH gone AS ({delete} RETURNING {', '.join(_WHOLE_KEY)}) "  # noqa: S608 - our own names
        f"DELETE FROM {KEYS} AS once USING gone WHERE {same}"
    )
