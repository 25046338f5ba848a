"""Sending what is due: claimed under a lease, handed to the channel, and what it said written down.

A row is claimed before its channel is called, and only where it still stands as it was judged. So
of two dispatchers one sends it; and one that dies leaves it claimed until its lease is over, when
nobody knows whether it went.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from uuid import uuid4

from crmkit.contracts.tables import MESSAGE
from crmkit.errors import RefusedError
from crmkit.model.outreach import ACCEPTED, CLAIMED, UNKNOWN
from crmkit.outreach.ahead import Ahead
from crmkit.outreach.claiming import Claimed, claim, released
from crmkit.outreach.ledger import Entry, due
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.preparing import Batch, prepared
from crmkit.outreach.sending import Sending
from crmkit.outreach.settling import go_on
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import Steps, nothing

_UNHEARD = (ACCEPTED, "sent")
"""States in which the next channel may be waited for: a receipt that says more ends the wait."""


def dispatch(
    setup: Setup,
    limit: int | None = None,
    *,
    only: Collection[int] | None = None,
) -> Counter[str]:
    """Send until nothing is due; count the rows that came to each state.

    Args:
        setup: What outreach works with.
        limit: Look at so many rows at most; None: at all that are due.
        only: Numbers of the only rows to send; None: all that are due.

    Raises:
        RefusedError: it would send inside a transaction of the host's.
    """
    refuse_hosted(setup)
    most = setup.policy.batch
    left = limit

    def following() -> Steps[Batch | None]:
        limit = most if left is None else min(left, most)
        return prepared(setup, limit, only=only, breath=sending.breath)

    ahead, sending = Ahead(setup, following), Sending(setup)
    sending.states.update(entry.state for entry in overdue(setup))
    try:
        while left is None or left > 0:
            batch = ahead.take()
            if batch is None and sending.settle():  # it may have gone on by another channel
                batch = ahead.take()
            if batch is None:
                break
            if left is not None:
                left -= len(batch.ready)
            lease = uuid4().hex
            sending.handed.clear()
            judged, claimed = claim(setup, batch, lease, sending.paused)
            sending.states.update(entry.state for entry in judged)
            # A batch that is not full was the last, or nearly.
            more = len(batch.ready) == most and left != 0 and only is None
            by_channel = _by_channel(claimed)
            try:
                for name, mine in by_channel.items():
                    is_last = name == [*by_channel][-1]
                    meanwhile = ahead.prepare if more and is_last else nothing
                    sending.send(setup.lines.get(name), lease, batch, mine, meanwhile)
            except BaseException:  # whoever breaks it off: of these it is known that none went
                left_over = (one for one in claimed if one.entry.number not in sending.handed)
                released(setup, left_over, lease)
                raise
            if only is not None:
                break
    finally:
        sending.settle()
    return sending.states


def refuse_hosted(setup: Setup) -> None:
    """Send nothing where a host commits: what it undoes would have been sent, and goes again.

    Raises:
        RefusedError: the store takes part in transactions of the host's.
    """
    if setup.session.store.hosted:
        message = (
            "messages are not sent by a connection that using() gave: a claim must be committed "
            "before its message goes, and the host commits later. Dispatch by the connection that "
            "crmkit.connect gave, after the host's commit"
        )
        raise RefusedError(message)


def overdue(setup: Setup) -> list[Entry]:
    """Settle what waited too long: leases that are over, and receipts that never came.

    Returns:
        The rows that came to another state.
    """
    now = setup.session.now()
    with setup.session.store.read() as reader:
        if not any(due(reader, (CLAIMED, *_UNHEARD), now, 1)):
            return []
    with setup.session.store.write() as writer:
        lost = [
            one._replace(state=UNKNOWN, at=now, next=None, detail="its lease is over")
            for one in due(writer, (CLAIMED,), now, None)
        ]
        silent = [one._replace(next=None) for one in due(writer, _UNHEARD, now, None)]
        writer.put(MESSAGE, [*lost, *silent])
        go_on(setup, writer, silent, read_mailings(writer, {one.mailing for one in silent}))
    return lost


def _by_channel(claimed: Iterable[Claimed]) -> dict[str, list[Claimed]]:
    found: dict[str, list[Claimed]] = {}
    for one in claimed:
        found.setdefault(one.entry.channel, []).append(one)
    return found
