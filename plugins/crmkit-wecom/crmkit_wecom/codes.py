"""What WeCom's codes mean: https://developer.work.weixin.qq.com/document/path/90313."""

from __future__ import annotations

from crmkit.contracts.answers import Codes, Meaning

MINUTE = 60
"""Seconds after which calls that came too often are taken again."""
STALE = frozenset({"40014", "42001"})
"""The access token is not valid, or no longer: a new one mends it."""

CODES = Codes(
    {
        "-1": Meaning("retry", "WeCom is busy"),
        "40001": Meaning("misconfigured", "corpsecret is wrong"),
        "40003": Meaning("refused", "no such employee: see to employees and sender"),
        "40013": Meaning("misconfigured", "corpid is wrong"),
        "40014": Meaning("misconfigured", "WeCom takes no access token"),
        "40058": Meaning("refused", "WeCom cannot take the message as it is"),
        "40096": Meaning("refused", "no such external_userid"),
        "41001": Meaning("misconfigured", "WeCom takes no access token"),
        "41002": Meaning("misconfigured", "corpid is missing"),
        "41004": Meaning("misconfigured", "corpsecret is missing"),
        "42001": Meaning("misconfigured", "WeCom takes no access token"),
        "45009": Meaning("retry", "too many calls", MINUTE),
        "45033": Meaning("retry", "too many calls at once", MINUTE),
        "48002": Meaning("misconfigured", "the secret may not use Customer Contact"),
        "60011": Meaning("misconfigured", "the secret may not see this employee"),
        "60020": Meaning("misconfigured", "WeCom does not know this IP address: add it there"),
        "84061": Meaning("refused", "no employee has this customer among his contacts"),
        "84074": Meaning("misconfigured", "the employee may not contact customers"),
        "93000": Meaning("misconfigured", "key is wrong, or the bot is no longer in the group"),
        "301002": Meaning("misconfigured", "the secret may not use Customer Contact"),
    },
    field=("errcode",),
    words=("errmsg",),
)
