"""The settings of each provider, called as the provider calls them."""

from __future__ import annotations

from typing import Any

import attrs

from crmkit.contracts.settings import Secret

_SHORTEST_TOKEN = 16


def _long_enough(_: Any, attribute: attrs.Attribute[Any], value: Secret | None) -> None:
    if value is not None and len(value.reveal()) < _SHORTEST_TOKEN:
        message = (
            f"'{attribute.name}' must have {_SHORTEST_TOKEN} characters: it is all that guards"
        )
        raise ValueError(message + " the address that receipts are pushed to")


_WORD = attrs.validators.matches_re(r"[!-~]+")  # it travels in a header
_FEW = (attrs.validators.ge(1), attrs.validators.le(64))


@attrs.frozen(kw_only=True)
class AliyunSettings:
    """Settings of ``aliyun-sms``.

    Attributes:
        access_key_id: Of a RAM user that may send messages.
        access_key_secret: Its secret.
        sign_name: Approved signature (签名), where a template names none.
        receipt_token: Last part, or ``token=``, of the address that receipts are pushed to, since
            Aliyun does not sign them; 16 characters or more. None: pushes are refused.
        report_queue: Queue of receipts, ``Alicom-Queue-...-SmsReport``; empty: none is fetched.
        reply_queue: Queue of replies, ``Alicom-Queue-...-SmsUp``; empty: none is fetched.
        connections: Messages that are on their way at the same time, 1 to 64.
        endpoint: Where messages are sent to.
        token_endpoint: Where the key to the queues is asked for.
        queue_endpoint: Where the queues are read.
        allow_private: Whether these may lead to private addresses.
    """

    access_key_id: str = attrs.field(validator=_WORD)
    access_key_secret: Secret
    sign_name: str = ""
    receipt_token: Secret | None = attrs.field(default=None, validator=_long_enough)
    report_queue: str = ""
    reply_queue: str = ""
    connections: int = attrs.field(default=8, validator=_FEW)
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    token_endpoint: str = "https://dybaseapi.aliyuncs.com"  # noqa: S105 - an address
    queue_endpoint: str = "https://1943695596114318.mns.cn-hangzhou.aliyuncs.com"
    allow_private: bool = False


@attrs.frozen(kw_only=True)
class TencentSettings:
    """Settings of ``tencent-sms``.

    Attributes:
        secret_id: Of the API key.
        secret_key: Its secret.
        sms_sdk_app_id: Of the application, such as ``1400006666``.
        sign_name: Approved signature (签名), where a template names none; may be empty for numbers
            outside of China's mainland.
        region: Where the request is handled.
        receipt_token: Last part, or ``token=``, of the address that receipts are pushed to, since
            Tencent does not sign them; 16 characters or more. None: pushes are refused.
        connections: Requests that are on their way at the same time, 1 to 64.
        endpoint: Where requests are sent to.
        allow_private: Whether it may lead to a private address.
    """

    secret_id: str = attrs.field(validator=_WORD)
    secret_key: Secret
    sms_sdk_app_id: str = attrs.field(validator=_WORD)
    sign_name: str = ""
    region: str = attrs.field(default="ap-guangzhou", validator=_WORD)
    receipt_token: Secret | None = attrs.field(default=None, validator=_long_enough)
    connections: int = attrs.field(default=8, validator=_FEW)
    endpoint: str = "https://sms.tencentcloudapi.com"
    allow_private: bool = False


@attrs.frozen(kw_only=True)
class TwilioSettings:
    """Settings of ``twilio-sms``.

    Attributes:
        account_sid: Of the account, ``AC...``.
        auth_token: Its token; calls that come in are signed with it, too.
        sender: ``From``: number or name that messages come from.
        messaging_service_sid: ``MG...``: the service that chooses the sender; instead of `sender`.
        status_callback: Public address, as Twilio calls it, that receipts are pushed to; empty:
            none are.
        connections: Messages that are on their way at the same time, 1 to 64.
        endpoint: Where messages are sent to.
        allow_private: Whether it may lead to a private address.
    """

    account_sid: str = attrs.field(validator=_WORD)
    auth_token: Secret
    sender: str = ""
    messaging_service_sid: str = ""
    status_callback: str = ""
    connections: int = attrs.field(default=8, validator=_FEW)
    endpoint: str = "https://api.twilio.com"
    allow_private: bool = False

    def __attrs_post_init__(self) -> None:
        if bool(self.sender) == bool(self.messaging_service_sid):
            raise ValueError("'sender' or messaging_service_sid must be set, and not both")
