"""Handing claimed messages to their channel, at its pace, and settling what it says.

A channel that waits for its provider leaves the processor to whoever settles the part before and
prepares the next batch. The store is only used by the thread that dispatches, so that a host's own
transaction may stand behind it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from threading import Thread
from typing import Any

import attrs

from crmkit.contracts import channel as outcomes
from crmkit.contracts.channel import Receipt
from crmkit.contracts.tables import MESSAGE
from crmkit.masking import without_passwords
from crmkit.model.outreach import CLAIMED, UNKNOWN
from crmkit.outreach.answers import listed, one_each
from crmkit.outreach.claiming import Claimed, claim_anew, released
from crmkit.outreach.gate import PAUSE, Verdict
from crmkit.outreach.ledger import by_numbers
from crmkit.outreach.lines import Line
from crmkit.outreach.preparing import Batch, holds
from crmkit.outreach.settling import settling
from crmkit.outreach.setup import Setup
from crmkit.outreach.steps import Beside, Breath, Steps, finished, nothing

_LOG = logging.getLogger(__name__)
_FIRST = 20
"""Messages in the first call of a dispatch: a wrong password costs so many, not all."""
_NOTHING = frozenset({outcomes.MISCONFIGURED, outcomes.RETRY, outcomes.UNKNOWN})
"""Answers to a message that was not taken, or perhaps not, and not for the recipient's sake."""
_ENOUGH = 5
"""So many of them one after the other, and the channel is left alone."""
_PUT_OFF = frozenset({outcomes.ACCEPTED, outcomes.UNKNOWN})
"""Answers that change nothing for others, so that they may be settled while the next part goes: a
refusal frees a cap, and goes on by another channel."""


@attrs.frozen
class _Answered:
    """What a channel answered to a part, not settled yet."""

    line: Line
    lease: str
    receipts: Mapping[int, Receipt]


class Sending:
    """What one dispatch hands over.

    Attributes:
        states: The rows that came to each state.
        handed: Numbers of the rows that were handed to a channel, of this batch.
        paused: Why channels are left alone for a while, by name.
        breath: Called in the midst of what is done while a channel sends.
    """

    def __init__(self, setup: Setup) -> None:
        """Begin with nothing on its way."""
        self.states: Counter[str] = Counter()
        self.handed: set[int] = set()
        self.paused: dict[str, Verdict] = {}
        self.breath = Breath()
        self._setup = setup
        self._paces: dict[str, Pace] = {}
        self._answered: _Answered | None = None
        self._lost: Counter[str] = Counter()
        self._raised = False

    def send(
        self,
        line: Line,
        lease: str,
        batch: Batch,
        claimed: Sequence[Claimed],
        meanwhile: Callable[[], Steps[None]],
    ) -> None:
        """Hand messages to their channel, as many at a time as it takes, and settle what it says.

        A channel that takes none of a part is left alone for a while: what it was not handed waits.
        What changed since the batch was judged holds for what is not handed over yet.
        Where half of the lease is over it is taken anew, and what somebody else has by then is his.

        Args:
            line: The channel.
            lease: Under which they were claimed.
            batch: As which they were judged.
            claimed: The messages.
            meanwhile: What may be done while the last of them are with the channel.
        """
        pace = self._paces.setdefault(line.name, Pace(line.spec.limits.per_second))
        left = list(claimed)
        while left:
            size = pace.size(line.spec.limits.batch)
            if pace.holds():
                self.settle()
            pace.wait(min(size, len(left)))
            left = _kept(self._setup, lease, left)
            part, left = left[:size], left[size:]
            if part and not holds(self._setup, batch):
                judged, part = claim_anew(self._setup, part, lease)
                self.states.update(entry.state for entry in judged)
            if not part:
                continue
            receipts = self._handed(line, lease, part, nothing if left else meanwhile)
            broken = self._broken(line, receipts)
            if broken is not None:
                self.settle()
                free = released(self._setup, left, lease, broken)
                self.states.update(entry.state for entry in free)
                self.paused[line.name] = broken
                return

    def settle(self) -> bool:
        """Settle the part that was answered last; tell whether there was one."""
        is_any = self._answered is not None
        finished(self._settling())
        return is_any

    def _settling(self) -> Steps[None]:
        answered, self._answered = self._answered, None
        if answered is None:
            return
        done = yield from settling(
            self._setup, answered.line, answered.lease, answered.receipts, self.breath
        )
        self.states.update(entry.state for entry in done)

    def _handed(
        self,
        line: Line,
        lease: str,
        part: Sequence[Claimed],
        meanwhile: Callable[[], Steps[None]],
    ) -> Collection[Receipt]:
        """Hand one part over and give its receipts; settle the one before meanwhile."""
        messages = [one.message for one in part]
        numbers = {one.entry.id: one.entry.number for one in part}
        self.handed.update(numbers.values())
        given: list[Any] = []
        why = ["the channel gave no receipt for it"]

        def hand_over(work: Beside | None = None) -> None:
            self._raised = True
            try:
                channel = self._setup.lines.open(line.name)
                if work is None:
                    given.extend(listed(channel.send([*messages])))
                else:
                    given.extend(listed(channel.send_meanwhile([*messages], work)))
                self._raised = False
            # Whatever it raises, nobody knows what it sent; and a plugin ends no host.
            except (Exception, SystemExit) as error:
                if work is not None and isinstance(error, SystemExit):
                    raise  # in the host's own thread a signal may have asked for it
                _LOG.exception("channel %s raised while sending", line.name)
                why[:] = [f"the channel raised {type(error).__name__}{_words(error)}"]
                given.clear()

        def answered() -> Mapping[str, Receipt]:
            receipts = one_each(numbers, given, why[0])
            numbered = {number: receipts[id_] for id_, number in numbers.items()}
            self._answered = _Answered(line, lease, numbered)
            return receipts

        if not line.spec.thread_safe:  # whoever prepares asks it for links
            self.settle()
            hand_over()
            receipts = answered()
            self.settle()
            return receipts.values()
        before, ahead = self._settling(), meanwhile()
        work = Beside(before, ahead, breath=self.breath)
        thread = Thread(target=hand_over, daemon=True)
        try:
            if line.can("meanwhile"):
                hand_over(work)
            else:
                thread.start()
            work.finish()
        finally:  # also where somebody breaks it off
            ahead.close()
            finished(before)
            if thread.ident is not None:
                thread.join()
            receipts = answered()
        # Nobody else may take what was handed over for lost while its answer waits.
        late = _half_over(self._setup, part)
        if late or any(one.outcome not in _PUT_OFF for one in receipts.values()):
            self.settle()
        return receipts.values()

    def _broken(self, line: Line, receipts: Collection[Receipt]) -> Verdict | None:
        """Tell whether a channel takes nothing at all, for a reason that is not the recipients'."""
        if any(one.outcome not in _NOTHING or one.alone for one in receipts):
            self._lost[line.name] = 0
            return None
        self._lost[line.name] += len(receipts)
        settings = all(one.outcome == outcomes.MISCONFIGURED for one in receipts)
        if not settings and not self._raised and self._lost[line.name] < _ENOUGH:
            return None  # one mailbox that is asked too soon says nothing of the others
        (why, *_) = (one.reason for one in receipts)
        again = self._setup.session.now() + PAUSE
        return Verdict("channel", f"{line.name} takes nothing: {why}", again)


def _words(error: BaseException) -> str:
    """Give what an exception says, where it can be read at all."""
    try:
        return without_passwords(f": {error}")
    except Exception:  # noqa: BLE001 - a plugin's own class may do anything
        return ""


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

    def holds(self) -> bool:
        """Tell whether there is anything to wait for."""
        return self._rate is not None and self._free > time.monotonic()

    def wait(self, count: int) -> None:
        """Wait until so many may go."""
        if self._rate is None:
            return
        now = time.monotonic()
        time.sleep(max(0.0, self._free - now))
        self._free = max(now, self._free) + count / self._rate


def _kept(setup: Setup, lease: str, left: list[Claimed]) -> list[Claimed]:
    """Give what is still ours to send, under a lease that holds half its time at least."""
    if not _half_over(setup, left):
        return left
    now = setup.session.now()
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


def _half_over(setup: Setup, claimed: Iterable[Claimed]) -> bool:
    """Tell whether half of a lease is over."""
    latest = setup.session.now() + setup.policy.lease // 2
    return any(one.entry.next is not None and one.entry.next <= latest for one in claimed)
