"""What WhatsApp's error codes mean for a message: who must do what before it can go.

Source: Meta, WhatsApp Business Platform, "Error codes".
"""

from __future__ import annotations

from crmkit.contracts.channel import MISCONFIGURED, REFUSED, RETRY, UNKNOWN

STOPPED = "131050"
"""The customer wants no marketing messages from this firm."""
PAIR = 6.0
"""Seconds between two messages to one customer (131056)."""

_REFUSED = {
    "130472": "he is part of an experiment of Meta's that gets no marketing",
    "130497": "the firm may not write to his country",
    "131008": "content: a parameter is missing",
    "131009": "content: a parameter is not valid",
    "131021": "the recipient is the sender",
    "131026": "undeliverable: no WhatsApp there, an old version, or its terms not accepted",
    "131030": "not on the list of recipients of a test number",
    "131047": "content: the customer has not written for 24 hours, and it is no template",
    "131049": "he got enough marketing by WhatsApp's own measure; not again soon",
    STOPPED: "he wants no marketing from this firm",
    "131051": "content: a kind of message that WhatsApp does not know",
}
_RETRY = {
    "2": None,
    "4": None,
    "80007": None,
    "130429": None,
    "131016": None,
    "131048": 3600.0,
    "131056": PAIR,
    "131057": None,
}
"""Too much at once, or out of service: seconds to wait, where they are known."""
_ACCOUNT = frozenset("0 3 10 33 100 190 368 131005 131031 131037 131042 131045 133010".split())
"""Token, permission, account, payment or number."""
_UNCLEAR = frozenset({"1", "131000"})
"""Something went wrong on his side, and he does not say when."""
_TEMPLATES = range(132000, 132070)
_PERMISSIONS = range(200, 300)


def meaning(code: str, status: int) -> tuple[str, str, float | None]:
    """Give the outcome, why in words, and the seconds to wait where they are known.

    Args:
        code: Of the error, as he spells it; empty where he gave none.
        status: HTTP status of the answer.
    """
    if code in _REFUSED:
        return REFUSED, _REFUSED[code], None
    if code in _RETRY:
        return RETRY, "WhatsApp takes no more for now", _RETRY[code]
    if code in _UNCLEAR:
        return UNKNOWN, "WhatsApp failed, and does not say whether it sent it", None
    number = int(code) if code.isascii() and code.isdigit() else 0
    if number in _TEMPLATES:
        return MISCONFIGURED, "the template is missing, paused or other than it is filled in", None
    if code in _ACCOUNT or number in _PERMISSIONS:
        return MISCONFIGURED, "token, permission, account or number", None
    if status in (429, 503):
        return RETRY, "WhatsApp takes no more for now", None
    if status >= 500:  # noqa: PLR2004 - the servers' own errors
        return UNKNOWN, "WhatsApp failed, and does not say whether it sent it", None
    return MISCONFIGURED, "WhatsApp does not take such a call", None
