"""Claiming what goes: a row is ours to send, until its lease is over, where it stands as judged.

What was claimed is judged once more before its channel is called, where that judgement grew old
meanwhile: a batch that goes slowly takes minutes, in which somebody withdraws or the night begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit.contracts.channel import Message
from crmkit.contracts.tables import MESSAGE
from crmkit.model.outreach import CLAIMED, PLANNED, REFUSED
from crmkit.outreach.capacity import Capacity
from crmkit.outreach.gate import Verdict
from crmkit.outreach.ledger import Entry, by_numbers
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.preparing import Batch, Ready, counted, prepared
from crmkit.outreach.settling import decided, go_on
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import finished

_CHANGED = (
    *("state", "reason", "detail", "at", "sent", "next", "attempts", "lease"),
    *("system", "address"),
)
"""Columns that a claim changes, or a verdict."""


@attrs.frozen
class Claimed:
    """A message that is ours to send until its lease is over.

    Attributes:
        entry: Its row.
        message: What is sent.
        before: Its row as it stood when it was claimed.
    """

    entry: Entry
    message: Message
    before: Entry


def claim(
    setup: Setup, batch: Batch, lease: str, paused: Mapping[str, Verdict]
) -> tuple[list[Entry], list[Claimed]]:
    """Write down what was decided, and claim what goes.

    Caps and capacities are counted here, where nobody else counts at the same time.

    Returns:
        The rows that were refused or held; and the messages that are ours to send.
    """
    now = batch.gate.now
    judged: list[Entry] = []
    claimed: list[Claimed] = []
    with setup.session.store.write() as writer:
        gate = batch.gate.counting(writer)
        left = {one.entry.number for one in batch.ready} - gate.rows.keys()
        rows = {**gate.rows, **{one.number: one for one in by_numbers(writer, left)}}
        still = [one for one in batch.ready if rows.get(one.entry.number) == one.entry]
        lines = {one.attempt.line for one in still if one.attempt is not None}
        capacity = Capacity.read(writer, setup.session, lines, setup.zone)
        for one in still:
            verdict = one.verdict or paused.get(one.entry.channel)
            verdict = verdict or counted(one, gate, capacity)
            if verdict is not None:
                judged.append(decided(one.entry, verdict, now))
            elif one.message is not None:
                mine = _claimed(setup, one, lease, now)
                claimed.append(Claimed(mine, one.message, before=one.entry))
        writer.change(MESSAGE, [*judged, *(one.entry for one in claimed)], _CHANGED)
        refused = [one for one in judged if one.state == REFUSED]
        go_on(setup, writer, refused, read_mailings(writer, {one.mailing for one in refused}))
    return judged, claimed


def claim_anew(
    setup: Setup, claimed: Sequence[Claimed], lease: str
) -> tuple[list[Entry], list[Claimed]]:
    """Give back what was claimed and not handed over, judge it as of now, and claim what goes.

    Returns:
        As `claim`.
    """
    free = released(setup, claimed, lease)
    batch = finished(prepared(setup, 0, only=[one.number for one in free])) if free else None
    return ([], []) if batch is None else claim(setup, batch, lease, {})


def released(
    setup: Setup, claimed: Iterable[Claimed], lease: str, verdict: Verdict | None = None
) -> list[Entry]:
    """Give back what was claimed and never handed to the channel.

    Args:
        setup: What outreach works with.
        claimed: What is given back.
        lease: Under which it was claimed; what somebody else has by now is his.
        verdict: What it waits for; None: it is due.
    """
    now = setup.session.now()
    with setup.session.store.write() as writer:
        given = {one.entry.number: one for one in claimed}
        there = by_numbers(writer, given)
        mine = [one for one in there if one.lease == lease and one.state == CLAIMED]
        free = [
            _unclaimed(
                one._replace(state=PLANNED, at=now, next=now)
                if verdict is None
                else decided(one, verdict, now),
                given[one.number],
            )
            for one in mine
        ]
        writer.put(MESSAGE, list(free))
    return free


def _claimed(setup: Setup, one: Ready, lease: str, now: int) -> Entry:
    system = None if one.attempt is None else one.attempt.line.spec.identity
    return one.entry._replace(
        state=CLAIMED,
        reason=None,
        detail="",
        at=now,
        sent=now,
        next=now + setup.policy.lease,
        attempts=one.entry.attempts + 1,
        lease=lease,
        system=system,
        address=None if system is None or one.message is None else one.message.to,
    )


def _unclaimed(one: Entry, claimed: Claimed) -> Entry:
    """Give a row as a try leaves it that was none: an earlier one stays as it was.

    Where that went to another address, none is kept: whose that was may be erased meanwhile, and
    no erasure looked for it in the claim.
    """
    before = claimed.before
    if claimed.entry.identity != before.identity:
        one = one._replace(system=None, address=None)
    return one._replace(sent=before.sent, attempts=before.attempts)
