"""Feishu's (and Lark's) group bots: the signature in the body, and errors under HTTP 200."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import deque
from typing import Any

from crmkit.clock import Clock, system_clock
from crmkit.testing.simulators.base import Answer, Call, Simulator

PER_MINUTE, PER_SECOND = 100, 5
"""Posts that one bot takes."""
LONGEST = 20 * 1024
"""Bytes that the body of a post may have."""
_WINDOW = 3600  # seconds that a timestamp may be off


class Feishu(Simulator):
    """One bot of one group.

    Attributes:
        posts: The bodies of what the group saw, without timestamp and sign.
    """

    def __init__(
        self,
        token: str = "hook-token",  # noqa: S107 - made up
        *,
        secret: str | None = "feishu-secret",  # noqa: S107 - made up
        keyword: str = "",
        clock: Clock = system_clock,
    ) -> None:
        """Make the bot.

        Args:
            token: The end of its webhook's address.
            secret: What posts are signed with; None: they are not.
            keyword: What every text must contain.
            clock: Judges timestamps and counts seconds.
        """
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self._path = f"/open-apis/bot/v2/hook/{token}"
        self._secret, self._keyword, self._clock = secret, keyword, clock
        self._times: deque[float] = deque()

    @property
    def texts(self) -> list[str]:
        """Give the texts of what the group saw."""
        return [post["content"]["text"] for post in self.posts]

    def answer(self, call: Call) -> Answer:
        """Carry a post out."""
        if call.method != "POST" or call.path != self._path:
            return Answer({"code": 19001, "msg": "param invalid: incoming webhook access token"})
        code, words = self._judge(call)
        if code:
            return Answer({"code": code, "data": {}, "msg": words})
        done = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}}
        return Answer({**done, "msg": "success"})

    def _judge(self, call: Call) -> tuple[int, str]:
        try:
            body = json.loads(call.body)
            text = body["content"]["text"] if body["msg_type"] == "text" else ""
        except (ValueError, KeyError, TypeError):
            return 9499, "Bad Request"
        if not isinstance(text, str) or len(call.body) > LONGEST:
            return 9499, "Bad Request"
        if not self._signed(body.pop("timestamp", ""), body.pop("sign", "")):
            return 19021, "sign match fail or timestamp is not within one hour from current time"
        if self._keyword not in text:
            return 19024, "Key Words Not Found"
        if self._too_fast(self._clock().timestamp()):
            return 11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]"
        self.posts.append(body)
        return 0, "success"

    def _signed(self, stamp: object, sign: object) -> bool:
        """Check a signature by the steps of Feishu's own sample."""
        if self._secret is None:
            return True
        if not isinstance(stamp, str) or not stamp.isdigit():
            return False
        key = f"{stamp}\n{self._secret}"
        made = hmac.new(key.encode("utf-8"), digestmod=hashlib.sha256).digest()
        off = abs(self._clock().timestamp() - int(stamp))
        return off <= _WINDOW and base64.b64encode(made).decode("utf-8") == sign

    def _too_fast(self, now: float) -> bool:
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        lately = sum(time > now - 1 for time in self._times)
        if len(self._times) >= PER_MINUTE or lately >= PER_SECOND:
            return True
        self._times.append(now)
        return False
