"""What a source that is given as text means: the URL of a PostgreSQL database, or a folder.

A URL is read as crmkit's own store reads it, whatever driver it names. No error here shows one: it
may hold a password.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import sqlalchemy as sa

from crmkit import ConfigError
from crmkit.contracts.parquet import Manifest, open_log

if TYPE_CHECKING:
    import psycopg

_SCHEMES = ("postgresql", "postgres")
_URL = re.compile(r"[A-Za-z][\w+.-]+:/")
"""How a URL begins; of two slashes one is left where it was taken for a path. ``C:/`` is none."""


def is_postgresql(text: str) -> bool:
    """Tell whether a text is the URL of a PostgreSQL database, whatever driver it names."""
    name, found, _ = text.partition("://")
    return bool(found) and name.partition("+")[0].lower() in _SCHEMES


def open_folder(text: str) -> Manifest:
    """Open the folder of an exported log.

    Raises:
        ConfigError: it is a URL; `key` is ``log``.
        ExportError: the folder holds no finished export.
    """
    if _URL.match(text):
        message = (
            "a URL is no folder: give the folder of an exported log, or a PostgreSQL database as "
            "the text postgresql://user:password@host/shop"
        )
        raise ConfigError(message, key="log")
    return open_log(Path(text))


def open_database(text: str) -> psycopg.Connection[Any]:
    """Connect to the PostgreSQL database that a URL names.

    Raises:
        ConfigError: it cannot be read, has an option that is not known, or the server cannot be
            reached by it; `key` is ``url``.
        ImportError: psycopg is not installed.
    """
    import psycopg  # noqa: PLC0415 - an extra

    options = _options(text)
    try:
        psycopg.conninfo.make_conninfo(**dict.fromkeys(options, ""))
    except psycopg.ProgrammingError as error:
        raise _wrong(f"has an {str(error).strip()}") from None
    try:
        return psycopg.connect(**options, autocommit=True)
    except psycopg.Error as error:
        raise _wrong(f"leads to no server: {str(error).strip()}") from None


def _options(text: str) -> dict[str, Any]:
    """Give what the driver connects by."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 - slow

    try:
        url = sa.make_url(text).set(drivername="postgresql+psycopg")
    except (sa.exc.ArgumentError, ValueError):
        raise _wrong("cannot be read: write postgresql://user:password@host/shop") from None
    if url.username is not None and "@" in text.partition("@")[2].partition("?")[0]:
        raise _wrong("has more than one @: write one inside a password as %40, a / as %2F")
    wait = url.query.get("timeout")
    url = url.difference_update_query(["timeout"])
    if url.host and unquote(url.host).startswith("/"):  # a socket's folder, as libpq spells it
        url = url.set(host=None).update_query_dict({"host": unquote(url.host)})
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    options: dict[str, Any] = dialect.create_connect_args(url)[1]  # type: ignore[no-untyped-call]
    if wait is not None:  # crmkit's own; libpq takes whole seconds, and takes 1 for 2
        options.setdefault("connect_timeout", str(max(2, math.ceil(_seconds(wait)))))
    return {"client_encoding": "utf8"} | options


def _seconds(text: str | tuple[str, ...]) -> float:
    try:
        found = float(text) if isinstance(text, str) else math.nan  # given twice, it is a tuple
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise _wrong("needs a number of seconds as timeout, 0 or more")
    return found


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"the URL of the PostgreSQL database {what}", key="url")
