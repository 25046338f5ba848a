"""The settings of a DingTalk robot."""

from __future__ import annotations

from typing import Literal

import attrs

from crmkit.contracts.settings import Secret


@attrs.frozen(kw_only=True)
class DingTalkConfig:
    """How to reach the robot of a group.

    Attributes:
        access_token: The token in the address of its webhook.
        secret: What posts are signed with (``SEC...``); None: the robot is secured otherwise.
        format: ``text`` or ``markdown``.
        at_mobiles: Mobile numbers of the colleagues to mention.
        at_all: Whether to mention everybody.
        app_secret: Secret of the application whose robot hears what colleagues write to it; None:
            nothing is heard.
        endpoint: Where DingTalk is.
        allow_private: Whether the endpoint may be a private address.
    """

    access_token: Secret
    secret: Secret | None = None
    format: Literal["text", "markdown"] = "text"
    at_mobiles: tuple[str, ...] = ()
    at_all: bool = False
    app_secret: Secret | None = None
    endpoint: str = "https://oapi.dingtalk.com"
    allow_private: bool = False
