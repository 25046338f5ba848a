"""Alerts to colleagues by a staff bot: no customer is addressed, but the ledger knows them."""

from __future__ import annotations

from crmkit.arguments import ID_LIMIT, refuse, text
from crmkit.contracts.tables import MESSAGE
from crmkit.model.consent import SERVICE
from crmkit.outreach.dispatching import dispatch, refuse_hosted
from crmkit.outreach.ledger import Entry, by_numbers, entry
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.setup import Setup
from crmkit.outreach.taking import channel_name
from crmkit.outreach.templates.catalogue import Source


def alert(setup: Setup, channel: str, said: str, occasion: str) -> Entry:
    """Enter an alert and send it at once; the same occasion once more sends nothing.

    Raises:
        InvalidValueError: the channel reaches customers, or the text is empty.
        RefusedError: it would send inside a transaction of the host's.
    """
    refuse_hosted(setup)
    line = setup.lines.get(channel_name(channel))
    if line.spec.identity is not None or line.can("person"):
        refuse("channel", f"must reach colleagues, but {line.name} reaches customers", channel)
    mailing = Mailing(
        purpose=SERVICE,
        occasion=text("occasion", occasion, ID_LIMIT, least=1),
        channel=line.name,
        source=Source(forms={}),
        variables={"text": text("text", said, least=1)},
    )
    with setup.session.store.write() as writer:
        for row in writer.fetch(MESSAGE, [("", SERVICE, mailing.occasion, line.name)]):
            return entry(row)
        deciding = setup.session.deciding("")
        recorded = mailing.record(writer, deciding, None)
        new = Entry(
            customer="",
            purpose=SERVICE,
            occasion=mailing.occasion,
            channel=line.name,
            number=writer.sequence(1),
            mailing=recorded.number,
            at=deciding.now,
            planned=deciding.now,
            next=deciding.now,
        )
        writer.append(MESSAGE, [new])
    dispatch(setup, only=[new.number])
    with setup.session.store.read() as reader:
        return by_numbers(reader, [new.number])[0]
