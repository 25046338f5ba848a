"""What MariaDB's and MySQL's errors mean, by their numbers, and what to do about each."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from crmkit.errors import SchemaError, StoreBusy, StoreError
from crmkit.stores.mariadb_url import Place
from crmkit.stores.sql.schema import VERSION
from crmkit.stores.sql.server import all_in_use

DUPLICATE = 1062
_FULL, _FULL_FOR_USER, _LIMIT = 1040, 1203, 1226
_NO_SCHEMA = frozenset({1146, 1054, 1176})  # no such table, no such column, no such index
_LOST_NUMBERS = frozenset({
    1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2014, 2045, 2055, 4031
})  # fmt: skip
_NOBODY_KNOWS = (
    "the connection was lost while this write was being committed, so it was kept whole or not at "
    "all: look before you repeat it (a capture can always be repeated)"
)
_LOST = "the connection was lost, and nothing of this write was kept: try again"
_FULL_DISK = "free space on the server's disk; nothing of this write was kept"
_RIGHTS = (
    "let this user work here: GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP ON "
    "the database"
)
_COME_IN = "check user and password in the URL, and from which hosts the user may come"
_READ_ONLY = "this is a replica, or a server set to read only: write to the primary server"
_TOO_LARGE = "raise the server's max_allowed_packet; nothing of this write was kept"
_NOT_INNODB = "let the server start with InnoDB, which crmkit's tables are kept in"
_WRONG_VALUE = "the row holds a value that its column cannot keep"
_RULE = "the row breaks a rule of its table"
_BUSY = {
    _FULL: "the server has no connection left: try again, or raise its max_connections",
    _FULL_FOR_USER: "this user has no connection left: try again, or raise max_user_connections",
    1205: "another writer, or a migration, held a lock for too long: try again",
    1213: "other transactions were in the way, and this one was undone: try again",
    1020: "another transaction changed the same rows, and this one was undone: try again",
    1305: "other transactions were in the way, and the host's whole one was undone: begin it again",
}
_ADVICE = {
    1021: _FULL_DISK, 1026: _FULL_DISK, 1114: _FULL_DISK, 3: _FULL_DISK,
    1034: _FULL_DISK, 1878: _FULL_DISK, 1598: _FULL_DISK,
    1044: _RIGHTS, 1142: _RIGHTS, 1143: _RIGHTS, 1227: _RIGHTS, 1370: _RIGHTS,
    1045: _COME_IN, 1130: _COME_IN, 1698: _COME_IN, 4151: _COME_IN, 1820: _COME_IN,
    1129: "let the server forget this host's failures: FLUSH HOSTS",
    _LIMIT: "the server's limit for this user is reached: raise it",
    1049: "make the database first: CREATE DATABASE ... CHARACTER SET utf8mb4",
    1036: _READ_ONLY, 1290: _READ_ONLY, 1792: _READ_ONLY, 1836: _READ_ONLY,
    1153: _TOO_LARGE, 1301: _TOO_LARGE,
    1071: "crmkit's keys need innodb_page_size=16k, as the server comes",
    1286: _NOT_INNODB, 1289: _NOT_INNODB,
    1253: "connect with charset=utf8mb4", 1267: "connect with charset=utf8mb4",
    1317: "the statement was ended from without; nothing was kept",
    1969: "raise max_statement_time for this user, or do less at once; nothing was kept",
    3024: "raise max_execution_time for this user, or do less at once; nothing was kept",
    1665: "set binlog_format to MIXED or ROW, as the server comes",
    1048: _RULE, 1062: _RULE, 1364: _RULE, 1452: _RULE, 4025: _RULE,
    1264: _WRONG_VALUE, 1265: _WRONG_VALUE, 1292: _WRONG_VALUE, 1366: _WRONG_VALUE,
    1406: _WRONG_VALUE, 1300: _WRONG_VALUE, 1367: _WRONG_VALUE,
}  # fmt: skip
"""What to do about an error, by its number."""
_WITH_VALUES = frozenset({1062, 1265, 1292, 1300, 1366, 1367, 1064, 1452, 4025})
"""Errors whose words repeat what a row held."""
_NO_TLS = "check ssl_ca, ssl_cert and ssl_key in the URL, and what the server offers"
_ELSEWHERE = (
    "check that the server runs and is reached at this host and port, and the URL's user, password "
    "and database"
)


def number_of(error: Exception) -> int:
    """Give the number of an error; 0 where it has none."""
    cause: Any = getattr(error, "orig", None) or error
    first = cause.args[0] if cause.args else 0
    if not isinstance(first, int) or isinstance(cause, OSError):
        return 0
    if first == _LIMIT and "max_user_connections" in str(cause):
        return _FULL_FOR_USER
    return first


def is_passing(error: Exception) -> bool:
    """Tell whether a server that refused a connection may take it a moment later."""
    return number_of(error) in {_FULL, _FULL_FOR_USER}


def translate(error: Exception, place: Place, *, committing: bool = False) -> StoreError:
    """Say in words what an error means; neither password nor values are told, here or behind.

    Args:
        error: What the driver raised, or what SQLAlchemy made of it.
        place: Where the database is.
        committing: Whether a transaction was being committed.
    """
    cause: Any = getattr(error, "orig", None) or error
    number, text = number_of(error), _told(cause)
    _hush(error, cause, text)
    if isinstance(error, sa.exc.TimeoutError):
        return all_in_use(error, place)
    is_lost = number in _LOST_NUMBERS or getattr(error, "connection_invalidated", False)
    if is_lost:
        return StoreError(f"{place}: {text}: {_NOBODY_KNOWS if committing else _LOST}")
    if number in _BUSY:
        return StoreBusy(f"{place}: {text}: {_BUSY[number]}")
    if number in _NO_SCHEMA:
        message = f"{place} lacks crmkit's schema ({text}): run `crmkit migrate`"
        return SchemaError(message, found=None, expected=VERSION)
    advice = _NO_TLS if isinstance(cause, OSError) else _ADVICE.get(number, "")
    if not advice and isinstance(error, sa.exc.OperationalError):
        advice = _ELSEWHERE
    return StoreError(f"{place}: {text}{advice and f': {advice}'}")


def _told(cause: Any) -> str:
    """Give what happened, on one line and without the values of a row."""
    words = cause.args[1] if len(cause.args) > 1 else cause
    text = str(words).strip().partition("\n")[0] or type(cause).__name__
    if number_of(cause) in _WITH_VALUES:
        text = re.sub(r"(?s)'.*' for |: .*|near .*", "", str(words)).strip()
        return text.partition("\n")[0]
    return text


def _hush(error: Exception, cause: Any, text: str) -> None:
    """Take the row out of the errors behind ours, which a traceback shows."""
    if isinstance(error, sa.exc.StatementError):
        error.hide_parameters = True
        error.args = (f"({type(cause).__name__}) {text}",)
        error.statement = None  # rows stand in the text itself
    if number_of(cause) in _WITH_VALUES:
        cause.args = (number_of(cause), text)
