"""What a SQLite URL says: which file, opened how, and how long to wait for others."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs
import sqlalchemy as sa

from crmkit.contracts.urls import seconds
from crmkit.errors import ConfigError

WAIT = 30.0
"""Seconds to wait for other writers, where the URL says nothing."""
_MEMORY = frozenset({None, "", ":memory:"})
_MODES = ("ro", "rw", "rwc")
_OPTIONS = "mode=ro (read only), mode=rw (a file that is there) and timeout=SECONDS"


@attrs.frozen(kw_only=True)
class Place:
    """A SQLite database, as a URL names it.

    Attributes:
        url: What SQLAlchemy connects to.
        path: The file; None: in memory.
        timeout: Seconds to wait for other writers.
        read_only: Whether nothing can be written by this URL.
        makes: Whether the file is made where there is none.
        is_uri: Whether the URL carries one of SQLite's own, which may mean other files.
        hosted: Whether a host's own engine connects, which waits for others as it pleases.
    """

    url: sa.URL
    path: Path | None
    timeout: float = WAIT
    read_only: bool = False
    makes: bool = True
    is_uri: bool = False
    hosted: bool = False

    def __str__(self) -> str:
        return str(self.url.database or "") if self.path is None else str(self.path)


def read_url(text: str) -> Place:
    """Read the URL of a store.

    Raises:
        ConfigError: it is no URL of SQLite's, or has an option that is not known; `key` is ``url``.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise _wrong("cannot be read: write it as sqlite:///shop.db") from error
    if url.host or url.port or url.username or url.password:
        raise _wrong("names a host: write three slashes before a path, and four before /")
    if url.query.get("uri", "") in ("true", "1", "yes", "on"):
        return _native(url)
    timeout, mode = seconds(url, "timeout", WAIT), _mode(url)
    options = set(url.query) - {"timeout", "mode"}
    if options and url.get_driver_name() == "pysqlite":
        raise _wrong(f"has the unknown option {min(options)!r}; there are {_OPTIONS}")
    url = url.difference_update_query(["timeout", "mode"])
    if url.database in _MEMORY:
        if mode != "rwc":
            raise _wrong(f"asks for mode={mode} of a database in memory, which is always new")
        return Place(url=url, path=None, timeout=timeout)
    path = Path(str(url.database))
    if mode != "rwc":
        native = {"uri": "true", "mode": mode}
        url = url.set(database=path.absolute().as_uri()).update_query_dict(native)
    return Place(url=url, path=path, timeout=timeout, read_only=mode == "ro", makes=mode == "rwc")


def of_engine(url: sa.URL) -> Place:
    """Give the place that a host's own engine connects to."""
    if str(url.database).startswith("file:"):
        return attrs.evolve(_native(url), hosted=True)
    path = None if url.database in _MEMORY else Path(str(url.database))
    return Place(url=url, path=path, hosted=True)


def _native(url: sa.URL) -> Place:
    """Take a URI of SQLite's own as it is, with all its options."""
    parts = urlsplit(str(url.database))
    path = unquote(parts.path)
    mode = url.query.get("mode", "rwc")
    in_memory = mode == "memory" or path in _MEMORY
    return Place(
        url=url,
        path=None if in_memory else Path(path),
        timeout=seconds(url, "timeout", WAIT),
        read_only=mode == "ro" or url.query.get("immutable", "0") not in ("0", "false", "no"),
        makes=mode == "rwc",
        is_uri=True,
    )


def _mode(url: sa.URL) -> str:
    mode = url.query.get("mode", "rwc")
    if mode not in _MODES:
        raise _wrong(f"has mode={mode!r}: it must be one of {', '.join(_MODES)}")
    return str(mode)


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"The URL of the SQLite store {what}", key="url")
