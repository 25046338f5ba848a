"""Calls of one organisation: its tokens, its address, its limits, and its words for errors.

Wire: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from crmkit.contracts.connector import RetryLater, SyncAborted, Token
from crmkit.contracts.exchange import Answer, Request, said_of
from crmkit.contracts.http import Reply
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import OK, THROTTLED, Service, verdict
from crmkit.contracts.settings import Secret
from crmkit.contracts.signatures import header
from crmkit_salesforce.settings import SalesforceConfig

NAME = "Salesforce"
_LIMIT = "REQUEST_LIMIT_EXCEEDED"
_HOUR = 3600.0  # seconds: the day's pool refills as the last 24 hours move on
_ORGANIZATION = re.compile(r"/id/([A-Za-z0-9]+)(?:/|$)")
_USAGE = re.compile(r"(?<!-)api-usage=(\d+)/(\d+)")
_OWN = re.compile(r"([a-z0-9-]+\.)+(salesforce|force|salesforce-setup)\.com")


def judge(answer: Answer) -> str:
    """Judge an answer: spent calls of the day are no stale session, nor worth a second try."""
    told = error_of(answer)
    if answer.status == 403 and told.get("errorCode") == _LIMIT:  # noqa: PLR2004 - forbidden
        concurrent = "concurrent" in str(told.get("message")).lower()
        return THROTTLED if concurrent else OK
    return verdict(answer)


def same_id(one: str) -> str:
    """Give what two spellings of an id have in common: 15 letters, or 18 with a checksum."""
    return one[:15] if len(one) in (15, 18) else one


def error_of(answer: Answer) -> Mapping[str, Any]:
    """Give the first error that an answer tells; empty where it tells none."""
    return next(iter(rows(answer.data)), mapping(answer.data))


class Api:
    """Calls one organisation; safe to use from several threads.

    Attributes:
        root: Path of the API's version.
        service: Makes the calls.
        collections: Whether sObject Collections are offered, as far as it is known.
        usage: Calls of the last 24 hours, and how many there may be, as the last answer told.
    """

    def __init__(self, config: SalesforceConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._base = config.base_url.rstrip("/")
        self.root = f"/services/data/v{config.version.removeprefix('v')}"
        self.collections = True
        self.usage = (0, 0)
        login = self._login if config.logs_in else None
        self.service = Service(NAME, config.limits, login=login, judge=judge)

    def call(  # noqa: PLR0913 - the parts of a call
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        repeatable: bool = True,
    ) -> Answer:
        """Call a resource, and give its answer, whatever it may refuse.

        Args:
            method: ``GET``, ``POST``...
            path: After the root of the API; or whole, as Salesforce told it.
            params: The query.
            headers: Beside those that every call has.
            json: The body.
            repeatable: See `Service.call`.

        Raises:
            RetryLater: the calls of the day are spent (``daily``), or too many ran at once.
            WriteLost: it may have arrived, and is not `repeatable`.
            SyncAborted: see `Service.call`.
        """
        whole = path if path.startswith("/services/") else f"{self.root}/{path}"

        def made(token: Token) -> Request:
            return Request(
                method=method,
                url=self._address(token) + whole,
                params=params,
                headers={"Authorization": f"Bearer {self._session(token)}", **(headers or {})},
                json=json,
            )

        try:
            answer = self.service.call(made, repeatable=repeatable)
        except RetryLater as error:
            if _LIMIT not in str(error):
                raise
            after = getattr(error, "after", _HOUR)
            raise RetryLater(str(error), after=after, kind="concurrent") from error
        used = _USAGE.search(header(answer.headers, "Sforce-Limit-Info"))
        if used:
            self.usage = (int(used[1]), int(used[2]))
        if error_of(answer).get("errorCode") == _LIMIT:
            asked = Reply(answer.status, answer.headers, b"").after()
            message = f"{NAME}: the calls of the day are spent{said_of(answer)}"
            raise RetryLater(message, after=_HOUR if asked is None else asked, kind="daily")
        return answer

    def organization(self) -> str | None:
        """Give the organisation's id, of 15 letters; None: nothing tells it.

        The login tells it, and a session's id begins with it; else it is asked for.
        """
        token = self.service.token()
        found = token.facts.get("organization")
        session, mark, _ = self._session(token).partition("!")
        if found is None and mark and session.startswith("00D"):
            found = session
        if found is None:
            answer = self.call("GET", "query", params={"q": "SELECT Id FROM Organization"})
            told = [row.get("Id") for row in rows(answer.data, "records")]
            found = next((one for one in told if isinstance(one, str)), None)
        return found and same_id(found)

    def local(self, url: Any) -> str | None:
        """Give the path of an address that Salesforce told; None where it leads elsewhere."""
        if not isinstance(url, str):
            return None
        parts, own = urlsplit(url), urlsplit(self._address(self.service.token()))
        if (parts.scheme or parts.netloc) and parts.netloc != own.netloc:
            return None
        return parts.path if parts.path.startswith("/services/data/") else None

    def _session(self, token: Token) -> str:
        given = self._config.access_token
        return token.value.reveal() if self._config.logs_in or given is None else given.reveal()

    def _address(self, token: Token) -> str:
        """Give where the organisation is: what the login told counts at Salesforce's door only."""
        told = token.facts.get("instance_url", "")
        if not self._config.at_door:
            return self._base
        parts = urlsplit(told)
        if parts.scheme != "https" or not _OWN.fullmatch(parts.hostname or ""):
            message = f"{NAME} sends to {told!r}, which is none of its own addresses: set base_url"
            raise SyncAborted(message)
        return f"https://{parts.netloc}"

    def _login(self) -> Token:
        """Fetch a token; it names no end, so it is used until it is refused."""
        config = self._config
        form = {"grant_type": "client_credentials", "client_id": config.client_id}
        if config.client_secret:
            form["client_secret"] = config.client_secret.reveal()
        if config.refresh_token:
            form |= {
                "grant_type": "refresh_token",
                "refresh_token": config.refresh_token.reveal(),
            }
        answer = self.service.bare(_form(self._base + "/services/oauth2/token", form))
        told = mapping(answer.data)
        session = told.get("access_token")
        if not isinstance(session, str) or not session:
            why = said_of(answer) or f" (it answers {answer.status})"
            if "rate" in str(told.get("error_description")).lower():
                raise RetryLater(f"{NAME}: too many logins{why}", after=_HOUR, kind="burst")
            message = f"{NAME} refuses the credentials{why}: look at client_id and refresh_token"
            raise SyncAborted(message)
        facts = {"instance_url": str(told.get("instance_url") or "")}
        found = _ORGANIZATION.search(str(told.get("id")))
        if found:
            facts["organization"] = found[1]
        return Token(value=Secret(session), facts=facts)


def _form(url: str, fields: Mapping[str, str]) -> Request:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    return Request(url=url, headers=headers, body=urlencode(fields))
