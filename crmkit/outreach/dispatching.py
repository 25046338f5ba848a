"""Sending what is due: claimed under a lease, handed to the channel, and what it said written down.

A row is claimed before its channel is called, and only where it still stands as it was judged. So
of two dispatchers one sends it; and one that dies leaves it claimed until its lease is over, when
nobody knows whether it went.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import uuid4

import attrs

from crmkit.contracts.channel import MISCONFIGURED, RETRY, Message, Receipt
from crmkit.contracts.channel import UNKNOWN as NOBODY_KNOWS
from crmkit.contracts.tables import MESSAGE
from crmkit.errors import RefusedError
from crmkit.masking import without_passwords
from crmkit.model.outreach import ACCEPTED, CLAIMED, PLANNED, REFUSED, UNKNOWN
from crmkit.outreach.answers import one_each
from crmkit.outreach.capacity import Capacity
from crmkit.outreach.gate import PAUSE, Verdict
from crmkit.outreach.ledger import Entry, by_numbers, due
from crmkit.outreach.lines import Line
from crmkit.outreach.mailings import read_mailings
from crmkit.outreach.preparing import Batch, prepare
from crmkit.outreach.settling import go_on, settle
from crmkit.outreach.setup import Setup

_LOG = logging.getLogger(__name__)
_FIRST = 20
"""Messages in the first call of a dispatch: a wrong password costs so many, not all."""


@attrs.frozen
class Claimed:
    """A message that is ours to send until its lease is over."""

    entry: Entry
    message: Message


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
    states: Counter[str] = Counter()
    paused: dict[str, Verdict] = {}
    left = limit
    for entry in overdue(setup):
        states[entry.state] += 1
    while left is None or left > 0:
        size = setup.policy.batch if left is None else min(left, setup.policy.batch)
        batch = prepare(setup, size, only=only)
        if batch is None:
            break
        lease = uuid4().hex
        decided, claimed = claim(setup, batch, lease, paused)
        states.update(entry.state for entry in decided)
        for name, mine in _by_channel(claimed).items():
            settled, broken = send(setup, setup.lines.get(name), lease, mine)
            states.update(entry.state for entry in settled)
            if broken is not None:
                paused[name] = broken
        if left is not None:
            left -= len(batch.ready)
        if only is not None:
            break
    return states


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
        if not any(due(reader, (CLAIMED, ACCEPTED), now, 1)):
            return []
    with setup.session.store.write() as writer:
        lost = [
            one._replace(state=UNKNOWN, at=now, next=None, detail="its lease is over")
            for one in due(writer, (CLAIMED,), now, None)
        ]
        silent = [
            one._replace(next=None)
            for one in due(writer, (ACCEPTED, "sent", "delivered"), now, None)
        ]
        writer.put(MESSAGE, [*lost, *silent])
        go_on(setup, writer, silent, read_mailings(writer, {one.mailing for one in silent}))
    return lost


def claim(
    setup: Setup, batch: Batch, lease: str, paused: Mapping[str, Verdict]
) -> tuple[list[Entry], list[Claimed]]:
    """Write down what was decided, and claim what goes.

    Caps and capacities are counted here, where nobody else counts at the same time.

    Returns:
        The rows that were refused or held; and the messages that are ours to send.
    """
    now = batch.gate.now
    decided: list[Entry] = []
    claimed: list[Claimed] = []
    with setup.session.store.write() as writer:
        numbers = [one.entry.number for one in batch.ready]
        rows = {one.number: one for one in by_numbers(writer, numbers)}
        still = [one for one in batch.ready if rows.get(one.entry.number) == one.entry]
        gate = batch.gate.counting(writer)
        people = {one.attempt.line for one in still if one.attempt is not None}
        capacity = Capacity.read(writer, setup.session, people)
        for one in still:
            verdict = one.verdict or paused.get(one.entry.channel)
            if verdict is None and one.attempt is not None:
                verdict = gate.double(one.attempt, one.entry) or gate.cap(one.attempt)
                verdict = verdict or capacity.full(one.attempt)
            if verdict is not None:
                decided.append(_decided(one.entry, verdict, now))
            elif one.message is not None:
                if one.attempt is not None:
                    gate.sent(one.attempt, one.entry)
                    capacity.take(one.attempt)
                claimed.append(Claimed(_claimed(setup, one.entry, lease, now), one.message))
        writer.put(MESSAGE, [*decided, *(one.entry for one in claimed)])
        refused = [one for one in decided if one.state == REFUSED]
        go_on(setup, writer, refused, read_mailings(writer, {one.mailing for one in refused}))
    return decided, claimed


def send(
    setup: Setup, line: Line, lease: str, claimed: Sequence[Claimed]
) -> tuple[list[Entry], Verdict | None]:
    """Hand messages to their channel, as many at a time as it takes, and settle what it says.

    A channel that takes none of a batch is left alone for a while: what it was not handed waits.

    Returns:
        The rows as they are now; and why the channel is left alone, where it is.
    """
    settled: list[Entry] = []
    pace = Pace(line.spec.limits.per_second)
    start = 0
    while start < len(claimed):
        part = claimed[start : start + pace.size(line.spec.limits.batch)]
        pace.wait(len(part))
        receipts = _receipts(setup, line, [one.message for one in part])
        numbered = {one.entry.number: receipts[one.entry.id] for one in part}
        settled.extend(settle(setup, line, lease, numbered))
        start += len(part)
        broken = _broken(setup, line, receipts.values())
        if broken is not None:
            rest = [one.entry for one in claimed[start:]]
            return settled + _released(setup, rest, lease, broken), broken
    return settled, None


class Pace:
    """Keeps to a provider's rate: begins with few, so that a mistake costs few."""

    def __init__(self, per_second: float | None) -> None:
        """Know the rate; None: there is none."""
        self._rate = per_second
        self._first = True
        self._free = 0.0

    def size(self, most: int) -> int:
        """Tell how many may go in the next call."""
        size = min(most, _FIRST) if self._first else most
        self._first = False
        return size if self._rate is None else max(1, min(size, int(self._rate)))

    def wait(self, count: int) -> None:
        """Wait until so many may go."""
        if self._rate is None:
            return
        now = time.monotonic()
        time.sleep(max(0.0, self._free - now))
        self._free = max(now, self._free) + count / self._rate


def _broken(setup: Setup, line: Line, receipts: Collection[Receipt]) -> Verdict | None:
    """Tell whether a channel took nothing at all, for a reason that is not the recipients'."""
    if any(one.outcome not in (MISCONFIGURED, RETRY, NOBODY_KNOWS) for one in receipts):
        return None
    (why, *_) = (one.reason for one in receipts)
    again = setup.session.now() + PAUSE
    return Verdict("channel", f"{line.name} takes nothing: {why}", again)


def _released(setup: Setup, entries: Sequence[Entry], lease: str, broken: Verdict) -> list[Entry]:
    """Give back what was claimed and never handed to the channel."""
    with setup.session.store.write() as writer:
        there = by_numbers(writer, (one.number for one in entries))
        mine = [one for one in there if one.lease == lease and one.state == CLAIMED]
        free = [
            _decided(one, broken, setup.session.now())._replace(
                sent=None, attempts=one.attempts - 1
            )
            for one in mine
        ]
        writer.put(MESSAGE, list(free))
    return free


def _receipts(setup: Setup, line: Line, messages: Sequence[Message]) -> dict[str, Receipt]:
    """Give one receipt a message, whatever the channel does."""
    why = "the channel gave no receipt for it"
    given: Iterable[object] = ()
    try:
        given = list(setup.lines.open(line.name).send(messages))
    except Exception as error:  # noqa: BLE001 - whatever it raises, nobody knows what it sent
        _LOG.exception("channel %s raised while sending", line.name)
        why = without_passwords(f"the channel raised {type(error).__name__}: {error}")
    return one_each(messages, given, why)


def _by_channel(claimed: Iterable[Claimed]) -> dict[str, list[Claimed]]:
    found: dict[str, list[Claimed]] = {}
    for one in claimed:
        found.setdefault(one.entry.channel, []).append(one)
    return found


def _decided(entry: Entry, verdict: Verdict, now: int) -> Entry:
    """Give a row as a verdict leaves it; one that waits is looked at again when it expires."""
    if verdict.next is None:
        return entry._replace(
            state=REFUSED, reason=verdict.reason, detail=verdict.detail, at=now, next=None
        )
    ends = verdict.next if entry.expires is None else min(verdict.next, entry.expires)
    return entry._replace(
        state=PLANNED,
        reason=verdict.reason,
        detail=verdict.detail,
        at=now,
        next=max(ends, now + 1),
    )


def _claimed(setup: Setup, entry: Entry, lease: str, now: int) -> Entry:
    return entry._replace(
        state=CLAIMED,
        reason=None,
        detail="",
        at=now,
        sent=now,
        next=now + setup.policy.lease,
        attempts=entry.attempts + 1,
        lease=lease,
    )
