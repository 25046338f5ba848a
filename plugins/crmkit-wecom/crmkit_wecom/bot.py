"""A WeCom bot that posts to its group.

Wire: https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

from crmkit.contracts.bots import StaffBot
from crmkit.contracts.channel import Message
from crmkit.contracts.http import Reply
from crmkit_wecom.codes import CODES
from crmkit_wecom.settings import WeComBotConfig


class WeComBot(StaffBot):
    """The bot of a WeCom group; its key is its only credential, nothing is signed."""

    codes = CODES
    longest = 2048
    """Bytes of a text, not characters."""

    def __init__(self, config: WeComBotConfig) -> None:
        """Keep the settings."""
        super().__init__(config)
        self._config = config

    def post(self, text: str, message: Message) -> Reply:
        """Post a text."""
        del message  # a text has no subject
        content = {
            "content": text,
            "mentioned_list": list(self._config.mentioned_list),
            "mentioned_mobile_list": list(self._config.mentioned_mobile_list),
        }
        return self.http.call(
            "POST",
            self._config.endpoint.rstrip("/") + "/cgi-bin/webhook/send",
            params={"key": self._config.key.reveal()},
            json_body={"msgtype": "text", "text": content},
        )
