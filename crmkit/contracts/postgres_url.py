"""What a PostgreSQL URL says: where the server is, what is shown of that, and how long to wait.

The store reads its URL by this, and so does whatever plugin connects to PostgreSQL itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from crmkit.contracts.urls import need, read, seconds
from crmkit.errors import ConfigError

WAIT = 30.0
"""Seconds to wait for other writers, and for a connection, where the URL says nothing."""
_LIKE = "postgresql://user:password@host:5432/shop"
DRIVER = "postgresql+psycopg"
_DEFAULTS = {
    # A server that vanished without a word is noticed in a minute, not in two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
# Whatever the URL says, or the server's own default: every script is written here.
_FIXED = {"client_encoding": "utf8"}


@attrs.frozen(kw_only=True)
class Place:
    """A PostgreSQL database, as a URL names it.

    Attributes:
        shown: The URL without password and options: all that is ever shown.
        options: All that the driver connects by, the password among it.
        timeout: Seconds to wait for other writers, and for a connection.
    """

    shown: sa.URL
    options: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    timeout: float = WAIT

    def __str__(self) -> str:
        return unquote(self.shown.set(drivername="postgresql").render_as_string())


def read_url(text: str) -> Place:
    """Read the URL of a store, whatever driver it names.

    Raises:
        ConfigError: it is no URL of PostgreSQL's, or has an option that is not known; `key` is
            ``url``. No error shows the URL, nor do those behind it: it may hold a password.
    """
    need_driver()
    url = read(text, DRIVER, _LIKE, _wrong)
    timeout = seconds(url, "timeout", WAIT)
    url = url.difference_update_query(["timeout"])
    if url.host and unquote(url.host).startswith("/"):  # a socket's folder, as libpq spells it
        url = url.set(host=None).update_query_dict({"host": unquote(url.host)})
    options = _options(url)
    # libpq takes whole seconds, and takes 1 for 2.
    options.setdefault("connect_timeout", str(max(2, math.ceil(timeout))))
    return Place(shown=_shown(url), options=_DEFAULTS | options | _FIXED, timeout=timeout)


def need_driver() -> None:
    """Find out whether psycopg is there, before SQLAlchemy stumbles over it.

    Raises:
        ConfigError: it is not.
    """
    need("psycopg", "PostgreSQL needs psycopg: pip install 'crmkit[postgres]'")


def of_engine(url: sa.URL) -> Place:
    """Give the place that a host's own engine connects to."""
    return Place(shown=_shown(url))


def _options(url: sa.URL) -> dict[str, Any]:
    """Give what the driver connects by, checked: settings of its own are no options of a URL."""
    import psycopg  # noqa: PLC0415 - an extra

    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    try:
        options: dict[str, Any] = dialect.create_connect_args(url)[1]  # type: ignore[no-untyped-call]
    except (sa.exc.ArgumentError, ValueError):
        raise _wrong("must name one port for each host, as ?host=a:5432&host=b:5432") from None
    try:
        psycopg.conninfo.make_conninfo(**dict.fromkeys(options, ""))
    except psycopg.ProgrammingError as error:
        raise _wrong(f"has an {str(error).strip()}") from None
    seconds(url, "connect_timeout", WAIT)
    return options


def _shown(url: sa.URL) -> sa.URL:
    """Leave out what may be secret: passwords, and the options, several of which are secrets."""
    place = {name: url.query[name] for name in ("host", "service") if name in url.query}
    return sa.URL.create(
        DRIVER,
        username=url.username,
        host=url.host,
        port=url.port,
        database=url.database,
        query=place,
    )


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"The URL of the PostgreSQL store {what}", key="url")
