"""What a source that is given as text means: the URL of a PostgreSQL database, or a folder.

A URL is read as crmkit's own store reads it, whatever driver it names. No error here shows one: it
may hold a password.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    from crmkit.contracts.postgres_url import read_url  # noqa: PLC0415 - slow

    try:
        return psycopg.connect(**read_url(text).options, autocommit=True)
    except psycopg.Error as error:
        message = f"the URL of the PostgreSQL database leads to no server: {str(error).strip()}"
        raise ConfigError(message, key="url") from None
