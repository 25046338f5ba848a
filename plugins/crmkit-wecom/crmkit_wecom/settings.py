"""The settings of the two channels."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from crmkit.contracts.settings import Secret

ENDPOINT = "https://qyapi.weixin.qq.com"
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")


def _aes_key(_config: object, field: attrs.Attribute[Secret | None], value: Secret | None) -> None:
    if value is not None and not _AES_KEY.fullmatch(value.reveal()):
        raise ValueError(f"'{field.name}' must be the 43 letters and digits that WeCom shows")


@attrs.frozen(kw_only=True)
class WeComConfig:
    """How to reach customers.

    Attributes:
        corpid: Id of the company.
        corpsecret: Secret of "Customer Contact", or of an application that may use it.
        employees: WeCom userid of each account manager, by crmkit's name of them.
        sender: WeCom userid of who sends for account managers not named there; None: WeCom picks a
            colleague whom the customer added.
        days: For how many days it is asked whether a message was confirmed, 1 to 30.
        token: Token of the callback; None: callbacks are refused.
        encoding_aes_key: Key of the callback.
        endpoint: Where WeCom is.
        allow_private: Whether the endpoint may be a private address.
    """

    corpid: str
    corpsecret: Secret
    employees: Mapping[str, str] = attrs.field(factory=dict)
    sender: str | None = None
    days: int = attrs.field(default=7, validator=[attrs.validators.ge(1), attrs.validators.le(30)])
    token: Secret | None = None
    encoding_aes_key: Secret | None = attrs.field(default=None, validator=_aes_key)
    endpoint: str = ENDPOINT
    allow_private: bool = False


@attrs.frozen(kw_only=True)
class WeComBotConfig:
    """How to reach the bot of a group of colleagues.

    Attributes:
        key: The key in the address of its webhook.
        mentioned_list: WeCom userids of the colleagues to mention; ``@all`` is everybody.
        mentioned_mobile_list: Mobile numbers of the colleagues to mention.
        endpoint: Where WeCom is.
        allow_private: Whether the endpoint may be a private address.
    """

    key: Secret
    mentioned_list: tuple[str, ...] = ()
    mentioned_mobile_list: tuple[str, ...] = ()
    endpoint: str = ENDPOINT
    allow_private: bool = False
