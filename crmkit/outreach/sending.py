"""Handing claimed messages to their channel, at its pace, and settling what it says."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import attrs

from crmkit.contracts.channel import MISCONFIGURED, RETRY, Message, Receipt
from crmkit.contracts.channel import UNKNOWN as NOBODY_KNOWS
from crmkit.contracts.tables import MESSAGE
from crmkit.masking import without_passwords
from crmkit.model.outreach import CLAIMED, UNKNOWN
from crmkit.outreach.answers import one_each
from crmkit.outreach.gate import PAUSE, Verdict
from crmkit.outreach.ledger import Entry, by_numbers
from crmkit.outreach.lines import Line
from crmkit.outreach.settling import decided, settle
from crmkit.outreach.setup import Setup

_LOG = logging.getLogger(__name__)
Handed = tuple[list[Any], str]
"""What a channel gave for messages, and why those without a receipt have none."""
Beside = Callable[[Callable[[], Handed]], list[Handed]]
"""Hands messages over; no answer where that was broken off."""
_NO_RECEIPT = "the channel gave no receipt for it"
_FIRST = 20
"""Messages in the first call of a dispatch: a wrong password costs so many, not all."""


@attrs.frozen
class Claimed:
    """A message that is ours to send until its lease is over."""

    entry: Entry
    message: Message


def send(  # noqa: PLR0913 - what is sent, and how fast
    setup: Setup,
    line: Line,
    lease: str,
    claimed: Sequence[Claimed],
    pace: Pace,
    beside: Beside,
) -> tuple[list[Entry], Verdict | None]:
    """Hand messages to their channel, as many at a time as it takes, and settle what it says.

    A channel that takes none of a batch is left alone for a while: what it was not handed waits.
    Where half of the lease is over it is taken anew, and what somebody else has by then is his.

    Args:
        setup: What outreach works with.
        line: The channel.
        lease: Under which they were claimed.
        claimed: The messages.
        pace: Of the channel, in this dispatch.
        beside: Hands over the last of them, and does something else meanwhile.

    Returns:
        The rows as they are now; and why the channel is left alone, where it is.
    """
    settled: list[Entry] = []
    left = list(claimed)
    while left:
        size = pace.size(line.spec.limits.batch)
        pace.wait(min(size, len(left)))
        left = _kept(setup, lease, left)
        part, left = left[:size], left[size:]
        if not part:
            break
        messages = [one.message for one in part]
        # A channel for one thread at a time is asked for links by whoever prepares.
        hand = beside if not left and line.spec.thread_safe else alone
        handed = hand(partial(_handed, setup, line, messages))
        given, why = next(iter(handed), ([], _NO_RECEIPT))
        receipts = one_each(messages, given, why)
        numbered = {one.entry.number: receipts[one.entry.id] for one in part}
        settled.extend(settle(setup, line, lease, numbered))
        broken = _broken(setup, line, receipts.values())
        if broken is not None:
            rest = [one.entry for one in left]
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


def _kept(setup: Setup, lease: str, left: list[Claimed]) -> list[Claimed]:
    """Give what is still ours to send, under a lease that holds half its time at least."""
    now, half = setup.session.now(), setup.policy.lease // 2
    if all(one.entry.next is None or one.entry.next - now > half for one in left):
        return left
    with setup.session.store.write() as writer:
        there = by_numbers(writer, (one.entry.number for one in left))
        # Unknown it is to those who saw the lease end; we know that it was never handed over.
        mine = [one for one in there if one.lease == lease and one.state in (CLAIMED, UNKNOWN)]
        kept = {
            one.number: one._replace(state=CLAIMED, detail="", next=now + setup.policy.lease)
            for one in mine
        }
        writer.put(MESSAGE, list(kept.values()))
    return [
        attrs.evolve(one, entry=kept[one.entry.number]) for one in left if one.entry.number in kept
    ]


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
            decided(one, broken, setup.session.now())._replace(sent=None, attempts=one.attempts - 1)
            for one in mine
        ]
        writer.put(MESSAGE, list(free))
    return free


def _handed(setup: Setup, line: Line, messages: Sequence[Message]) -> Handed:
    """Give what a channel gives for messages, and why the others have no receipt."""
    try:
        return list(setup.lines.open(line.name).send(messages)), _NO_RECEIPT
    except Exception as error:  # noqa: BLE001 - whatever it raises, nobody knows what it sent
        _LOG.exception("channel %s raised while sending", line.name)
        return [], without_passwords(f"the channel raised {type(error).__name__}: {error}")


def alone(work: Callable[[], Handed]) -> list[Handed]:
    """Do something, and nothing beside it."""
    return [work()]
