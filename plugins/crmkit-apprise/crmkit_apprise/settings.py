"""The settings of a channel: one Apprise URL, with the recipient as a placeholder."""

from __future__ import annotations

import re

import attrs

from crmkit.contracts.settings import Secret

PLACE = "{to}"
"""Where the recipient stands in a URL."""
BETTER = {
    "wecombot": "crmkit-wecom",
    "dingtalk": "crmkit-dingtalk",
    "feishu": "crmkit-feishu",
    "lark": "crmkit-feishu",
}
"""Services of Apprise that look at the HTTP status alone, where the provider tells a failure by an
HTTP 200 with a code in it, so that what failed would count as sent; and what serves instead."""
_NATIVE = {
    "qyapi.weixin.qq.com": "wecombot",
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "lark",
}
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#\s]*)\S*", re.IGNORECASE)


def _checked(_config: object, attribute: attrs.Attribute[Secret], value: Secret) -> None:
    found = _URL.fullmatch(value.reveal())
    if found is None:
        raise ValueError(f"'{attribute.name}' must be one URL as Apprise has them")
    schema, host = found[1].lower(), found[2].rpartition("@")[2].partition(":")[0].lower()
    name = _NATIVE.get(host, schema)
    if name in BETTER:
        raise ValueError(
            f"'{attribute.name}' must not be {name}: Apprise takes its failures for successes; "
            f"install {BETTER[name]}"
        )


def _customers(_config: object, attribute: attrs.Attribute[Secret], value: Secret) -> None:
    if PLACE not in value.reveal():
        raise ValueError(
            f"'{attribute.name}' must hold {PLACE} where the recipient goes; "
            "for alerts to colleagues take the type apprise.staff"
        )


def _colleagues(_config: object, attribute: attrs.Attribute[Secret], value: Secret) -> None:
    if PLACE in value.reveal():
        raise ValueError(f"'{attribute.name}' must not hold {PLACE}: an alert has no recipient")


@attrs.frozen(kw_only=True)
class CustomerConfig:
    """Settings of a channel to customers.

    Attributes:
        service: URL of the service with the credential in it, and ``{to}`` for the recipient, such
            as ``tgram://BOT_TOKEN/{to}``.
    """

    service: Secret = attrs.field(validator=[_checked, _customers])


@attrs.frozen(kw_only=True)
class StaffConfig:
    """Settings of a channel to colleagues.

    Attributes:
        service: URL of the service with credential and place in it, such as
            ``slack://TOKEN/%23sales``.
    """

    service: Secret = attrs.field(validator=[_checked, _colleagues])
