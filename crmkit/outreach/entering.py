"""Entering messages into the ledger.

What speaks against a message for good is recorded at once; what only has to wait is decided when
it is sent, and so is everything once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from crmkit.contracts.decisions import Deciding
from crmkit.contracts.tables import MESSAGE
from crmkit.lot import drawn
from crmkit.model.outreach import PLANNED, REFUSED
from crmkit.outreach.chosen import PAGE, Chosen, already_there, choose_all
from crmkit.outreach.gate import Verdict
from crmkit.outreach.ledger import Entry
from crmkit.outreach.mailings import Mailing
from crmkit.outreach.setup import Setup
from crmkit.paging import pages

HOLDOUT = "holdout"


def enqueue(  # noqa: PLR0913 - what is sent, to whom, and who decided it
    setup: Setup,
    ids: Iterable[str],
    mailing: Mailing,
    deciding: Deciding,
    own: Mapping[str, Mapping[str, Any]],
    holdout: float,
) -> list[Entry]:
    """Enter messages page by page; who is in the ledger for this occasion stays as he is.

    But whose message was refused before any channel had it is looked at anew: what was wrong may
    be mended.
    """
    entered: list[Entry] = []
    everybody = list(dict.fromkeys(ids))
    recorded = mailing
    for page in pages(everybody, PAGE):
        with setup.session.store.write() as writer:
            chosen = choose_all(setup, writer, page, mailing, own)
            there = already_there(writer, chosen, mailing)
            enter = partial(entry_of, now=deciding.now, own=own, holdout=holdout)
            new = [one for one in chosen if one.root not in there]
            mended = [
                one
                for one in chosen
                if one.root in there and otherwise(there[one.root], enter(one, mailing, 0))
            ]
            if (new or mended) and not recorded.number:
                alone = chosen[0].root if len(chosen) == 1 and page == everybody else None
                recorded = mailing.record(writer, deciding, alone)
            first = writer.sequence(len(new)) if new else 0
            made = {one.root: enter(one, recorded, number) for number, one in enumerate(new, first)}
            made |= {one.root: enter(one, recorded, there[one.root][0].number) for one in mended}
            writer.delete(MESSAGE, [row.key for one in mended for row in there[one.root]])
            writer.append(MESSAGE, list(made.values()))
            found = {root: rows[0] for root, rows in there.items()} | made
            entered.extend(found[one.root] for one in chosen)
    return entered


def otherwise(there: Sequence[Entry], now: Entry) -> bool:
    """Tell whether what was refused before any channel had it is judged otherwise now."""
    if any(one.state != REFUSED or one.attempts or one.reason == HOLDOUT for one in there):
        return False
    judged = {(one.state, one.reason, one.detail) for one in there}
    return (now.state, now.reason, now.detail) not in judged


def entry_of(  # noqa: PLR0913 - what a row is made of
    one: Chosen,
    mailing: Mailing,
    number: int,
    *,
    now: int,
    own: Mapping[str, Mapping[str, Any]],
    holdout: float,
) -> Entry:
    """Make the row of one customer.

    Args:
        one: What was found for him.
        mailing: What he gets.
        number: The row's own.
        now: When it is entered, in microseconds.
        own: Further values, by the ids that were asked for.
        holdout: Share of the customers who get nothing, 0.0 to 1.0.
    """
    verdict = one.verdict
    if verdict is None and drawn(f"{mailing.occasion}\0{one.root}", holdout):
        verdict = Verdict(HOLDOUT, "set aside by lot, to see what the message brings")
    # Of somebody who is not known nothing is kept: he may have been erased.
    variables = None if one.recipient is None else own.get(one.asked)
    return Entry(
        customer=one.root,
        purpose=mailing.purpose,
        occasion=mailing.occasion,
        channel=_channel(one, mailing),
        number=number,
        mailing=mailing.number,
        state=PLANNED if verdict is None else REFUSED,
        reason=None if verdict is None else verdict.reason,
        detail="" if verdict is None else verdict.detail,
        at=now,
        planned=now,
        next=now if verdict is None else None,
        expires=mailing.expires,
        variables=None if variables is None else json.dumps(variables, ensure_ascii=False),
    )


def _channel(one: Chosen, mailing: Mailing) -> str:
    return mailing.channel or ("" if one.attempt is None else one.attempt.line.name)
