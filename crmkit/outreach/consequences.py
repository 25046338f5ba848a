"""What follows from a receipt: consent is taken back, an address suppressed."""

from __future__ import annotations

from crmkit.capture.normalise import Normaliser
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


def withdraws(one: Delivery) -> bool:
    """Tell whether whoever this comes from wants no more messages."""
    return one.what == "unsubscribed" or (one.what == "replied" and refuses(one.text))


def suppresses(one: Delivery) -> bool:
    """Tell whether nothing goes any more to the address that this is about."""
    return one.what == "complained" or (one.what == "bounced" and one.permanent)


def consequences(  # noqa: PLR0913 - what follows from a receipt
    setup: Setup,
    writer: Writer,
    line: Line,
    one: Delivery,
    whose: Recipient,
    about: Entry | None,
    *,
    foreign: bool,
) -> None:
    """Take consent back and suppress, where a receipt says so.

    Whoever got one message can write a report about it and name any address: one that another
    customer has (`foreign`) is not suppressed by it.
    """
    now = setup.session.now()
    written_for = whose.root if about is None else about.customer
    identity = reached_as(whose, line, written_for, _spelled(setup, line, one.address))
    # It is his own act, whoever runs the program.
    deciding = Deciding(now=now, by=None, reason=f"{one.what} by {line.name}")
    if withdraws(one):
        single = one.what == "unsubscribed" and about is not None
        purposes = (about.purpose,) if single and about is not None else _REFUSED
        write_withdrawal(writer, whose.root, purposes, line.name, deciding)
    elif suppresses(one) and not foreign:
        # His code and no words: they often repeat the address, which shall outlive no erasure.
        bounced = f"it bounced: {one.code or 'no such address'}"
        why = bounced if one.what == "bounced" else "he complained of spam"
        never = Suppressed(pair=identity, reason=why[:NOTE], source=line.name)
        suppress(writer, setup.key, [never], now=now)


def _spelled(setup: Setup, line: Line, address: str | None) -> str | None:
    system = line.spec.identity
    if system is None or not address:
        return address
    return Normaliser(setup.region).key(system, address) or address
