"""Calls of a Tryton server: one address, a session, and errors that come as HTTP 200."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.contracts.connector import SyncAborted, Token
from crmkit.contracts.exchange import Answer, Request
from crmkit.contracts.service import Service
from crmkit.contracts.settings import Secret
from crmkit_tryton.settings import TrytonConfig

NAMED = frozenset({"UserError", "UserWarning", "ConcurrencyException", "LoginException"})
"""Errors that Tryton tells by name; any other is told by its text alone."""
_CONTEXT = ("company", "companies", "company_filter", "employee")
_UNAUTHORIZED, _NOT_FOUND, _FINE = 401, 404, 200


class Refused(Exception):  # noqa: N818 - says what became of the call
    """The server took the call and refused what it asks for; nothing of it was done.

    Attributes:
        code: Name of the error, or the HTTP status.
        reason: The server's own words.
        warning: Name under which a ``UserWarning`` may be accepted.
    """

    def __init__(self, code: str, reason: str, warning: str = "") -> None:
        """Refuse for a reason."""
        super().__init__(reason)
        self.code, self.reason, self.warning = code, reason, warning


class Rpc:
    """One database of a server, called as one user; safe to use from several threads."""

    def __init__(self, config: TrytonConfig) -> None:
        """Call nobody yet."""
        self._config = config
        self._url = f"{config.base_url}/{config.database}/rpc/"
        self.service = Service("Tryton", config.limits, login=self._login)
        self.now: datetime | None = None
        """The server's clock in its last answer."""

    def call(
        self,
        method: str,
        *params: Any,
        repeatable: bool = True,
        context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a method and give its result.

        Args:
            method: ``model.party.party.read``...
            params: Its arguments but the context.
            repeatable: Whether the call does no harm twice.
            context: Put beside the user's own.

        Raises:
            Refused: the server says no, and has done nothing.
            SyncError: as `Service.call`.
        """

        def made(token: Token) -> Request:
            own = json.loads(token.facts.get("context", "{}"))
            given = [*params, {**own, **(context or {})}]
            headers = {"Authorization": f"Session {token.value.reveal()}"}
            return self._request(self._url, method, given, headers)

        answer = self.service.call(made, repeatable=repeatable)
        self.now = answer.now or self.now
        return _result(answer, method)

    def user(self) -> int:
        """Give the id of the user that the session is of."""
        return int(self.service.token().facts["user"])

    def version(self) -> str:
        """Give the server's series, such as ``8.2``; nobody needs to log in for it."""
        url = f"{self._config.base_url}/rpc/"
        answer = self.service.bare(self._request(url, "common.server.version", []))
        try:
            return str(_result(answer, "common.server.version"))
        except Refused as error:
            raise SyncAborted(f"Tryton: {error.reason}") from error

    def _login(self) -> Token:
        """Open a session, and take over the company that the user works for."""
        user = self._config.username
        given = [user, {"password": self._config.password.reveal()}, "en"]
        answer = self.service.bare(self._request(self._url, "common.db.login", given))
        if answer.status == _UNAUTHORIZED:
            raise SyncAborted(
                f"Tryton refuses the password of {user!r}: look at username and password"
            )
        try:
            number, session = _result(answer, "common.db.login")[:2]
        except (Refused, TypeError, ValueError) as error:
            raise SyncAborted(f"Tryton does not let {user!r} in: {error}") from error
        value = base64.b64encode(f"{user}:{number}:{session}".encode()).decode()
        facts = {"user": str(number), "context": json.dumps(self._preferences(value))}
        return Token(value=Secret(value), facts=facts)

    def _preferences(self, session: str) -> dict[str, Any]:
        """Give what the user's preferences add to every call, as Tryton's own client does it."""
        headers = {"Authorization": f"Session {session}"}
        method = "model.res.user.get_preferences"
        answer = self.service.bare(self._request(self._url, method, [True, {}], headers))
        try:
            found = _result(answer, method)
        except (Refused, SyncAborted):
            return {}  # not every user may read them; only a company is missing then
        found = found if isinstance(found, Mapping) else {}
        return {name: found[name] for name in _CONTEXT if found.get(name)}

    def _request(
        self,
        url: str,
        method: str,
        params: Sequence[Any],
        headers: Mapping[str, str] | None = None,
    ) -> Request:
        """Make a call of exactly the three keys that make Tryton answer in their shape."""
        body = {"id": 1, "method": method, "params": list(params)}
        sent = {"Content-Type": "application/json", **(headers or {})}
        return Request(url=url, headers=sent, json=body)


def _result(answer: Answer, method: str) -> Any:
    """Read an answer.

    Raises:
        Refused: it is an error of Tryton's.
        SyncAborted: there is no such database, or no Tryton.
    """
    if answer.status == _NOT_FOUND:
        raise SyncAborted("Tryton knows no such database: look at base_url and database")
    if answer.status != _FINE:
        raise Refused(str(answer.status), f"{method} answers HTTP {answer.status}")
    if not isinstance(answer.data, Mapping) or not {"result", "error"} & answer.data.keys():
        raise SyncAborted(f"{method} is answered by no Tryton: look at base_url")
    if "error" in answer.data:
        raise _refusal(answer.data["error"])
    return answer.data["result"]


def _refusal(error: Any) -> Refused:
    """Read an error: ``[name, words]``, or ``[text, traceback]`` where Tryton has no name for it.

    The words of a ``UserError`` are a message, its description and a domain; those of a
    ``UserWarning`` begin with its name.
    """
    kind, *rest = error if isinstance(error, list) and error else [str(error)]
    if str(kind) not in NAMED:
        return Refused("error", str(kind))
    words = rest[0] if rest else ""
    words = list(words) if isinstance(words, list) else [words]
    warning = str(words.pop(0)) if kind == "UserWarning" and len(words) > 1 else ""
    said = " ".join(str(word) for word in words[:2] if word)
    return Refused(str(kind), said or str(kind), warning)
