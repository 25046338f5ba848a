"""What WhatsApp's error codes mean for a message: who must do what before it can go.

Source: Meta, WhatsApp Business Platform, "Error codes".
"""

from __future__ import annotations

from crmkit.contracts.answers import Codes, Meaning
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
_LATER = {
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
_ACCOUNT = "0 3 10 33 100 190 368 131005 131031 131037 131042 131045 133010"
"""Token, permission, account, payment or number; so are 200 to 299."""
_UNCLEAR = "1 131000"
"""Something went wrong on his side, and he does not say when."""

CODES = Codes(
    {
        **{code: Meaning(REFUSED, why) for code, why in _REFUSED.items()},
        **{
            code: Meaning(RETRY, "WhatsApp takes no more for now", after)
            for code, after in _LATER.items()
        },
        **dict.fromkeys(
            [*_ACCOUNT.split(), *map(str, range(200, 300))],
            Meaning(MISCONFIGURED, "token, permission, account or number"),
        ),
        **dict.fromkeys(
            _UNCLEAR.split(),
            Meaning(UNKNOWN, "WhatsApp failed, and does not say whether it sent it"),
        ),
    },
    families=[
        (
            "1320",
            Meaning(MISCONFIGURED, "the template is missing, paused or other than it is filled in"),
        )
    ],
    otherwise=Meaning(MISCONFIGURED, "WhatsApp does not take such a call"),
)
"""What each code means for a message."""
