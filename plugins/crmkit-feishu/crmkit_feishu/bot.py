"""A Feishu or Lark bot that posts to its group.

Wire: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from crmkit.contracts.answers import Codes, Meaning
from crmkit.contracts.bots import StaffBot
from crmkit.contracts.channel import Message
from crmkit.contracts.http import Reply
from crmkit.contracts.signatures import base64_digest
from crmkit_feishu.settings import FeishuConfig

PAUSE = 60
"""Seconds after which a bot that went too fast surely takes posts again."""
_BODY = 20 * 1024  # bytes that the body of a call may have
_AROUND = 240  # bytes of it that are not the text: type, timestamp and sign


def sign(seconds: int | str, secret: str) -> str:
    """Sign an instant: instant and secret are the key, and the message is empty."""
    return base64_digest(f"{seconds}\n{secret}", b"")


class FeishuBot(StaffBot):
    """The bot of a Feishu or Lark group."""

    codes = Codes(
        {
            "9499": Meaning("refused", "Feishu cannot read the post"),
            "11232": Meaning("retry", "more than 5 posts in a second or 100 in a minute", PAUSE),
            "19001": Meaning("misconfigured", "token is not that of a bot"),
            "19021": Meaning(
                "misconfigured", "secret is not that of the bot, or a clock is an hour off"
            ),
            "19022": Meaning("misconfigured", "the bot does not take posts from this IP address"),
            "19024": Meaning("misconfigured", "the bot wants a keyword that the text has not"),
        },
        field=("code", "StatusCode"),  # older installations answer with the second name alone
        words=("msg", "StatusMessage"),
    )
    longest = _BODY - _AROUND

    def __init__(self, config: FeishuConfig) -> None:
        """Keep the settings."""
        super().__init__(config)
        self._config = config

    def size(self, text: str) -> int:
        """Measure a text as it stands in the body: JSON makes some letters longer."""
        return len(json.dumps(text, ensure_ascii=False).encode())

    def post(self, text: str, message: Message) -> Reply:
        """Post a text, signed where a secret is set."""
        del message  # a text has no subject
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self._config.secret:
            stamp = str(int(self.clock().timestamp()))
            body |= {"timestamp": stamp, "sign": sign(stamp, self._config.secret.reveal())}
        hook = quote(self._config.token.reveal(), safe="")
        url = f"{self._config.endpoint.rstrip('/')}/open-apis/bot/v2/hook/{hook}"
        return self.http.call("POST", url, json_body=body)
