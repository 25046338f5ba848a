"""Messages that nobody knows the fate of: looked up where that can be done, else left to a person.

Absence is no proof that a message was not sent, so what is not found stays as it is; unless the
channel's ``on_unknown = "resend"`` says that twice is better than never.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.arguments import seq_of, show, text
from crmkit.contracts import channel as outcomes
from crmkit.contracts.channel import Receipt
from crmkit.contracts.store import Reader
from crmkit.contracts.tables import MESSAGE
from crmkit.errors import CrmkitError, DecisionNotFound, RefusedError
from crmkit.model.outreach import ACCEPTED, PLANNED, REFUSED, UNKNOWN
from crmkit.outreach.dispatching import overdue
from crmkit.outreach.ledger import Entry, by_numbers, in_state, listing, of_customers
from crmkit.outreach.lines import RESEND, Line
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.settling import answered, capture_sent, given_up, go_on
from crmkit.outreach.setup import Setup

_LOG = logging.getLogger(__name__)
_PAGE = 500
_FINAL = frozenset({"holdout", "ended", "expired"})
"""Reasons that nobody mends."""


def reconcile(setup: Setup) -> Counter[str]:
    """Settle what can be; count the rows by the state they have now.

    Raises:
        CrmkitError: a channel could not look its messages up; the others were settled.
    """
    overdue(setup)
    with setup.session.store.read() as reader:
        unknown = list(in_state(reader, UNKNOWN))
    states: Counter[str] = Counter()
    failed: Exception | None = None
    for name in sorted({one.channel for one in unknown}):
        mine = [one for one in unknown if one.channel == name]
        try:
            line = setup.lines.get(name)
            for start in range(0, len(mine), _PAGE):
                part = mine[start : start + _PAGE]
                states.update(one.state for one in _settled(setup, line, part))
        except Exception as error:  # noqa: BLE001 - one channel's trouble is not the others'
            _LOG.warning("channel %s could not look its messages up: %s", name, error)
            failed, states[UNKNOWN] = error, states[UNKNOWN] + len(mine)
    if isinstance(failed, CrmkitError):
        raise failed
    if failed is not None:
        raise CrmkitError(f"a channel could not look its messages up: {failed}") from failed
    return states


def decide(setup: Setup, id: str, sent: bool, by: str | None) -> Entry:  # noqa: A002, FBT001
    """Let a person say what became of a message that nobody knows the fate of.

    Raises:
        DecisionNotFound: no message has that id.
        RefusedError: its fate is known.
    """
    with setup.session.store.read() as reader:
        one = find(reader, id)
    if one.state != UNKNOWN:
        raise RefusedError(f"message {id} is {one.state}: only an unknown one is to be settled")
    outcome = outcomes.ACCEPTED if sent else outcomes.RETRY
    receipt = Receipt(message_id=one.id, outcome=outcome, reason=f"said by {by}")
    line = setup.lines.get(one.channel)
    return next(iter(_written(setup, line, [one], {one.id: receipt})), one)


def again(setup: Setup, id: str) -> Entry:  # noqa: A002
    """Enter a message anew that was refused or given up, since what was wrong is mended.

    Raises:
        DecisionNotFound: no message has that id.
        RefusedError: it went, may have gone, waits as it is, or another channel has taken it over.
    """
    with setup.session.store.write() as writer:
        one = find(writer, id)
        if not given_up(one):
            why = f"message {id} is {one.state}: only one that was refused or given up goes again"
            raise RefusedError(why)
        for other in of_customers(writer, [one.customer]):
            if other.mailing == one.mailing and not given_up(other):
                why = f"message {id} went on by {other.channel}: message {other.id} is that"
                raise RefusedError(f"{why}, and he would get it twice")
        new = _anew(one, setup.session.now())
        writer.put(MESSAGE, [new])
    return new


def all_again(setup: Setup, wanted: Mapping[str, Any]) -> list[Entry]:
    """Enter every message anew that `again` would, of those with these columns.

    Whose message was given up by several channels gets it by the first of them.

    Args:
        setup: What outreach works with.
        wanted: ``occasion``, ``channel`` and ``reason``; None: whichever.
    """
    now = setup.session.now()
    with setup.session.store.write() as writer:
        open_ = [one for one in listing(writer, None, **wanted) if given_up(one)]
        taken = {
            (one.customer, one.mailing)
            for one in of_customers(writer, {one.customer for one in open_})
            if not given_up(one)
        }
        new: list[Entry] = []
        for one in open_:
            whose = (one.customer, one.mailing)
            if whose not in taken and one.reason not in _FINAL:
                taken.add(whose)
                new.append(_anew(one, now))
        writer.put(MESSAGE, list(new))
    return new


def _anew(one: Entry, now: int) -> Entry:
    """Give a row as it was when it was entered, but due now."""
    return one._replace(state=PLANNED, reason=None, detail="", at=now, next=now, attempts=0)


def find(reader: Reader, id: str) -> Entry:  # noqa: A002
    """Read one message.

    Raises:
        DecisionNotFound: none has that id.
    """
    number = seq_of(text("id", id))
    for one in by_numbers(reader, [] if number is None else [number]):
        return one
    raise DecisionNotFound(f"no message has the id {show(id)}", id=id)


def _settled(setup: Setup, line: Line, unknown: Sequence[Entry]) -> list[Entry]:
    found: Mapping[str, Receipt] = {}
    if line.can("find"):
        found = setup.lines.open(line.name).find([one.id for one in unknown])
    return _written(setup, line, unknown, found)


def _written(
    setup: Setup, line: Line, unknown: Sequence[Entry], found: Mapping[str, Receipt]
) -> list[Entry]:
    now = setup.session.now()
    with setup.joint() as (writer, take):
        there = by_numbers(writer, (one.number for one in unknown))
        mine = [one for one in there if one.state == UNKNOWN]
        settled = [_known(setup, line, one, found.get(one.id), now) for one in mine]
        changed = [one for one in settled if one.state != UNKNOWN]
        writer.put(MESSAGE, list(changed))
        mailings = read_mailings(writer, {one.mailing for one in changed})
        go_on(setup, writer, [one for one in changed if one.state == REFUSED], mailings)
        if not line.can("person"):
            capture_sent(take, line, (one for one in changed if one.state == ACCEPTED), mailings)
    return settled


def _known(setup: Setup, line: Line, one: Entry, receipt: Receipt | None, now: int) -> Entry:
    if receipt is not None and receipt.outcome == outcomes.REFUSED:
        return answered(setup, line, one, None, receipt, now)
    if receipt is not None and receipt.outcome == outcomes.ACCEPTED:
        return one._replace(
            state=ACCEPTED,
            reason=None,
            detail=receipt.reason,
            provider=receipt.provider_id or one.provider,
            at=now,
        )
    surely_not = receipt is not None and receipt.outcome == outcomes.RETRY
    if surely_not or line.on_unknown == RESEND:
        why = "it was not sent" if surely_not else "nobody knows whether it was sent"
        return one._replace(state=PLANNED, detail=f"{why}: it goes again", at=now, next=now)
    return one
