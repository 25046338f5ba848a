"""Calls to the platform: every answer may be HTTP 200, its ``errorCode`` says what it is.

Wire: open.fxiaoke.com/open/openindex/wiki.html (corpAccessToken, corpId and currentOpenUserId in
each body) and developer.fxiaoke.com/openapi_v2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import attrs

from crmkit.contracts.connector import RetryLater, SyncAborted, Token, WriteLost
from crmkit.contracts.exchange import Answer, Request
from crmkit.contracts.reading import mapping, rows
from crmkit.contracts.service import EXPIRED, OK, THROTTLED, UNWELL, Service, verdict
from crmkit.contracts.settings import Secret
from crmkit_fxiaoke.settings import Codes, FxiaokeConfig

Clock = Callable[[], datetime]
NAME = "纷享销客"
_EARLY = 200  # seconds before its end from which a token is no longer used
_SHORT = 2 * _EARLY  # a token that lasts no longer is used until it is refused
_LATER = 60.0
_ERROR = 400
# Limits of length or paging are no limits of calls.
_OTHER_LIMITS = re.compile(r"length|charact|offset|长度|字符", re.IGNORECASE)


def present() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


class Refused(Exception):  # noqa: N818 - it says what became of the call
    """The platform refused a call, and said so; `code` and `reason` are its own."""

    def __init__(self, code: int | None, reason: str) -> None:
        """Hold what it said."""
        super().__init__(f"{NAME}: {reason}")
        self.code, self.reason = code, reason


@attrs.frozen
class Told:
    """An answer with ``errorCode`` 0.

    Attributes:
        body: All of it.
        now: The platform's clock.
    """

    body: Mapping[str, Any]
    now: datetime | None


class Platform:
    """The platform, for one company and application.

    Args:
        config: Its settings.
        clock: Tells the present instant.
        sleep: Waits so many seconds; None: as `Service` does.
    """

    def __init__(
        self,
        config: FxiaokeConfig,
        *,
        clock: Clock = present,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Call nobody yet."""
        self._config, self._clock = config, clock
        self._url = config.base_url.rstrip("/")
        self._facts: Mapping[str, str] = {}
        waiting: dict[str, Any] = {} if sleep is None else {"sleep": sleep}
        self.service = Service(
            NAME,
            config.limits,
            login=self._login,
            judge=lambda answer: judged(answer, config.codes),
            clock=clock,
            **waiting,
        )

    def call(
        self,
        path: str,
        data: Mapping[str, Any],
        *,
        repeatable: bool = True,
        **beside: Any,
    ) -> Told:
        """Make a call in the employee's name; each path is an interface with limits of its own.

        Args:
            path: From ``/cgi`` on.
            data: What stands under ``data``.
            repeatable: Whether it does no harm twice.
            beside: What stands beside ``data``.

        Raises:
            Refused: the platform refused it, for a reason that concerns this call alone.
            RetryLater: there were too many calls.
            WriteLost: it may have been taken, and is not `repeatable`.
            SyncAborted: nothing works until somebody acts.
        """

        def request(token: Token) -> Request:
            self._facts = token.facts
            signed = {
                "corpAccessToken": token.value.reveal(),
                "corpId": token.facts.get("corp", ""),
                "currentOpenUserId": token.facts.get("user", ""),
            }
            return self._request(path, {**signed, **beside, "data": data})

        answer = self.service.call(request, repeatable=repeatable, lane=path)
        found = answer.data if isinstance(answer.data, Mapping) else {}
        if code_of(found) == 0 or (answer.status < _ERROR and _tells(found)):
            return Told(found, answer.now)
        if code_of(found) is None:
            what = f"it answers {answer.status} without an errorCode"
            if answer.status < _ERROR and not repeatable:
                raise WriteLost(f"{NAME}: {what}")
            raise SyncAborted(f"{NAME}: {what} to {path}: look at base_url")
        raise self._error(found)

    def corp(self) -> str | None:
        """Give the company's id, logging in where that has not been done."""
        return self._known().get("corp")

    def user(self) -> str:
        """Give the ``openUserId`` of the employee in whose name calls are made."""
        return self._known().get("user", "")

    def _known(self) -> Mapping[str, str]:
        """Give what came with the token that was used last."""
        if not self._facts:
            self._facts = self.service.token().facts
        return self._facts

    def _request(self, path: str, body: Mapping[str, Any]) -> Request:
        params = {"thirdTraceId": str(uuid4())} if self._config.trace else None
        return Request(url=self._url + path, params=params, json=body)

    def _error(self, found: Mapping[str, Any]) -> Exception:
        codes, code, reason = self._config.codes, code_of(found), words(found)
        if code in codes.daily:
            message = f"{NAME}: {reason}"
            return RetryLater(message, after=self._until_midnight(), kind="daily")
        if code in codes.fatal:
            return SyncAborted(f"{NAME}: {reason} ({code})")
        return Refused(code, reason)

    def _until_midnight(self) -> float:
        here = self._clock().astimezone(ZoneInfo(self._config.time_zone))
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return max(_LATER, (midnight - here).total_seconds())

    def _login(self) -> Token:
        """Fetch a token, and who the calls are made for, which is kept with it."""
        config = self._config
        asked = {
            "appId": config.app_id,
            "appSecret": config.app_secret.reveal(),
            "permanentCode": config.permanent_code.reveal(),
        }
        told = self._bare("/cgi/corpAccessToken/get/V2", asked)
        value, corp = told.get("corpAccessToken"), told.get("corpId")
        if not isinstance(value, str) or not value:
            raise SyncAborted(f"{NAME}: it gave no corpAccessToken: look at app_id and app_secret")
        facts = {"corp": str(corp or ""), "user": config.open_user_id or ""}
        if not facts["user"]:
            facts["user"] = self._employee(value, facts["corp"])
        lasts, expires = told.get("expiresIn"), None
        if isinstance(lasts, int) and lasts > _SHORT:
            expires = self._clock() + timedelta(seconds=lasts - _EARLY)
        return Token(value=Secret(value), expires=expires, facts=facts)

    def _employee(self, token: str, corp: str) -> str:
        asked = {"corpAccessToken": token, "corpId": corp, "mobile": self._config.mobile}
        found = self._bare("/cgi/user/getByMobile", asked)
        people = rows(found, "empList") or rows(found, "data", "empList")
        user = people[0].get("openUserId") if people else None
        if not isinstance(user, str) or not user:
            raise SyncAborted(f"{NAME}: no employee has the number of the setting mobile")
        return user

    def _bare(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = self.service.bare(self._request(path, body))
        found = mapping(answer.data)
        if code_of(found) == 0:
            return found
        said = judged(answer, self._config.codes)
        if said in (THROTTLED, UNWELL):
            raise RetryLater(f"{NAME}: {words(found)}", after=_LATER, kind="burst")
        what = words(found) if found else f"it answers {answer.status}"
        raise SyncAborted(f"{NAME} gave no token: {what}: look at app_id, app_secret and the rest")


def code_of(found: Mapping[str, Any]) -> int | None:
    """Give the ``errorCode`` of an answer; None where it has none."""
    try:
        return int(found["errorCode"])
    except (KeyError, TypeError, ValueError):
        return None


def _tells(found: Mapping[str, Any]) -> bool:
    """Tell whether an answer without ``errorCode`` holds what was asked for, as samples do."""
    told = any(found.get(name) is not None for name in ("data", "dataId", "dataList"))
    return told and "errorCode" not in found


def words(found: Mapping[str, Any]) -> str:
    """Give the platform's own words for what is wrong."""
    said = [found.get(name) for name in ("errorMessage", "errorDescription", "message")]
    parts = dict.fromkeys(text for text in said if isinstance(text, str) and text)
    return ": ".join(parts) or f"errorCode {code_of(found)}"


def judged(answer: Answer, codes: Codes) -> str:
    """Judge an answer by its ``errorCode``, then by its message, then by its status."""
    found = answer.data if isinstance(answer.data, Mapping) else {}
    code = code_of(found)
    if code in codes.expired:
        return EXPIRED
    if code in codes.throttled:
        return THROTTLED
    if code in codes.busy:
        return UNWELL
    known = code in (0, *codes.daily, *codes.fatal)
    if code is not None and not known:
        said = words(found).lower()
        if any(word in said for word in codes.throttle_words) and not _OTHER_LIMITS.search(said):
            return THROTTLED
    return OK if known else verdict(answer)
