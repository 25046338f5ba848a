"""Calls of a service that lasts: within its limits, again where that is right, by one token.

What every connector over HTTP needs, so that none writes it anew. A call is given as a function of
the token, since the token may be renewed between two tries.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NoReturn

import attrs

from crmkit.clock import Clock, system_clock
from crmkit.contracts.connector import Meter, RetryLater, SyncAborted, Token, Tokens, WriteLost
from crmkit.contracts.exchange import Answer, Request, garbled, said_of
from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit.contracts.limits import CallLimits, Pace
from crmkit.contracts.settings import Secret
from crmkit.contracts.wire import read_json

ATTEMPTS = 5
"""Tries of one call before it is given up."""
PATIENCE = 120.0
"""Longest wait, in seconds, within a call; what asks for more is put off as a whole."""
_LONGEST = 60.0
_PAGE = 64 * 1024 * 1024  # bytes: a page of many records
_EARLY = timedelta(seconds=60)
_BUSY = 429
_UNWELL = frozenset({500, 502, 503, 504})
_CLOSED = 503
"""Asks to come back later: with ``Retry-After`` it says that nothing was done."""
_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_DAY = 86_400.0
OK, EXPIRED, THROTTLED, UNWELL = "ok", "expired", "throttled", "unwell"


def verdict(answer: Answer) -> str:
    """Judge an answer by its status alone; a service that hides errors in bodies has its own."""
    if answer.status == _BUSY:
        return THROTTLED
    if answer.status in _UNWELL:
        return UNWELL
    return EXPIRED if answer.status == 401 else OK  # noqa: PLR2004 - unauthorized


class OwnTokens(Tokens):
    """A token kept by this object alone, where no engine gave a place for it."""

    def __init__(self, clock: Clock = system_clock) -> None:
        """Hold none."""
        self._clock, self._lock = clock, Lock()
        self._token: Token | None = None

    def get(self, refresh: Callable[[], Token], *, stale: Token | None = None) -> Token:
        """Give the token that holds, fetched by one caller while the others wait."""
        with self._lock:
            if self._token is None or self._token == stale or spent(self._token, self._clock()):
                self._token = refresh()
            return self._token


def spent(token: Token, now: datetime) -> bool:
    """Tell whether a token has ended, or will within the next minute."""
    return token.expires is not None and token.expires - _EARLY <= now


def lasting(token: Token, now: datetime) -> Token:
    """Let a token just fetched that lives a minute or two not be `spent` before half its life.

    It would otherwise be fetched anew for every call.
    """
    if token.expires is None or token.expires - now >= 2 * _EARLY:
        return token
    return attrs.evolve(token, expires=now + (token.expires - now) / 2 + _EARLY)


class Service:
    """Calls one service; safe to use from several threads.

    Args:
        name: What messages call it: ``Zoho CRM``.
        limits: What it takes.
        http: Connections; None: such as may lead to private addresses too, since whoever writes
            the configuration chose them.
        login: Fetches a token, by `bare` calls; None: the service needs none.
        judge: Says of an answer whether it is ``ok``, ``expired``, ``throttled`` or ``unwell``;
            ``ok`` means that the connector reads it, whatever its status.
        clock: Tells the present instant.
        sleep: Waits so many seconds.
    """

    def __init__(  # noqa: PLR0913 - what a service needs, by name
        self,
        name: str,
        limits: CallLimits,
        *,
        http: Http | None = None,
        login: Callable[[], Token] | None = None,
        judge: Callable[[Answer], str] = verdict,
        clock: Clock = system_clock,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """Call nobody yet."""
        self.name = name
        self.limits = limits
        self.tokens: Tokens = OwnTokens(clock)
        self.meter: Meter | None = None
        self._http = http or Http(allow_private=True, longest=_PAGE)
        self._login, self._judge, self._clock, self._sleep = login, judge, clock, sleep
        self._pace = Pace(limits, sleep=sleep)

    def keep(self, tokens: Tokens | None, meter: Meter | None) -> None:
        """Take a connector's `tokens` and `meter`; without tokens, go on with one's own."""
        if tokens is not None:
            self.tokens = tokens
        self.meter = meter

    def token(self, stale: Token | None = None) -> Token:
        """Give the token that holds; one without a value where the service needs none."""
        login = self._login
        if login is None:
            return Token(value=Secret(""))
        return self.tokens.get(lambda: lasting(login(), self._clock()), stale=stale)

    def call(
        self,
        request: Callable[[Token], Request] | Request,
        *,
        repeatable: bool = True,
        lane: str = "",
    ) -> Answer:
        """Make a call and give its answer, whatever its status may be that `judge` calls ``ok``.

        Args:
            request: The call; or makes it of the token that holds.
            repeatable: Whether it does no harm twice, so that it is made again when nobody knows
                whether it arrived.
            lane: Which of the limits' windows it counts in.

        Raises:
            RetryLater: the service has too much to do, and said so each time; or the day's calls
                are spent.
            WriteLost: it may have arrived, and is not `repeatable`.
            SyncAborted: the service cannot be reached, refuses the credentials, or answers what
                nobody can read, and went on doing so.
        """
        made = request if callable(request) else lambda _token: request
        token, renewed = self.token(), False
        trouble: list[str] = []
        while True:
            if self.meter is not None:
                self.meter.take()
            tried = self._once(made(token), repeatable=repeatable, lane=lane)
            if isinstance(tried, Answer):
                said = self._judge(tried)
                if said == OK:
                    return tried
                if said == EXPIRED:
                    if renewed or self._login is None:
                        raise self._refused(tried)
                    token, renewed = self.token(stale=token), True
                    continue
                wait = self._wait(tried, said, len(trouble), repeatable=repeatable)
                trouble.append(f"it answers {tried.status}{said_of(tried)}")
            else:
                wait = min(_LONGEST, 0.5 * 2 ** len(trouble))
                trouble.append(tried)
            if len(trouble) >= ATTEMPTS:
                self._give_up(trouble[-1], tried, self._judge)
            self._sleep(wait)

    def bare(self, request: Request) -> Answer:
        """Make a call without a token and outside the limits, as a login is; raises alike."""
        for turn in range(1, ATTEMPTS + 1):
            tried = self._once(request, repeatable=True, lane=None)
            if isinstance(tried, str):
                trouble, wait = tried, 0.5 * 2 ** (turn - 1)
            elif (said := verdict(tried)) in (THROTTLED, UNWELL):
                trouble = f"it answers {tried.status}{said_of(tried)}"
                wait = self._wait(tried, said, turn - 1, repeatable=True)
            else:
                return tried
            if turn == ATTEMPTS:
                self._give_up(trouble, tried, verdict)
            self._sleep(wait)
        raise AssertionError  # the last turn gave up

    def close(self) -> None:
        """Give this thread's connections back."""
        self._http.close()

    def _once(self, request: Request, *, repeatable: bool, lane: str | None) -> Answer | str:
        """Make the call once; a text says why there is no answer and that it may be made again."""
        try:
            if lane is None:
                reply = self._send(request)
            else:
                with self._pace.turn(lane):
                    reply = self._send(request)
        except NotSent as error:
            return str(error)
        except Unclear as error:
            if not repeatable:
                raise WriteLost(f"{self.name}: {error}") from error
            return str(error)
        if reply.status in _ELSEWHERE:
            message = f"{self.name} answers {reply.status} and leads elsewhere: is base_url right?"
            raise SyncAborted(message)
        try:
            data = read_json(reply.body) if reply.body.strip() else None
        except (ValueError, RecursionError):
            data = None
            if reply.status < 400:  # noqa: PLR2004 - what claims to be in order
                if not repeatable:
                    raise WriteLost(f"{self.name}: it answers {garbled(reply)}") from None
                return f"it answers {garbled(reply)}"
        return Answer(status=reply.status, headers=reply.headers, data=data, body=reply.body)

    def _send(self, request: Request) -> Reply:
        return self._http.call(
            request.method,
            request.url,
            params=request.params,
            headers=request.headers,
            body=request.body,
            json_body=request.json,
        )

    def _wait(self, answer: Answer, said: str, turn: int, *, repeatable: bool) -> float:
        """Give the seconds to wait before the same call is made again."""
        asked = answer.reply.after(lambda: answer.now or self._clock())  # it wrote it by its own
        if said == UNWELL and not repeatable and (asked is None or answer.status != _CLOSED):
            raise WriteLost(f"{self.name}: it answers {answer.status}{said_of(answer)}")
        if asked is not None and asked > PATIENCE:
            message = f"{self.name} asks to wait {asked:.0f} s{said_of(answer)}"
            raise RetryLater(message, after=min(asked, _DAY), kind="burst")
        first = self.limits.wait if said == THROTTLED else 0.5
        return float(min(_LONGEST, first * 2**turn)) if asked is None else asked

    def _give_up(
        self, trouble: str, tried: Answer | str, judge: Callable[[Answer], str]
    ) -> NoReturn:
        message = f"{self.name}: {trouble}, after {ATTEMPTS} tries"
        if isinstance(tried, Answer) and judge(tried) == THROTTLED:
            raise RetryLater(message, after=_LONGEST, kind="burst")
        raise SyncAborted(message)

    def _refused(self, answer: Answer) -> SyncAborted:
        message = f"{self.name} refuses the credentials{said_of(answer)}: look at its settings"
        return SyncAborted(message)


def identified(found: list[dict[str, Any]], name: str, remote: str) -> list[dict[str, Any]]:
    """Give records that an answer lists, each of which has an id.

    Args:
        found: The records.
        name: The name that the id stands under.
        remote: What the answer comes from, for the error.

    Raises:
        SyncAborted: an id is neither a text nor a whole number: nobody knows which record it is.
    """
    for one in found:
        id_ = one.get(name)
        if type(id_) is not int and not (isinstance(id_, str) and id_):
            what = "no id" if id_ is None else f"{id_!r:.60} for an id"
            raise SyncAborted(f"{remote} gives a record that has {what}, under {name!r}")
    return found
