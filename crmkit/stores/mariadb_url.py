"""What the URL of a MariaDB says: where the server is, what is shown of that, how long to wait."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import attrs
import sqlalchemy as sa

from crmkit.contracts.urls import need, read, seconds
from crmkit.errors import ConfigError

WAIT = 30.0
"""Seconds to wait for other writers, and for a connection, where the URL says nothing."""
_LIKE = "mariadb://user:password@host:3306/shop"
DRIVER = "mysql+pymysql"
"""What SQLAlchemy takes for MariaDB and for MySQL, and finds out which it is."""
NAMES = ("mariadb", "mysql")
_PORT = 3306
_OPTIONS = (
    "connect_timeout",
    "read_default_file",
    "read_default_group",
    "read_timeout",
    "ssl_ca",
    "ssl_cert",
    "ssl_check_hostname",
    "ssl_key",
    "timeout",
    "unix_socket",
    "write_timeout",
)
"""What a URL may say beside the place."""
_DATABASE_LIMIT = 64
"""Most characters of a database's name, at any server."""


@attrs.frozen(kw_only=True)
class Place:
    """A database of MariaDB's or MySQL's, as a URL names it.

    Attributes:
        shown: The URL without password and options: all that is ever shown.
        options: All that the driver connects by, the password among it.
        timeout: Seconds to wait for other writers, and for a connection.
    """

    shown: sa.URL
    options: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    timeout: float = WAIT

    @property
    def wait(self) -> int:
        """`timeout` in whole seconds, at least one: the server waits for locks by these."""
        return max(1, math.ceil(self.timeout))

    def __str__(self) -> str:
        return unquote(self.shown.set(drivername="mariadb").render_as_string())


def read_url(text: str) -> Place:
    """Read the URL of a store, whatever driver it names.

    Raises:
        ConfigError: it is no URL of MariaDB's, or has an option that is not known; `key` is
            ``url``. No error shows the URL, nor do those behind it: it may hold a password.
    """
    need_driver()
    url = read(text, DRIVER, _LIKE, _wrong)
    if not url.database or len(url.database) > _DATABASE_LIMIT:
        raise _wrong(f"must name the database: write {_LIKE}")
    for name, value in url.query.items():
        if name not in _OPTIONS:
            raise _wrong(f"has an option {name!r}; there are {', '.join(_OPTIONS)}")
        if not isinstance(value, str):
            raise _wrong(f"has {name} twice")
    return Place(shown=_shown(url), options=_options(url), timeout=_seconds(url, "timeout"))


def need_driver() -> None:
    """Find out whether PyMySQL is there, before SQLAlchemy stumbles over it.

    Raises:
        ConfigError: it is not.
    """
    need("pymysql", "MariaDB and MySQL need PyMySQL: pip install 'crmkit[mariadb]'")


def of_engine(url: sa.URL) -> Place:
    """Give the place that a host's own engine connects to."""
    return Place(shown=_shown(url))


def _seconds(url: sa.URL, name: str) -> float:
    return seconds(url, name, WAIT)


def _options(url: sa.URL) -> dict[str, Any]:
    """Give what the driver connects by."""
    query: dict[str, Any] = {name: str(value) for name, value in url.query.items()}
    wait = _seconds(url, "connect_timeout" if "connect_timeout" in query else "timeout")
    options: dict[str, Any] = {
        "database": url.database,
        "charset": "utf8mb4",
        # The driver would take anything but bytes for Latin-1.
        "password": (url.password or "").encode(),
        "connect_timeout": max(1, math.ceil(wait)),
    }
    if url.username:
        options["user"] = url.username
    for name in ("read_timeout", "write_timeout"):
        if name in query:
            options[name] = max(1, math.ceil(_seconds(url, name)))
    for name in ("read_default_file", "read_default_group"):
        if name in query:
            options[name] = query[name]
    options |= _way(url, query) | _tls(query)
    if "unix_socket" in options and "ssl" not in options:
        options["ssl_disabled"] = True  # what does not leave the machine
    return options


def _way(url: sa.URL, query: Mapping[str, str]) -> dict[str, Any]:
    """Give host and port, or the socket on this machine."""
    host = unquote(url.host or "")
    socket = query.get("unix_socket") or (host if host.startswith("/") else "")
    if socket:
        return {"unix_socket": socket}
    found: dict[str, Any] = {"host": host} if host else {}
    return found | {"port": url.port or _PORT} if host else found


def _tls(query: Mapping[str, str]) -> dict[str, Any]:
    """Give the driver's settings of TLS, which the server must then offer.

    Raises:
        ConfigError: the server's name is to be checked, and nothing says by which authority.
    """
    ssl: dict[str, Any] = {
        name.removeprefix("ssl_"): query[name]
        for name in ("ssl_ca", "ssl_cert", "ssl_key")
        if name in query
    }
    if "ssl_check_hostname" in query:
        word = query["ssl_check_hostname"].lower()
        if word not in {"true", "false"}:
            raise _wrong("has an ssl_check_hostname that is neither true nor false")
        ssl["check_hostname"] = word == "true"
    if ssl.get("check_hostname") and not ssl.get("ca"):
        # The driver would check neither the certificate nor the name, and say nothing.
        raise _wrong("has an ssl_check_hostname without an ssl_ca to check by: add ssl_ca=FILE")
    return {"ssl": ssl} if ssl else {}


def _shown(url: sa.URL) -> sa.URL:
    """Leave out what may be secret: the password, and the options."""
    return sa.URL.create(
        DRIVER, username=url.username, host=url.host, port=url.port, database=url.database
    )


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"The URL of the MariaDB store {what}", key="url")
