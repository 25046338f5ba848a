"""Calls to HubSpot: paths, the token, and what its refusals mean.

Wire: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines. The paths of
v3 and the dated ones differ, and the bodies do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NoReturn
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from crmkit.contracts.connector import Meter, RetryLater, SyncAborted, Token, Tokens, WriteLost
from crmkit.contracts.exchange import Answer, Request, said_of
from crmkit.contracts.reading import mapping, text
from crmkit.contracts.service import THROTTLED, UNWELL, Service, verdict
from crmkit.contracts.settings import Secret
from crmkit_hubspot.settings import HubSpotConfig

NAME = "HubSpot"
_LIFE = 1800  # seconds, where a token does not say how long it holds
_FINE, _FORBIDDEN = range(200, 300), 403
_LATER = frozenset({423, 477})  # a record is locked; the account is being moved
_FAILED = 500


class Api:
    """One account; safe to use from several threads."""

    def __init__(self, config: HubSpotConfig) -> None:
        """Call nobody yet."""
        self._config = config
        self._base = config.base_url.rstrip("/")
        login = self._login if config.oauth else None
        self._calls = Service(NAME, config.limits, login=login, judge=self._judge)
        self._searches = Service(NAME, config.searching, login=login, judge=self._judge)
        self._searches.tokens = self._calls.tokens
        self._zone: tzinfo = UTC

    def keep(self, tokens: Tokens | None, meter: Meter | None) -> None:
        """Take the engine's keeper of tokens and its counter of calls, where it gave them."""
        for service in (self._calls, self._searches):
            service.keep(tokens, meter)

    def objects(self, entity: str, rest: str = "") -> str:
        """Give the path of an object's records."""
        return self._path("objects", entity) + (f"/{rest}" if rest else "")

    def properties(self, entity: str) -> str:
        """Give the path of an object's properties."""
        return self._path("properties", entity)

    def links(self, start: str, end: str, verb: str) -> str:
        """Give the path of a batch of associations; those of v3 are at ``v4``."""
        version = self._config.version
        root = "/crm/v4/associations" if version == "v3" else f"/crm/associations/{version}"
        return f"{root}/{quote(start, safe='')}/{quote(end, safe='')}/batch/{verb}"

    def ask(  # noqa: PLR0913 - the parts of a call
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        search: bool = False,
        repeatable: bool = True,
    ) -> Answer:
        """Make a call and give its answer, whatever its status; raises as `Service.call` does."""

        def made(token: Token) -> Request:
            own = None if self._config.oauth else self._config.access_token
            bearer = own or token.value
            headers = {"Authorization": f"Bearer {bearer.reveal()}", "Accept": "application/json"}
            return Request(
                method=method, url=self._base + path, params=params, headers=headers, json=body
            )

        service = self._searches if search else self._calls
        return service.call(made, repeatable=repeatable)

    def read(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        search: bool = False,
    ) -> tuple[Mapping[str, Any], Answer]:
        """Make a call that changes nothing, and give the object with results that it answers.

        Raises:
            SyncAborted: it is refused, or answers none.
        """
        answer = self.ask(method, path, body, params=params, search=search)
        if answer.status not in _FINE:
            refused(answer, path)
        return whole(answer, path), answer

    def account(self) -> str | None:
        """Give the account's id, and learn its time zone; None where HubSpot does not tell."""
        version = self._config.version
        answer = self.ask("GET", f"/account-info/{version}/details")
        told = mapping(answer.data) if answer.status in _FINE else {}
        try:
            self._zone = ZoneInfo(text(told.get("timeZone")) or "UTC")
        except (KeyError, ValueError, OSError):  # "US/Eastern" is one, "Eastern time" is none
            self._zone = UTC
        portal = told.get("portalId")
        return None if portal is None else str(portal)

    def close(self) -> None:
        """Give the connections back."""
        self._calls.close()
        self._searches.close()

    def _path(self, kind: str, entity: str) -> str:
        version, name = self._config.version, quote(entity, safe="")
        return f"/crm/v3/{kind}/{name}" if version == "v3" else f"/crm/{kind}/{version}/{name}"

    def _login(self) -> Token:
        """Fetch an OAuth token; the refresh token stays as it is."""
        config = self._config
        form = {
            "grant_type": "refresh_token",
            "client_id": config.client_id or "",
            "client_secret": config.client_secret.reveal() if config.client_secret else "",
            "refresh_token": config.refresh_token.reveal() if config.refresh_token else "",
        }
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        url = self._base + "/oauth/v1/token"
        answer = self._calls.bare(Request(url=url, headers=kind, body=urlencode(form)))
        told = mapping(answer.data)
        token = text(told.get("access_token"))
        if token is None:
            said = said_of(answer) or f" ({answer.status})"
            raise SyncAborted(f"{NAME} gives no token{said}: look at the refresh_token")
        seconds = told.get("expires_in")
        life = timedelta(seconds=seconds if isinstance(seconds, int) else _LIFE)
        return Token(value=Secret(token), expires=datetime.now(UTC) + life)

    def _judge(self, answer: Answer) -> str:
        """Judge an answer; a spent day is the whole run's business.

        Raises:
            RetryLater: the day's calls are spent; they come back at the account's midnight.
        """
        if answer.status in _LATER:
            return THROTTLED
        said = verdict(answer)
        if said == THROTTLED:
            told = mapping(answer.data)
            words = f"{told.get('policyName')} {told.get('message')}".lower()
            if "daily" in words:
                message = f"{NAME}: the day's calls are spent{said_of(answer)}"
                raise RetryLater(message, after=self._midnight(), kind="daily")
        return UNWELL if answer.status >= _FAILED else said

    def _midnight(self) -> float:
        """Give the seconds until the account's next midnight."""
        now = datetime.now(self._zone)
        day = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(1.0, (day.astimezone(UTC) - now.astimezone(UTC)).total_seconds())


def refused(answer: Answer, path: str) -> NoReturn:
    """Raise what a refusal that concerns no single record means.

    Raises:
        SyncAborted: always; it says what HubSpot said.
    """
    if answer.status == _FORBIDDEN:
        message = f"{NAME}: the token does not reach {path}{said_of(answer)}: give it the scope"
        raise SyncAborted(message)
    raise SyncAborted(f"{NAME}: {path} answers {answer.status}{said_of(answer)}")


def whole(answer: Answer, path: str, *, repeatable: bool = True) -> Mapping[str, Any]:
    """Give the object that an answer holds, with the results or the errors that are due.

    Raises:
        SyncAborted: it holds none.
        WriteLost: likewise, and what was asked may have been done.
    """
    told = mapping(answer.data)
    if isinstance(told.get("results"), list) or isinstance(told.get("errors"), list):
        return told
    message = f"{NAME}: {path} answers {answer.status}, and no object with results"
    raise SyncAborted(message) if repeatable else WriteLost(message)
