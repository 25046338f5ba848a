"""What PostgreSQL's errors mean, and what to do about each.

The server tells what happened by a code; only where it refuses a connection the driver keeps
nothing but the words, and those are looked through in English.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from crmkit.contracts.postgres_url import Place
from crmkit.errors import SchemaError, StoreBusy, StoreError
from crmkit.stores.sql.schema import VERSION
from crmkit.stores.sql.server import all_in_use

FULL = "53300"
STARTING = "57P03"
_NO_TLS, _POOLER = "TLS", "pooler"  # where there is no code for what the words say
PASSING = frozenset({FULL, STARTING})
"""Why a server refuses a connection that it may take a moment later."""
_NO_SCHEMA = frozenset({"42P01", "42703"})  # no such table, no such column
_NOBODY_KNOWS = (
    "the connection was lost while this write was being committed, so it was kept whole or not at "
    "all: look before you repeat it (a capture can always be repeated)"
)
_LOST = "the connection was lost, and nothing of this write was kept: try again"
_ELSEWHERE = (
    "check that the server runs and is reached at this host and port, and the URL's user, password "
    "and database"
)
_RIGHTS = (
    "let this user work here: GRANT CREATE, USAGE ON SCHEMA ..., TEMPORARY ON DATABASE ..., and "
    "own the tables"
)
_BUSY = (
    ("55P03", "another writer, or a migration, held a lock for {} s: try again"),
    ("40", "other transactions were in the way, and this one was undone: try again"),
    (FULL, "the server has no connection left: try again, or raise its max_connections"),
    (STARTING, "the server is starting or stopping: try again"),
)
_ADVICE = (
    ("25006", "this is a read replica, or a read-only transaction: write to the primary server"),
    ("25P01", "the connection commits by itself (AUTOCOMMIT): begin a transaction on it"),
    (_NO_TLS, "check sslmode, sslrootcert and the like in the URL, and what the server offers"),
    (_POOLER, "take it out of the URL, and set it by ALTER ROLE ... SET: a pooler is between"),
    ("28", "check user and password in the URL, and the server's pg_hba.conf"),
    ("3D000", "make the database first: CREATE DATABASE ... ENCODING 'UTF8'"),
    ("3F000", "make the schema that search_path names, or name one that is there"),
    ("42501", _RIGHTS),
    ("53100", "free space on the server's disk; nothing of this write was kept"),
    ("53", "the server has run out of a resource, and nothing of this write was kept"),
    ("57014", "raise statement_timeout for this user, or do less at once; nothing was kept"),
    ("57P", _LOST),
    ("25P03", "raise idle_in_transaction_session_timeout for this user; nothing was kept"),
    ("25P04", "raise transaction_timeout for this user, or write less at once; nothing was kept"),
    ("08", _LOST),
    ("22", "the row holds a value that PostgreSQL cannot keep, such as a NUL in a text"),
    ("23", "the row breaks a rule of its table"),
)
"""What to do about an error, by how its SQLSTATE starts."""
_REFUSALS = (
    ("authentication failed|no password supplied", "28P01"),
    (r"pg_hba\.conf", "28000"),
    ("SSL was required|certificate|channel binding", _NO_TLS),
    ("unsupported startup parameter", _POOLER),
    ("role .* (does not exist|is not permitted to log in)", "28000"),
    ("database .* does not exist", "3D000"),
    ("permission denied for database", "42501"),
    ("too many (clients|connections)|connection slots|no more connections allowed", FULL),
    ("the database system is (starting up|shutting down|in recovery|not)", STARTING),
)
"""What a server says that takes no connection, and the code that it does not get across."""


def state_of(error: Exception) -> str:
    """Give the SQLSTATE of an error; empty where the server said nothing."""
    cause: Any = getattr(error, "orig", None) or error
    if state := getattr(cause, "sqlstate", None):
        return str(state)
    text = str(cause)
    return next((state for words, state in _REFUSALS if re.search(words, text)), "")


def translate(error: Exception, place: Place, *, committing: bool = False) -> StoreError:
    """Say in words what an error means; neither password nor values are told, here or behind.

    Args:
        error: What the driver raised, or what SQLAlchemy made of it.
        place: Where the database is.
        committing: Whether a transaction was being committed.
    """
    cause: Any = getattr(error, "orig", None) or error
    state, text = state_of(error), _told(cause)
    _hush(error, cause, text)
    if isinstance(error, sa.exc.TimeoutError):
        return all_in_use(error, place)
    is_lost = _is_lost(error, state)
    if committing and is_lost:
        return StoreError(f"{place}: {text}: {_NOBODY_KNOWS}")
    for start, words in _BUSY:
        if state.startswith(start):
            return StoreBusy(f"{place}: {text}: {words.format(f'{place.timeout:g}')}")
    if state in _NO_SCHEMA:
        message = f"{place} lacks crmkit's schema ({text}): run `crmkit migrate`"
        return SchemaError(message, found=None, expected=VERSION)
    advice = next((words for start, words in _ADVICE if state.startswith(start)), "")
    if not state and is_lost:
        advice = _LOST
    elif not state and isinstance(error, sa.exc.OperationalError):
        advice = _ELSEWHERE
    return StoreError(f"{place}: {text}{advice and f': {advice}'}")


def _is_lost(error: Exception, state: str) -> bool:
    """Tell whether the connection broke: SQLAlchemy says so, and the driver says no more then."""
    import psycopg  # noqa: PLC0415 - an extra

    if isinstance(error, sa.exc.DBAPIError):
        return error.connection_invalidated
    return isinstance(error, psycopg.OperationalError) and not state


def _told(cause: Any) -> str:
    """Give what happened, on one line and without the values of a row."""
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    text = (primary or str(cause)).strip().partition("\n")[0] or type(cause).__name__
    if (getattr(cause, "sqlstate", None) or "").startswith("22"):
        return re.sub(r'".*"|: .*', "", text)  # invalid input ...: "what the row held"
    return text


def _hush(error: Exception, cause: Any, text: str) -> None:
    """Take the row out of the errors behind ours, which a traceback shows: DETAIL holds it."""
    if isinstance(error, sa.exc.StatementError):
        error.hide_parameters = True
        error.args = (f"({type(cause).__name__}) {text}",)
    if getattr(cause, "diag", None) is not None:
        cause.args = (text,)
