"""What Twilio's codes mean (twilio.com/docs/api/errors)."""

from __future__ import annotations

from crmkit.contracts.answers import Codes, Meaning
from crmkit.contracts.channel import MISCONFIGURED, REFUSED, RETRY, UNKNOWN

DEAD = frozenset({"21211", "21614", "30005"})
"""No such number, no mobile number, a number that is not in use."""
STOPPED = "21610"
"""The person answered STOP to this sender."""

_LATER = "14107 20429 20503 21611 30001 63018"
_PERSON = "21211 21610 21612 21614 21617"
_SETTINGS = "21408 21603 21606 21608 21609 21659 21660 21701 21703 21705 21655"

CODES = Codes(
    {
        **dict.fromkeys(_LATER.split(), Meaning(RETRY)),
        **dict.fromkeys(_PERSON.split(), Meaning(REFUSED)),
        **dict.fromkeys(_SETTINGS.split(), Meaning(MISCONFIGURED)),
        "20504": Meaning(UNKNOWN),  # timed out within Twilio
    },
    families=(
        ("205", Meaning(RETRY)),
        ("20", Meaning(MISCONFIGURED)),
        ("21", Meaning(REFUSED)),
        ("30", Meaning(REFUSED)),
    ),
    otherwise=Meaning(MISCONFIGURED),
)
"""What each code means for a message. 21408, 21608, 21660 and their like are about the account:
regions it may send to, a trial that reaches verified numbers only, a sender that is not its own."""
