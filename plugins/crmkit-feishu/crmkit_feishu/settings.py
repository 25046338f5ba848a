"""The settings of a Feishu bot."""

from __future__ import annotations

import attrs

from crmkit.contracts.settings import Secret


@attrs.frozen(kw_only=True)
class FeishuConfig:
    """How to reach the bot of a group.

    Attributes:
        token: The end of its webhook's address, after ``/hook/``.
        secret: What posts are signed with; None: the bot is secured otherwise.
        endpoint: Where Feishu is; Lark is at ``https://open.larksuite.com``.
        allow_private: Whether the endpoint may be a private address.
    """

    token: Secret
    secret: Secret | None = None
    endpoint: str = "https://open.feishu.cn"
    allow_private: bool = False
