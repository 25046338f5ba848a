"""Calls to WeCom with an access token, which is kept as long as it holds.

Wire: https://developer.work.weixin.qq.com/document/path/91039
"""

from __future__ import annotations

from threading import Lock
from typing import Any

import attrs

from crmkit.contracts.http import Http, NotSent, Reply, Unclear
from crmkit_wecom.codes import CODES, STALE
from crmkit_wecom.settings import WeComConfig

_EARLY = 120  # seconds before its end from which a token is no longer used
_USUAL = 7200


@attrs.frozen
class _Token:
    text: str
    until: float


class _NoToken(Exception):  # noqa: N818 - it carries the answer to give instead
    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Api:
    """WeCom's API for one company and secret; safe to use from several threads."""

    def __init__(self, config: WeComConfig) -> None:
        """Keep the settings; nothing is called yet."""
        self._config = config
        self._http = Http(allow_private=config.allow_private)
        self._url = config.endpoint.rstrip("/") + "/cgi-bin/"
        self._token: _Token | None = None
        self._lock = Lock()

    def call(self, path: str, body: dict[str, Any], now: float) -> Reply:
        """Post to the API, and once more where the token has become stale.

        Args:
            path: After ``/cgi-bin/``.
            body: Sent as JSON.
            now: Seconds since 1970.

        Returns:
            The answer; where no token was given, the answer that said why.

        Raises:
            NotSent: WeCom surely did not get it.
            Unclear: he may have got it.
        """
        try:
            token = self._given(None, now)
            reply = self._post(path, token, body)
            if CODES.code(reply) in STALE:
                reply = self._post(path, self._given(token, now), body)
        except _NoToken as refused:
            return refused.reply
        return reply

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _post(self, path: str, token: _Token, body: dict[str, Any]) -> Reply:
        query = {"access_token": token.text}
        return self._http.call("POST", self._url + path, params=query, json_body=body)

    def _given(self, stale: _Token | None, now: float) -> _Token:
        """Give a token other than the stale one; one thread fetches it, the others wait."""
        with self._lock:
            kept = self._token
            if kept is None or kept is stale or now >= kept.until:
                kept = self._token = self._fetched(now)
            return kept

    def _fetched(self, now: float) -> _Token:
        secret = self._config.corpsecret.reveal()
        query = {"corpid": self._config.corpid, "corpsecret": secret}
        try:
            reply = self._http.call("GET", self._url + "gettoken", params=query)
        except Unclear as error:  # a token may be asked for again: the message has not left
            raise NotSent(str(error)) from error
        code = CODES.code(reply)
        if code is None:
            raise NotSent(f"WeCom gave no access token, but HTTP {reply.status}")
        told = reply.json()
        if code != CODES.done or not told.get("access_token"):
            raise _NoToken(reply)
        lasting = told.get("expires_in", _USUAL)
        seconds = lasting if isinstance(lasting, int) else _USUAL
        return _Token(str(told["access_token"]), now + max(0, seconds - _EARLY))
