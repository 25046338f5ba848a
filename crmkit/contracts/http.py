"""One careful HTTP call: no redirects, no private addresses, and no doubt about what became of it.

What a channel needs to know of a call that failed is whether the provider may have taken it. Before
the connection stood he surely has not (`NotSent`); after that nobody knows (`Unclear`).
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from threading import local
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import attrs

from crmkit.clock import Clock, system_clock
from crmkit.contracts.signatures import header
from crmkit.contracts.wire import read_json, write_json
from crmkit.errors import CrmkitError

if TYPE_CHECKING:
    import requests

TIMEOUT = 30.0
"""Seconds to wait for a connection, and again for an answer."""
LONGEST = 8 * 1024 * 1024
"""Bytes of an answer that are read, unless somebody wants more."""
_ADDRESSES = 64
"""Addresses that are kept as they are spelt: whoever calls often calls the same few."""


class NotSent(CrmkitError):  # noqa: N818 - says what became of it
    """The call surely did not reach the provider: it may be made again."""


class Forbidden(NotSent):
    """The address is a private one, or none of the web, and calling it is not allowed."""


class Unclear(CrmkitError):  # noqa: N818 - says what became of it
    """The call may have reached the provider or not."""


@attrs.frozen
class Reply:
    """What the provider answered.

    Attributes:
        status: HTTP status.
        headers: Headers of the answer; read one with `crmkit.contracts.signatures.header`.
        body: Its body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Give the body as JSON; an empty mapping where it is none."""
        try:
            return read_json(self.body)
        except (ValueError, RecursionError):  # no JSON, or nested to harm
            return {}

    @property
    def now(self) -> datetime | None:
        """The provider's own clock, as the header ``Date`` has it."""
        return _instant(header(self.headers, "Date"))

    def after(self, clock: Clock = system_clock) -> float | None:
        """Give the seconds that ``Retry-After`` asks to wait; None: it asks nothing."""
        value = header(self.headers, "Retry-After").strip()
        try:
            seconds = float(value)
        except ValueError:
            until = _instant(value)
            return None if until is None else max(0.0, (until - clock()).total_seconds())
        return max(0.0, seconds) if isfinite(seconds) else None


def _instant(written: str) -> datetime | None:
    """Read a date of HTTP; None where it is none. One without a zone is in UTC (RFC 9110)."""
    try:
        found = parsedate_to_datetime(written)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@attrs.frozen(slots=False)
class Http:
    """Calls one provider over connections that are kept; safe to use from several threads.

    Attributes:
        allow_private: Whether loopback, private and link-local addresses may be called.
        timeout: Seconds to wait for a connection, and for an answer.
        longest: Bytes of an answer that are read.
    """

    allow_private: bool = False
    timeout: float = TIMEOUT
    longest: int = LONGEST
    _kept: local = attrs.field(factory=local, init=False, repr=False, eq=False)

    def call(  # noqa: PLR0913 - the parts of a call
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        json_body: Any = None,
    ) -> Reply:
        """Make one call and give its answer, whatever its status; a redirect is an answer.

        Args:
            method: ``GET``, ``POST``...
            url: Where to; ``http`` or ``https``.
            params: Put into the query, each encoded once.
            headers: Beside those of HTTP itself.
            body: Sent as it is.
            json_body: Sent as JSON in UTF-8 instead of `body`.

        Raises:
            NotSent: the provider surely did not get it; `Forbidden` where the address may not be
                called.
            Unclear: he may have got it.
        """
        import requests  # noqa: PLC0415 - imported where it is used

        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Forbidden("the address is none of the web: it must be http:// or https://")
        sent = dict(headers or {})
        if json_body is not None:
            body = write_json(json_body)
            sent.setdefault("Content-Type", "application/json; charset=utf-8")
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        wrong = requests.exceptions
        never = (wrong.ConnectTimeout, wrong.InvalidURL, wrong.InvalidHeader)
        try:
            session = self._session()
            asked = _prepared(session, method, url, params, sent, body)
            with session.send(
                asked, timeout=self.timeout, allow_redirects=False, stream=True
            ) as answer:
                content = answer.raw.read(self.longest, decode_content=True)
                return Reply(answer.status_code, dict(answer.headers), content)
        except _PrivateError:
            pass
        except (*never, UnicodeError) as error:  # a header of odd letters is none
            raise NotSent(f"{parts.hostname} cannot be reached: {_plain(error)}") from error
        except requests.RequestException as error:
            _tell(error, parts.hostname)
        except _read_errors() as error:
            raise Unclear(f"{parts.hostname} broke off its answer: {_plain(error)}") from error
        raise Forbidden(f"{parts.hostname} is a private address: set allow_private = true")

    def close(self) -> None:
        """Give this thread's connections back."""
        session = getattr(self._kept, "session", None)
        if session is not None:
            session.close()
            del self._kept.session

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._kept, "session", None)
        if session is None or self._kept.pid != os.getpid():  # after a fork its socket is shared
            session = self._kept.session = _open(self.allow_private)
            self._kept.pid = os.getpid()
        return session


def _open(allow_private: bool) -> requests.Session:  # noqa: FBT001 - one switch
    """Open a session that looks at the address a connection really leads to, before it speaks.

    A name may lead elsewhere the second time it is asked for, so it is the connected socket that
    is looked at.
    """
    import requests  # noqa: PLC0415 - imported where it is used
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415
    from urllib3.util.ssl_match_hostname import CertificateError  # noqa: PLC0415

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _looked_at(super()._new_conn(), allow_private)

    class Secured(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _looked_at(super()._new_conn(), allow_private)

        def connect(self) -> None:
            try:
                super().connect()
            except (ssl.SSLError, CertificateError) as error:  # nothing was said yet
                raise NewConnectionError(self, "no secure connection") from error

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecuredPool(HTTPSConnectionPool):
        ConnectionCls = Secured

    session = requests.Session()
    session.trust_env = False  # a proxy would be the address that is looked at
    for scheme in ("http://", "https://"):
        adapter = HTTPAdapter(max_retries=0)
        adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecuredPool}
        session.mount(scheme, adapter)
    return session


def _prepared(  # noqa: PLR0913 - the parts of a call
    session: requests.Session,
    method: str,
    url: str,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str],
    body: bytes | None,
) -> requests.PreparedRequest:
    """Make a call ready as the session would, in half the time.

    It would lay its own settings over those of the call one by one, and all but two are empty; and
    spell an address anew that it has just called.
    """
    import requests  # noqa: PLC0415 - imported where it is used

    asked = requests.PreparedRequest()
    asked.method = method.upper()
    if params:
        asked.prepare_url(url, params)
    else:
        asked.url = _spelt(url)
    asked.prepare_headers({**session.headers, **headers})
    asked.prepare_cookies(session.cookies)
    asked.prepare_body(body, None)
    asked.prepare_auth(None)  # what the address says of a user
    return asked


@lru_cache(maxsize=_ADDRESSES)
def _spelt(url: str) -> str | None:
    """Spell an address as it goes over the wire."""
    import requests  # noqa: PLC0415 - imported where it is used

    return requests.Request("GET", url).prepare().url


def _looked_at(connected: socket.socket, allow_private: bool) -> socket.socket:  # noqa: FBT001
    if not allow_private and not public(connected.getpeername()[0]):
        connected.close()
        raise _PrivateError
    return connected


def public(address: str) -> bool:
    """Tell whether an IP address is one of the public net."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not (mapped or found).is_multicast


class _PrivateError(Exception):
    """A connection leads to a private address; passes through urllib3 untouched."""


def _read_errors() -> tuple[type[Exception], ...]:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - imported where it is used

    return (HTTPError, OSError)


def _tell(error: Exception, host: str) -> NoReturn:
    """Say whether what failed may have reached the provider."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError  # noqa: PLC0415

    cause = error.args[0] if error.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(cause, NewConnectionError):
        raise NotSent(f"{host} cannot be reached: {_plain(error)}") from error
    raise Unclear(f"nobody knows whether {host} took it: {_plain(error)}") from error


def _plain(error: Exception) -> str:
    """Name what happened, without the address: its query may carry a secret."""
    inner: BaseException = error
    while inner.args and isinstance(inner.args[0], BaseException):
        inner = inner.args[0]
    reason = getattr(inner, "reason", None)
    if isinstance(reason, BaseException):
        inner = reason.__cause__ or reason
    return type(inner).__name__
