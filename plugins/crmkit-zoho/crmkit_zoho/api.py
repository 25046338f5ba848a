"""Calls to Zoho CRM: its tokens, its own words for what is wrong, and what they ask us to do.

Wire: github.com/zoho/crm-oas, v8.0. A refused token request is HTTP 200 with an ``error``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from crmkit.contracts.connector import RetryLater, SyncAborted, Token
from crmkit.contracts.exchange import Answer, Request, said_of
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import EXPIRED, OK, THROTTLED, Service, verdict
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import header
from crmkit_zoho.settings import ZohoConfig

Clock = Callable[[], datetime]
"""Gives the present instant."""
SCOPES = "ZohoCRM.modules.ALL, ZohoCRM.settings.ALL and ZohoCRM.org.READ"
NOTHING = (204, 304)
"""Statuses without a body: an empty list, and nothing new since then."""
_FACTS = ("api_domain", "scope")
_HOUR = 3600.0
_TEN_MINUTES = 600.0
_BAD = 400
_UNAUTHORIZED = 401
_STALE = ("INVALID_TOKEN", "AUTHENTICATION_FAILURE")
_REMEDIES = {
    "INVALID_MODULE": "Zoho CRM has no module of that name, or not for this user",
    "OAUTH_SCOPE_MISMATCH": f"grant a new refresh token with the scopes {SCOPES}",
    "NO_PERMISSION": "the profile of the user who granted the token does not allow it",
    "AUTHORIZATION_FAILED": "the profile of the user who granted the token does not allow it",
    "API_NOT_SUPPORTED": "Zoho CRM does not open this module to its API",
}
_TOKEN_REMEDIES = {
    "invalid_client": "client_id is unknown there: is data_centre right?",
    "invalid_client_secret": "client_secret is wrong",
    "invalid_code": "refresh_token is revoked, or of another data centre or client",
    "invalid_grant": "refresh_token is revoked, or of another data centre or client",
}


def system_clock() -> datetime:
    """Give the machine's present instant."""
    return datetime.now(UTC)


def code_of(answer: Answer) -> str:
    """Give the code of an answer that is refused as a whole, in either of Zoho's two shapes."""
    found = mapping(answer.data).get("code")
    if found is None and answer.status >= _BAD:
        items = rows(answer.data, "data")
        found = items[0].get("code") if items else None
    return found if isinstance(found, str) else ""


def judge(answer: Answer) -> str:
    """Judge an answer: some 401 are about scopes, which no new token mends.

    Raises:
        RetryLater: the day's credits are spent (``kind="daily"``).
    """
    code = mapping(answer.data).get("code")
    said = verdict(answer)
    if said == THROTTLED or code == "TOO_MANY_REQUESTS":
        if header(answer.headers, "X-API-CREDITS-REMAINING").strip() == "0":
            message = f"Zoho CRM: the credits of the last 24 hours are spent{said_of(answer)}"
            raise RetryLater(message, after=_HOUR, kind="daily")
        return THROTTLED
    if code in _STALE:
        return EXPIRED
    if answer.status == _UNAUTHORIZED and code in _REMEDIES:
        return OK
    return said


def refused(answer: Answer, what: str) -> SyncAborted:
    """Say why a call can never work before somebody acts, in Zoho's own words.

    Args:
        answer: What it said.
        what: What was asked for: ``the fields of Contacts``.
    """
    code = code_of(answer)
    said = said_of(answer) or (f" ({code})" if code else "")
    remedy = _REMEDIES.get(code)
    message = f"Zoho CRM refuses {what}: it answers {answer.status}{said}"
    return SyncAborted(f"{message}; {remedy}" if remedy else message)


class Api:
    """Zoho's REST interface for one organisation; safe to use from several threads."""

    def __init__(self, config: ZohoConfig, clock: Clock = system_clock) -> None:
        """Call nobody yet."""
        self.config, self._clock = config, clock
        self.service = Service(
            "Zoho CRM", config.limits, login=self._login, judge=judge, clock=clock
        )

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Read; raises as `Service.call` does."""
        return self.call("GET", path, params=params, headers=headers)

    def call(  # noqa: PLR0913 - the parts of a call, by name
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool = True,
    ) -> Answer:
        """Make a call; `path` stands behind ``/crm/v8/``. Raises as `Service.call` does."""

        def request(token: Token) -> Request:
            authorized = {"Authorization": f"Zoho-oauthtoken {token.value.reveal()}"}
            return Request(
                method=method,
                url=f"{self.config.api_url(token.facts.get('api_domain'))}/{path}",
                params=params,
                headers={**(headers or {}), **authorized},
                json=body,
            )

        return self.service.call(request, repeatable=repeatable)

    def read(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        what: str,
    ) -> Answer:
        """Read what must be there, or nothing.

        Raises:
            SyncAborted: Zoho refuses it, in its own words.
        """
        answer = self.get(path, params, headers)
        if answer.status >= _BAD:
            raise refused(answer, what)
        return answer

    def _login(self) -> Token:
        """Fetch an access token; it holds an hour, and its refresh token stays."""
        form = {
            "refresh_token": self.config.refresh_token.reveal(),
            "client_id": self.config.client_id,
            "client_secret": self.config.client_secret.reveal(),
            "grant_type": "refresh_token",
        }
        answer = self.service.bare(
            Request(
                url=self.config.token_url,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(form),
            )
        )
        told = mapping(answer.data)
        value = told.get("access_token")
        if not isinstance(value, str) or not value:
            raise _no_token(answer)
        return Token(
            value=Secret(value),
            expires=self._clock() + timedelta(seconds=_holds(told)),
            facts={name: told[name] for name in _FACTS if isinstance(told.get(name), str)},
        )


def _holds(told: Mapping[str, Any]) -> float:
    """Give how long a token holds; old servers tell milliseconds, and the seconds beside them."""
    for name in ("expires_in_sec", "expires_in"):
        seconds = told.get(name)
        if isinstance(seconds, (int, float)) and 0 < seconds <= 24 * _HOUR:
            return float(seconds)
    return _HOUR


def _no_token(answer: Answer) -> RetryLater | SyncAborted:
    error = mapping(answer.data).get("error")
    words = str(mapping(answer.data).get("error_description") or "")
    if "too many requests" in words.lower() or str(error).lower() == "access denied":
        message = f"Zoho CRM gives no more access tokens for now{said_of(answer)}"
        return RetryLater(message, after=_TEN_MINUTES, kind="burst")
    remedy = _TOKEN_REMEDIES.get(str(error), "look at client_id, client_secret and refresh_token")
    said = said_of(answer) or f" (HTTP {answer.status})"
    return SyncAborted(f"Zoho CRM gives no access token{said}: {remedy}")
