"""DingTalk's group robots: signed posts in, errors under HTTP 200 out, and a ban for haste."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import deque
from typing import Any

import attrs

from crmkit.clock import Clock, system_clock
from crmkit.testing.simulators.base import Answer, Call, Simulator

PER_MINUTE = 20
"""Posts a minute that one robot takes."""
BAN = 600
"""Seconds in which it takes none after one too many."""
_WINDOW = 3_600_000  # milliseconds that a timestamp may be off


@attrs.frozen
class Post:
    """A message that the group saw; `body` is what was posted."""

    text: str
    kind: str
    body: dict[str, Any]


class DingTalk(Simulator):
    """One robot of one group.

    Attributes:
        posts: What the group saw.
        banned_until: Seconds since 1970 until which the robot takes nothing.
    """

    def __init__(
        self,
        access_token: str = "robot-token",  # noqa: S107 - made up
        *,
        secret: str | None = "SECrobot",  # noqa: S107 - made up
        keyword: str = "",
        clock: Clock = system_clock,
    ) -> None:
        """Make the robot.

        Args:
            access_token: Its token.
            secret: What posts are signed with; None: they are not.
            keyword: What every text must contain.
            clock: Judges timestamps and counts minutes.
        """
        super().__init__()
        self.posts: list[Post] = []
        self.banned_until = 0.0
        self._token, self._secret, self._keyword, self._clock = access_token, secret, keyword, clock
        self._times: deque[float] = deque()

    def answer(self, call: Call) -> Answer:
        """Carry a post out."""
        if (call.method, call.path) != ("POST", "/robot/send"):
            return Answer({"message": "not found"}, 404)
        code, words = self._judge(call)
        return Answer({"errcode": code, "errmsg": words})

    def _judge(self, call: Call) -> tuple[int, str]:
        if call.query.get("access_token") != self._token:
            return 300001, "token is not exist"
        wrong = self._unsigned(call)
        if wrong:
            return 310000, wrong
        try:
            body = json.loads(call.body)
            kind = body["msgtype"]
            text = body[kind]["content" if kind == "text" else "text"]
        except (ValueError, KeyError, TypeError):
            return 40035, "缺少参数 json"
        if self._keyword not in text:
            return 310000, "keywords not in content, more: [https://ding-doc.dingtalk.com]"
        now = self._clock().timestamp()
        if now < self.banned_until or self._too_fast(now):
            return 130101, "send too fast, exceed 20 times per minute"
        self.posts.append(Post(text, kind, body))
        return 0, "ok"

    def _unsigned(self, call: Call) -> str:
        """Tell what is wrong with a signature, by the steps of DingTalk's own sample."""
        if self._secret is None:
            return ""
        stamp, sign = call.query.get("timestamp", ""), call.query.get("sign", "")
        now = self._clock().timestamp() * 1000
        if not stamp.isdigit() or abs(now - int(stamp)) > _WINDOW:
            return "invalid timestamp, more: [https://ding-doc.dingtalk.com]"
        text = f"{stamp}\n{self._secret}".encode()
        made = hmac.new(self._secret.encode(), text, digestmod=hashlib.sha256).digest()
        if base64.b64encode(made).decode() != sign:
            return "sign not match, more: [https://ding-doc.dingtalk.com]"
        return ""

    def _too_fast(self, now: float) -> bool:
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if len(self._times) >= PER_MINUTE:
            self.banned_until = now + BAN
            return True
        self._times.append(now)
        return False
