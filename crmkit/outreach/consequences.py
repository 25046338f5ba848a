"""What follows from a receipt: consent is taken back, an address suppressed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit.capture.keys import Key
from crmkit.contracts.channel import Delivery
from crmkit.contracts.decisions import Deciding
from crmkit.contracts.store import Writer
from crmkit.model.consent import CARE, MARKETING, SERVICE
from crmkit.outreach.consents import write_withdrawal
from crmkit.outreach.keywords import refuses
from crmkit.outreach.ledger import Entry
from crmkit.outreach.lines import Line
from crmkit.outreach.recipients import Recipient, reached_as
from crmkit.outreach.setup import Setup
from crmkit.outreach.suppression import Suppressed, suppress

_REFUSED = (SERVICE, CARE, MARKETING)
"""Purposes that somebody who answers STOP wants no more of: all but what he must know."""
NOTE = 500
"""Most characters of what is kept of a provider's words."""


@attrs.frozen
class About:
    """Whom a receipt is about.

    Attributes:
        whose: Who got the message, or answered.
        message: Which; None: that is not said.
        named: The identity that is named; None: none is.
        others: Who has the address it is about by now, where that is not he.
    """

    whose: Recipient
    message: Entry | None
    named: Key | None
    others: Sequence[Recipient] = ()

    @property
    def sure(self) -> bool:
        """Whether it is about the very address that the message went to."""
        return self.message is not None and self.named in (None, self.message.identity)


def withdraws(one: Delivery) -> bool:
    """Tell whether whoever this comes from wants no more messages."""
    return one.what == "unsubscribed" or (one.what == "replied" and refuses(one.text))


def suppresses(one: Delivery) -> bool:
    """Tell whether nothing goes any more to the address that this is about."""
    return one.what == "complained" or (one.what == "bounced" and one.permanent)


def consequences(setup: Setup, writer: Writer, line: Line, one: Delivery, about: About) -> None:
    """Take consent back and suppress, where a receipt says so.

    Whoever got one message can write a report about it and name any address: one that another
    customer has is not suppressed by it, unless the message went there, since the two were merged
    then. Where it did, an unsubscription is the word of both.
    """
    now = setup.session.now()
    # It is his own act, whoever runs the program.
    deciding = Deciding(now=now, by=None, reason=f"{one.what} by {line.name}")
    if withdraws(one):
        single = about.message if one.what == "unsubscribed" else None
        purposes = _REFUSED if single is None else (single.purpose,)
        for his in (about.whose, *(about.others if about.sure else ())):
            write_withdrawal(writer, his.root, purposes, line.name, deciding)
    elif suppresses(one) and (about.sure or not about.others):
        # His code and no words: they often repeat the address, which shall outlive no erasure.
        bounced = f"it bounced: {one.code or 'no such address'}"
        why = bounced if one.what == "bounced" else "he complained of spam"
        identity = reached_as(about.whose, line, about.message, about.named)
        never = Suppressed(pair=identity, reason=why[:NOTE], source=line.name)
        suppress(writer, setup.key, [never], now=now)
